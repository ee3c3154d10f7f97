"""JSON schemas as models read them best, and as OpenAI's strict mode wants them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import PydanticOmit
from typing_extensions import override

_OF_SCHEMAS: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_OF_VALUES: Final = frozenset({"const", "default", "enum", "examples"})


class GenerateJsonSchemaNoTitles(GenerateJsonSchema):
    """Generates schemas without generated titles, which cost tokens and repeat a name.

    A title that the user wrote (``Field(title=...)``, or ``title`` in a model's configuration) is
    kept.

    >>> from pydantic import Field
    >>> class Book(BaseModel):
    ...     title: str
    ...     isbn: str = Field(title="ISBN-13")
    >>> Book.model_json_schema(schema_generator=GenerateJsonSchemaNoTitles)["properties"]
    {'title': {'type': 'string'}, 'isbn': {'title': 'ISBN-13', 'type': 'string'}}
    """

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # as the base class has it

    @override
    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Leave out a field that has a default and a type that JSON has not."""
        try:
            return super().default_schema(schema)
        except PydanticInvalidForJsonSchema:
            raise PydanticOmit from None

    @override
    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        self._class_names = set[str]()
        made = super().generate(schema, mode)
        definitions: dict[str, JsonSchemaValue] = made.get("$defs", {})
        for of_a_class in (made, *definitions.values()):
            if of_a_class.get("title") in self._class_names:
                del of_a_class["title"]
        if "$ref" in made:  # a model that holds itself; as arguments it must be an object outright
            made = {
                **copy.deepcopy(definitions[made["$ref"].rpartition("/")[2]]),
                "$defs": definitions,
            }
        return made

    @override
    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        if kind := schema.get("cls"):
            self._class_names.add(kind.__name__)
        return super().generate_inner(schema)

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _nodes(schema: object) -> Iterator[dict[str, object]]:
    """Find the schemas in a schema, itself included; what looks like one in a value is none."""
    if isinstance(schema, list):
        for element in cast("list[object]", schema):
            yield from _nodes(element)
    elif isinstance(schema, dict):
        node = cast("dict[str, object]", schema)
        yield node
        for keyword, value in list(node.items()):
            if keyword in _OF_SCHEMAS:
                yield from _nodes(list(cast("dict[str, object]", value).values()))
            elif keyword not in _OF_VALUES:
                yield from _nodes(value)


class GenerateOpenAIStrictToolJsonSchema(GenerateJsonSchemaNoTitles):
    """Generates schemas as OpenAI's strict mode requires them; see `strict_schema`."""

    @override
    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        made = super().generate(schema, mode)
        for node in _nodes(made):
            _make_strict(node)
        return made


def strict_schema(model: type[BaseModel]) -> dict[str, object]:
    """Return a model's JSON schema as OpenAI's strict mode requires it.

    Every object is closed and all its properties are required. A free-form ``dict``, which strict
    mode has not, stays as it is: the API says so better than a schema that allows no entry.

    >>> class Book(BaseModel):
    ...     title: str = "Emma"
    >>> strict_schema(Book)["required"]
    ['title']
    """
    return model.model_json_schema(schema_generator=GenerateOpenAIStrictToolJsonSchema)


def _make_strict(node: dict[str, object]) -> None:
    node.pop("default", None)
    node.pop("discriminator", None)
    if "oneOf" in node:
        node["anyOf"] = node.pop("oneOf")
    if "$ref" in node and len(node) > 1:  # strict mode wants a reference to stand alone
        node["anyOf"] = [{"$ref": node.pop("$ref")}]
    elif "properties" in node or node == {"type": "object"}:
        node.setdefault("properties", {})
        node["required"] = list(cast("dict[str, object]", node["properties"]))
        node["additionalProperties"] = False
