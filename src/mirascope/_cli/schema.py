"""A JSON schema as a response model.

A schema is converted to pydantic models, so that a response streams and is validated as with any
response model. The model gets what the schema has, descriptions and formats included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    create_model,
    model_serializer,
)

from mirascope._cli.terminal import UserError

_Schema = Mapping[str, Any]

_SHORT_TYPES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_TYPES: Final = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}
_CONSTRAINTS: Final = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minItems": "min_length",
    "maxItems": "max_length",
}


def response_model(text: str) -> Any:
    """Return the type that a schema describes: a model, or a list.

    Args:
        text: A JSON schema, the path of a file with one, or ``name, age int, bio: a short text``.

    Raises:
        UserError: It is none of those, or has what cannot be converted.
    """
    schema = _read(text)
    converter = _Converter(schema)
    kind = converter.resolved(schema).get("type", "object")
    if str(kind) not in {"object", "array"}:
        raise UserError(f"the schema must describe an object or an array, not {kind!r}")
    try:
        return converter.type_of({"type": kind, **schema}, "Response")
    except UserError:
        raise
    except Exception as error:  # pydantic raises many kinds
        raise UserError(f"the schema cannot be used: {error}") from error


def _read(text: str) -> _Schema:
    is_file = not text.lstrip().startswith("{") and _is_file(text)
    if not is_file and not text.lstrip().startswith("{"):
        if text.endswith(".json"):
            raise UserError(f"there is no file {text}")
        return _from_short(text)
    try:
        schema = json.loads(Path(text).read_bytes() if is_file else text)
    except OSError as error:
        raise UserError(f"the schema {text} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"the schema is not valid JSON: {error}") from error
    if not isinstance(schema, dict):
        raise UserError("the schema must be a JSON object")
    return cast("_Schema", schema)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path
        return False


def _from_short(text: str) -> _Schema:
    """Return the schema for fields, each a name, a type if it is no text, and a description.

    >>> _from_short("name, age int: in years")["properties"]
    {'name': {'type': 'string'}, 'age': {'type': 'integer', 'description': 'in years'}}
    """
    properties: dict[str, _Schema] = {}
    for field in re.split(r"\n" if "\n" in text.strip() else ",", text.strip()):
        words, _, description = map(str.strip, field.partition(":"))
        if not words:
            raise UserError(f"a field of the schema has no name: {field.strip()!r}")
        name, *types = words.split()
        kind = types[0] if types else "str"
        if len(types) > 1 or kind not in _SHORT_TYPES:
            known = ", ".join(_SHORT_TYPES)
            raise UserError(f"the field {words!r} of the schema must be a name and one of: {known}")
        described = {"description": description} if description else {}
        properties[name] = {"type": _SHORT_TYPES[kind], **described}
    return {"type": "object", "properties": properties, "required": [*properties]}


class _Value(BaseModel):
    """The base of the models: what the response does not have is not dumped."""

    model_config = ConfigDict(regex_engine="python-re")

    @model_serializer(mode="wrap")
    def _without_unset(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        for name, field in type(self).model_fields.items():
            if name not in self.model_fields_set:
                dumped.pop(field.alias or name, None)
                dumped.pop(name, None)
        return dumped


class _Converter:
    """Converts the parts of a schema to types.

    Args:
        root: The schema, to which references point.
    """

    def __init__(self, root: _Schema) -> None:
        self._root = root
        self._open: list[str] = []

    def resolved(self, schema: _Schema) -> _Schema:
        """Return the schema that a reference points to, or the schema itself."""
        while reference := schema.get("$ref"):
            found: _Schema | None = self._root
            for key in filter(None, str(reference).removeprefix("#").split("/")):
                name = key.replace("~1", "/").replace("~0", "~")
                found = _object_of((found or {}).get(name))
            if found is None:
                raise UserError(f"the schema refers to {reference!r}, which does not exist")
            if reference in self._open:
                raise UserError(f"the schema refers to {reference!r} recursively")
            schema = {**found, **{key: schema[key] for key in schema if key != "$ref"}}
        return schema

    def type_of(self, schema: Any, name: str) -> Any:
        """Return the type of a schema; a model in it gets a name."""
        if not isinstance(schema, dict) or not schema:
            return Any
        reference = cast("_Schema", schema).get("$ref")
        resolved = self.resolved(cast("_Schema", schema))
        self._open += [reference] if reference else []
        try:
            return self._type_of(resolved, name)
        finally:
            self._open = self._open[:-1] if reference else self._open

    def _type_of(self, schema: _Schema, name: str) -> Any:
        if len(parts := schema.get("allOf", ())) == 1:
            return self.type_of({**parts[0], **_without(schema, "allOf")}, name)
        if parts:
            raise UserError("allOf with more than one schema is not supported")
        for key in "anyOf", "oneOf":
            if choices := schema.get(key):
                return Union[tuple(self.type_of(choice, name) for choice in choices)]  # noqa: UP007  # of a tuple
        kind = schema.get("type") or ("object" if "properties" in schema else None)
        if isinstance(kind, list):
            kinds = cast("list[str]", kind)
            return Union[tuple(self.type_of({**schema, "type": one}, name) for one in kinds)]  # noqa: UP007  # as above
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values and all(isinstance(value, str | int | None) for value in values):
            return Annotated[Literal[tuple(values)], WithJsonSchema({**schema})]
        if kind == "object":
            return self._object(schema, name)
        if kind == "array":
            items: Any = list.__class_getitem__(self.type_of(schema.get("items"), f"{name}Item"))
            constraints = _constraints(schema)
            return Annotated[items, constraints] if constraints.metadata else items
        if kind not in _TYPES:
            return Annotated[Any, WithJsonSchema({**schema})]
        return Annotated[_TYPES[kind], _constraints(schema), WithJsonSchema({**schema})]

    def _object(self, schema: _Schema, name: str) -> Any:
        additional = schema.get("additionalProperties")
        properties = cast("_Schema", schema.get("properties") or {})
        if not properties and additional is not False:
            return dict.__class_getitem__((str, self.type_of(additional, f"{name}Value")))
        fields: dict[str, Any] = {}
        for number, (key, value) in enumerate(properties.items()):
            described = cast("_Schema", value if isinstance(value, dict) else {})
            kind = self.type_of(described, f"{name}{_name_of(key.title())}")
            # A default would be shown to the model, which may then write it.
            optional: dict[str, Any] = {"default_factory": _nothing}
            if key in schema.get("required", ()):
                optional = {}
            safe = _is_safe(key)
            field = Field(
                alias=None if safe else key, description=described.get("description"), **optional
            )
            fields[key if safe else f"field_{number}"] = (kind, field)
        config = ConfigDict(extra="allow" if additional else "forbid")
        more = {} if additional is None else {"model_config": config}
        base = type("_Value", (_Value,), more)
        return create_model(
            _name_of(str(schema.get("title") or "")) or name,
            __base__=base,
            __doc__=schema.get("description"),
            **fields,
        )


def _object_of(value: object) -> _Schema | None:
    return cast("_Schema", value) if isinstance(value, dict) else None


def _name_of(title: str) -> str:
    """Return the part of a title that can be in the name of a tool."""
    return re.sub(r"\W+", "_", title, flags=re.ASCII).strip("_")[:30]


def _is_safe(name: str) -> bool:
    """Return whether a property can be the name of a model's field."""
    return not (hasattr(_Value, name) or name.startswith(("_", "model_")))


def _nothing() -> None:
    """Return the value of a property that the response does not have, which is not printed."""


def _constraints(schema: _Schema) -> Any:
    return Field(**{ours: schema[key] for key, ours in _CONSTRAINTS.items() if key in schema})


def _without(schema: _Schema, key: str) -> _Schema:
    return {name: value for name, value in schema.items() if name != key}
