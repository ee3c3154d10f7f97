"""Plans: annotations compiled for partial values and for validation.

A `Plan` is compiled once per model, and lazily. Strings, arrays and objects can be incomplete. A
plan has a `PartialSchema` for each of these JSON types that the annotation accepts; if it accepts
several of one type, there is no partial value before the value is complete.
"""

from __future__ import annotations

import collections.abc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin
from uuid import UUID

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    JsonValue,
    RootModel,
    TypeAdapter,
    ValidationError,
)
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_json

from mirascope.core._structured.partial_types import CACHED_MODELS, annotated, partial_type
from mirascope.core._wire.events import JSON

ABSENT: Final = object()
"""Marks the absence of a partial value."""


class _Ignored:
    """The annotation of a value that belongs to no field."""


_ANY: Final = (Any, object, JsonValue)
_NOT_FROM_TEXT: Final = (int, float, bool, NoneType, _Ignored)
_FROM_TEXT: Final = (str, Enum, bytes, date, time, timedelta, Decimal, UUID, PurePath)
_LISTS: Final = (list, collections.abc.Sequence, collections.abc.MutableSequence)
_DICTS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_IDEMPOTENT: Final = frozenset(
    {
        *("any", "none", "bool", "int", "float", "decimal", "str", "bytes", "uuid", "enum"),
        *("literal", "date", "datetime", "time", "timedelta", "nullable", "union", "tagged-union"),
        *("list", "tuple", "set", "frozenset", "dict", "typed-dict", "typed-dict-field"),
        *("model", "model-fields", "model-field", "default", "definitions", "definition-ref"),
        *("is-instance", "chain", "lax-or-strict", "json-or-python"),
    }
)
"""The types of core schemas that return a validated value unchanged, and run no user code."""
_CONTAINERS: Final = frozenset({"dict", "list", "model", "tuple"})
"""The types of core schemas whose values contain values that are validated before."""
_NOT_VALIDATING: Final = frozenset(
    {"computed_fields", "config", "default", "function", "metadata", "serialization"}
)
"""The keys of core schemas whose values do not affect validation."""


class Plan:
    """An annotation, compiled for partial values and for validation.

    Args:
        annotation: The annotation, without metadata.
        metadata: Its metadata.
        config: The configuration of the model that contains it.
    """

    def __init__(
        self, annotation: Any, metadata: Sequence[Any] = (), config: ConfigDict | None = None
    ) -> None:
        self.annotation = annotation
        self._metadata = [*metadata]
        self._config = config
        self._accepts_any_json = not metadata and annotation in (*_ANY, _Ignored)

    @cached_property
    def schemas(self) -> list[PartialSchema]:
        """A schema for each JSON type that each member of the annotation accepts."""
        return [*_schemas(self.annotation, self._config)]

    @cached_property
    def text(self) -> PartialSchema | None:
        """The schema of an open string, if it has partial values."""
        return next(iter(self._incremental_from('"')), None)

    @cached_property
    def array(self) -> PartialSchema | None:
        """The schema of an open array, if it has partial values."""
        return next(iter(self._incremental_from("[")), None)

    @cached_property
    def objects(self) -> list[PartialSchema]:
        """The schema of an open object, if it has partial values; several for several models."""
        return self._incremental_from("{")

    def _incremental_from(self, opening: str) -> list[PartialSchema]:
        found = [schema for schema in self.schemas if schema.opening == opening]
        is_decided = len(found) == 1 and found[0].is_incremental
        return found if is_decided or all(schema.model for schema in found) else []

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        annotation = annotated(self.annotation, self._metadata)
        try:
            return TypeAdapter(annotation, config=self._config)
        except PydanticUserError:  # the type has its own configuration
            return TypeAdapter(annotation)

    @cached_property
    def is_idempotent(self) -> bool:
        """Whether validating a validated value again has no effect and runs no validator."""
        if self._accepts_any_json:
            return True
        return _IDEMPOTENT.issuperset(_types_in(self._adapter.core_schema, in_model=False))

    @cached_property
    def _accepts_parts(self) -> bool:
        types = _types_in(self._adapter.core_schema, in_model=True)
        return _IDEMPOTENT.issuperset({*types} - {"function-after"})

    def validate(self, received: JSON, parts: object = ABSENT) -> object:
        """Validate a complete value; return it, or the error.

        Args:
            received: Its JSON, decoded.
            parts: The same, with validated values in place of their JSON. It is used where no
                validator can detect the difference.
        """
        if self._accepts_any_json:
            return received
        if parts is not ABSENT and self._accepts_parts:
            try:
                return self._adapter.validator.validate_python(parts)
            except ValidationError:
                pass  # JSON may be valid where objects are not; else its errors show the JSON
        try:
            return self._adapter.validator.validate_json(_encoded(received))
        except ValidationError as error:
            return error


IGNORED: Final = Plan(_Ignored)
"""The plan of a value without partial values and without validation."""
ANYTHING: Final = Plan(Any)
"""The plan of a value that is decoded JSON."""


class Model:
    """The fields of a model.

    Args:
        kind: The model.
    """

    def __init__(self, kind: type[BaseModel]) -> None:
        if not kind.__pydantic_complete__:
            kind.model_rebuild()
        self.kind = kind
        self.plan = Plan(kind)
        self._has_private = bool(kind.__private_attributes__)
        self._keeps_extra = kind.model_config.get("extra") == "allow"
        self._missing = cast("dict[str, object]", dict.fromkeys(kind.model_fields))

    @cached_property
    def _partial(self) -> type[BaseModel]:
        return partial_type(self.kind)

    @cached_property
    def fields(self) -> dict[str, tuple[str, Plan]]:
        """The name and the plan of each field, by its keys in JSON."""
        config = self.kind.model_config
        return {
            key: (name, plan_of(info.annotation, info.metadata, config))
            for name, info in self.kind.model_fields.items()
            for key in _keys(name, info, config)
        }

    def admits(self, key: str, value: JSON) -> bool:
        """Return whether an object with a value may be of this model, by its literal fields."""
        _, plan = self.fields.get(key, ("", IGNORED))
        is_literal = get_origin(plan.annotation) is Literal
        return not is_literal or not isinstance(plan.validate(value), ValidationError)

    def keeps_key(self, key: str) -> bool:
        """Return whether a key that is no field is kept as extra data."""
        return self._keeps_extra and key not in self._missing

    def build(self, fields: dict[str, object]) -> BaseModel:
        """Return a partial value with the received fields."""
        names, extra = {*fields}, None
        if self._keeps_extra:
            extra = {name: fields.pop(name) for name in [*fields] if name not in self._missing}
        value = self._partial.__new__(self._partial)
        object.__setattr__(value, "__dict__", self._missing | fields)
        object.__setattr__(value, "__pydantic_fields_set__", names)
        object.__setattr__(value, "__pydantic_extra__", extra)
        object.__setattr__(value, "__pydantic_private__", None)
        if self._has_private:
            value.model_post_init(None)
        return value


def _identity(value: Any) -> object:
    return value


@dataclass(frozen=True)
class PartialSchema:
    """How the partial value of an open string, array or object is built.

    Attributes:
        opening: The opening character.
        build: Returns the partial value for the received text, elements or fields.
        prefix_items: The plans of the first elements, as of a ``tuple[int, str]``.
        items: The plan of the elements after those, or of the values of a ``dict``.
        keys: The plan of the keys of a ``dict``.
        model: The model of an object.
        is_incremental: Whether there are partial values before the value is complete.
    """

    opening: str
    build: Callable[[Any], object] = _identity
    prefix_items: tuple[Plan, ...] = ()
    items: Plan = ANYTHING
    keys: Plan = ANYTHING
    model: Model | None = None
    is_incremental: bool = True


@lru_cache(CACHED_MODELS)
def model_of(kind: type[BaseModel]) -> Model:
    """Return the compiled fields of a model, from a cache."""
    return Model(kind)


def plan_of(
    annotation: Any, metadata: Sequence[Any] = (), config: ConfigDict | None = None
) -> Plan:
    """Return the plan of an annotation and its metadata."""
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        return plan_of(annotation, [*inner, *metadata], config)
    if _is_subclass(annotation, BaseModel) and not metadata:
        return model_of(annotation).plan
    return Plan(annotation, metadata, config)


def _schemas(annotation: Any, config: ConfigDict | None) -> Iterator[PartialSchema]:
    if annotation is str:
        yield PartialSchema('"')
    elif annotation in _ANY:
        yield from map(PartialSchema, '"[{')
    elif get_origin(annotation) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from plan_of(member, (), config).schemas
    elif _is_subclass(annotation, RootModel):
        yield from _root_schemas(model_of(annotation))
    elif _is_subclass(annotation, BaseModel):
        yield PartialSchema("{", model_of(annotation).build, model=model_of(annotation))
    elif schema := _container_schema(annotation, config):
        yield schema
    elif annotation not in _NOT_FROM_TEXT:
        is_text = get_origin(annotation) is Literal or _is_subclass(annotation, _FROM_TEXT)
        for opening in '"' if is_text else '"[{':
            yield PartialSchema(opening, is_incremental=False)


def _container_schema(annotation: Any, config: ConfigDict | None) -> PartialSchema | None:
    origin, args = get_origin(annotation) or annotation, get_args(annotation)
    if origin not in (*_LISTS, *_DICTS, tuple):
        return None
    plans = [plan_of(arg, (), config) for arg in args if arg is not ...]
    if origin in _DICTS:
        keys, values = plans or (ANYTHING, ANYTHING)
        return PartialSchema("{", keys=keys, items=values)
    if origin is tuple and args[1:] not in ((), (...,)):
        return PartialSchema("[", tuple, prefix_items=(*plans,), items=IGNORED)
    build = tuple if origin is tuple else _identity
    return PartialSchema("[", build, items=plans[0] if plans else ANYTHING)


def _root_schemas(model: Model) -> Iterator[PartialSchema]:
    root = model.kind.model_fields["root"]
    for schema in plan_of(root.annotation, root.metadata, model.kind.model_config).schemas:

        def build(value: Any, inner: Callable[[Any], object] = schema.build) -> object:
            return model.build({"root": inner(value)})

        yield replace(schema, build=build)


def _is_subclass(annotation: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, kind)


def _keys(name: str, info: FieldInfo, config: ConfigDict) -> list[str]:
    """Return the keys of a field in JSON."""
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    keys = [choice for choice in choices if isinstance(choice, str)]
    if alias is None or config.get("populate_by_name") or config.get("validate_by_name"):
        keys.append(name)
    return keys if config.get("validate_by_alias", True) else [name]


def _types_in(schema: object, *, in_model: bool) -> Iterator[str]:
    """Yield the types in a core schema, without those of models that are validated before.

    Args:
        schema: The core schema, or a part of it.
        in_model: Whether to descend into a model that is the value itself.
    """
    if isinstance(schema, (list, tuple)):
        for inner in cast("Sequence[object]", schema):
            yield from _types_in(inner, in_model=in_model)
    if not isinstance(schema, Mapping):
        return
    schema = cast("Mapping[str, Any]", schema)
    kind = schema.get("type")
    if not isinstance(kind, str):  # the fields of a model, by name
        yield from _types_in([*schema.values()], in_model=in_model)
        return
    revalidates = schema.get("config", {}).get("revalidate_instances") == "always"
    yield "model that is validated again" if revalidates else kind
    if kind == "model" and not in_model:
        return
    in_model = in_model and (kind not in _CONTAINERS or bool(schema.get("root_model")))
    for key, inner in schema.items():
        if key not in _NOT_VALIDATING:
            yield from _types_in(inner, in_model=in_model)


def _encoded(received: JSON) -> bytes:
    try:
        return to_json(received)
    except PydanticSerializationError:  # a lone surrogate, which pydantic's validation reports
        return json.dumps(received).encode()
