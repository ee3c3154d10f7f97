"""JSON schemas without generated titles, and as OpenAI's strict mode requires them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import PydanticOmit
from typing_extensions import override

_SCHEMA_MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_VALUE_KEYWORDS: Final = frozenset({"const", "default", "enum", "examples"})


class GenerateJsonSchemaNoTitles(GenerateJsonSchema):
    """A JSON schema generator without generated titles, which cost tokens and repeat a name.

    A title that the user sets (``Field(title=...)``, or ``title`` in a model's configuration) is
    kept.

    >>> from pydantic import Field
    >>> class Book(BaseModel):
    ...     title: str
    ...     isbn: str = Field(title="ISBN-13")
    >>> Book.model_json_schema(schema_generator=GenerateJsonSchemaNoTitles)["properties"]
    {'title': {'type': 'string'}, 'isbn': {'title': 'ISBN-13', 'type': 'string'}}
    """

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # the base class declares it so

    @override
    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Omit a field that has a default and a type that JSON lacks."""
        try:
            return super().default_schema(schema)
        except PydanticInvalidForJsonSchema:
            raise PydanticOmit from None

    @override
    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        self._class_names = set[str]()
        root = super().generate(schema, mode)
        definitions: dict[str, JsonSchemaValue] = root.get("$defs", {})
        for candidate in (root, *definitions.values()):
            if candidate.get("title") in self._class_names:
                del candidate["title"]
        if "$ref" in root:  # a recursive model; the schema of arguments must be an object itself
            definition = definitions[root["$ref"].rpartition("/")[2]]
            root = {**copy.deepcopy(definition), "$defs": definitions}
        return root

    @override
    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        if kind := schema.get("cls"):
            self._class_names.add(kind.__name__)
        return super().generate_inner(schema)

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _nodes(schema: object) -> Iterator[dict[str, object]]:
    """Yield the schemas in a schema, itself included, but nothing inside values."""
    if isinstance(schema, list):
        for element in cast("list[object]", schema):
            yield from _nodes(element)
    elif isinstance(schema, dict):
        node = cast("dict[str, object]", schema)
        yield node
        for keyword, value in list(node.items()):
            if keyword in _SCHEMA_MAPS:
                yield from _nodes(list(cast("dict[str, object]", value).values()))
            elif keyword not in _VALUE_KEYWORDS:
                yield from _nodes(value)


class GenerateOpenAIStrictToolJsonSchema(GenerateJsonSchemaNoTitles):
    """Generates the schemas that OpenAI's strict mode requires; see `strict_schema`."""

    @override
    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        root = super().generate(schema, mode)
        for node in _nodes(root):
            _make_strict(node)
        return root


def strict_schema(model: type[BaseModel]) -> dict[str, object]:
    """Return a model's JSON schema as OpenAI's strict mode requires it.

    Every object is closed and all its properties are required. A free-form ``dict``, which strict
    mode does not support, stays as it is: the API's error is clearer than a schema of no entries.

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
    if "$ref" in node and len(node) > 1:  # strict mode allows no keyword beside a reference
        node["anyOf"] = [{"$ref": node.pop("$ref")}]
    elif "properties" in node or node == {"type": "object"}:
        node.setdefault("properties", {})
        node["required"] = list(cast("dict[str, object]", node["properties"]))
        node["additionalProperties"] = False
