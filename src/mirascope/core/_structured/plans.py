"""How values of an annotation grow while their JSON is received, and how they are validated.

A `Plan` is worked out once per model, and only as far as it is needed. Three types of JSON values
grow: texts, arrays and objects. A plan has a `Growth` for each that may become a value of the
annotation; where several may, nothing is shown before the value is complete.
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
"""Stands for a value of which nothing can be shown."""


class _Ignored:
    """The annotation of what belongs to no field."""


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
"""The types of core schemas that give back a value that they have validated, and run nothing."""
_HOLDING: Final = frozenset({"dict", "list", "model", "tuple"})
"""The types of core schemas whose values hold others that are validated before."""
_NOT_VALIDATING: Final = frozenset(
    {"computed_fields", "config", "default", "function", "metadata", "serialization"}
)
"""The keys of core schemas below which nothing is about validation."""


class Plan:
    """How values of an annotation grow and are validated.

    Args:
        annotation: The annotation, without metadata.
        metadata: Its metadata.
        config: The configuration of the model that it stands in.
    """

    def __init__(
        self, annotation: Any, metadata: Sequence[Any] = (), config: ConfigDict | None = None
    ) -> None:
        self.annotation = annotation
        self._metadata = [*metadata]
        self._config = config
        self._takes_any_json = not metadata and annotation in (*_ANY, _Ignored)

    @cached_property
    def growths(self) -> list[Growth]:
        """A growth for each type of JSON that each member of the annotation is read from."""
        return [*_growths(self.annotation, self._config)]

    @cached_property
    def text(self) -> Growth | None:
        """How an open text is shown, if it is."""
        return next(iter(self._shown_from('"')), None)

    @cached_property
    def array(self) -> Growth | None:
        """How an open array is shown, if it is."""
        return next(iter(self._shown_from("[")), None)

    @cached_property
    def objects(self) -> list[Growth]:
        """How an open object is shown, if it is; several if it may become one of several models."""
        return self._shown_from("{")

    def _shown_from(self, opening: str) -> list[Growth]:
        found = [growth for growth in self.growths if growth.opening == opening]
        is_decided = len(found) == 1 and found[0].is_shown
        return found if is_decided or all(growth.model for growth in found) else []

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        whole = annotated(self.annotation, self._metadata)
        try:
            return TypeAdapter(whole, config=self._config)
        except PydanticUserError:  # the type has a configuration of its own
            return TypeAdapter(whole)

    @cached_property
    def is_idempotent(self) -> bool:
        """Whether to validate a validated value again changes nothing and runs no validator."""
        if self._takes_any_json:
            return True
        return _IDEMPOTENT.issuperset(_types_in(self._adapter.core_schema, in_model=False))

    @cached_property
    def _takes_parts(self) -> bool:
        types = _types_in(self._adapter.core_schema, in_model=True)
        return _IDEMPOTENT.issuperset({*types} - {"function-after"})

    def validate(self, received: JSON, parts: object = ABSENT) -> object:
        """Return a complete value, validated; else the error.

        Args:
            received: Its JSON, decoded.
            parts: The same, with what is validated already in the place of its JSON. It is taken
                where no validator sees the difference.
        """
        if self._takes_any_json:
            return received
        if parts is not ABSENT and self._takes_parts:
            try:
                return self._adapter.validator.validate_python(parts)
            except ValidationError:
                pass  # JSON may be valid where objects are not; else the error names the JSON
        try:
            return self._adapter.validator.validate_json(_encoded(received))
        except ValidationError as error:
            return error


IGNORED: Final = Plan(_Ignored)
"""The plan of what is neither shown nor validated by itself."""
ANYTHING: Final = Plan(Any)
"""The plan of what is shown as the JSON that it is."""


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
        """Return whether an object with that value may be one, going by its literal fields."""
        _, plan = self.fields.get(key, ("", IGNORED))
        is_literal = get_origin(plan.annotation) is Literal
        return not is_literal or not isinstance(plan.validate(value), ValidationError)

    def shows_extra(self, key: str) -> bool:
        """Return whether a key that is no field's is shown."""
        return self._keeps_extra and key not in self._missing

    def show(self, fields: dict[str, object]) -> BaseModel:
        """Return a partial value that has these fields."""
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


def _as_it_is(value: Any) -> object:
    return value


@dataclass(frozen=True)
class Growth:
    """How an open text, array or object of JSON is shown.

    Attributes:
        opening: The character that it opens with.
        show: Makes the partial value of the text, of the elements or of the fields so far.
        first: The plans of the first elements.
        rest: The plan of the elements after those, or of the values of a dict.
        keys: The plan of the keys of a dict.
        model: The model whose fields an object has.
        is_shown: Whether anything is shown before the value is complete.
    """

    opening: str
    show: Callable[[Any], object] = _as_it_is
    first: tuple[Plan, ...] = ()
    rest: Plan = ANYTHING
    keys: Plan = ANYTHING
    model: Model | None = None
    is_shown: bool = True


@lru_cache(CACHED_MODELS)
def model_of(kind: type[BaseModel]) -> Model:
    """Return the fields of a model, which are worked out once."""
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


def _growths(annotation: Any, config: ConfigDict | None) -> Iterator[Growth]:
    if annotation is str:
        yield Growth('"')
    elif annotation in _ANY:
        yield from map(Growth, '"[{')
    elif get_origin(annotation) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from plan_of(member, (), config).growths
    elif _is_subclass(annotation, RootModel):
        yield from _growths_of_root(model_of(annotation))
    elif _is_subclass(annotation, BaseModel):
        yield Growth("{", model_of(annotation).show, model=model_of(annotation))
    elif growth := _container_growth(annotation, config):
        yield growth
    elif annotation not in _NOT_FROM_TEXT:
        is_text = get_origin(annotation) is Literal or _is_subclass(annotation, _FROM_TEXT)
        for opening in '"' if is_text else '"[{':
            yield Growth(opening, is_shown=False)


def _container_growth(annotation: Any, config: ConfigDict | None) -> Growth | None:
    origin, args = get_origin(annotation) or annotation, get_args(annotation)
    if origin not in (*_LISTS, *_DICTS, tuple):
        return None
    plans = [plan_of(arg, (), config) for arg in args if arg is not ...]
    if origin in _DICTS:
        keys, values = plans or (ANYTHING, ANYTHING)
        return Growth("{", keys=keys, rest=values)
    if origin is tuple and args[1:] not in ((), (...,)):
        return Growth("[", tuple, first=(*plans,), rest=IGNORED)
    show = tuple if origin is tuple else _as_it_is
    return Growth("[", show, rest=plans[0] if plans else ANYTHING)


def _growths_of_root(model: Model) -> Iterator[Growth]:
    root = model.kind.model_fields["root"]
    for growth in plan_of(root.annotation, root.metadata, model.kind.model_config).growths:

        def show(value: Any, inner: Callable[[Any], object] = growth.show) -> object:
            return model.show({"root": inner(value)})

        yield replace(growth, show=show)


def _is_subclass(annotation: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, kind)


def _keys(name: str, info: FieldInfo, config: ConfigDict) -> list[str]:
    """Return the keys that a field has in JSON."""
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    keys = [choice for choice in choices if isinstance(choice, str)]
    if alias is None or config.get("populate_by_name") or config.get("validate_by_name"):
        keys.append(name)
    return keys if config.get("validate_by_alias", True) else [name]


def _types_in(schema: object, *, in_model: bool) -> Iterator[str]:
    """Yield the types in a core schema, in the models that it holds only if that is wanted.

    Args:
        schema: The core schema, or a part of it.
        in_model: Whether to go on in a model that the value itself is.
    """
    if isinstance(schema, (list, tuple)):
        for inner in cast("Sequence[object]", schema):
            yield from _types_in(inner, in_model=in_model)
    if not isinstance(schema, Mapping):
        return
    schema = cast("Mapping[str, Any]", schema)
    kind = schema.get("type")
    if not isinstance(kind, str):  # the fields of a model, by their names
        yield from _types_in([*schema.values()], in_model=in_model)
        return
    always = schema.get("config", {}).get("revalidate_instances") == "always"
    yield "model that is validated again" if always else kind
    if kind == "model" and not in_model:
        return
    in_model = in_model and (kind not in _HOLDING or bool(schema.get("root_model")))
    for key, inner in schema.items():
        if key not in _NOT_VALIDATING:
            yield from _types_in(inner, in_model=in_model)


def _encoded(received: JSON) -> bytes:
    try:
        return to_json(received)
    except PydanticSerializationError:  # half of a surrogate pair; pydantic names it as an error
        return json.dumps(received).encode()
