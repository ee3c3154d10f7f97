"""An SDK's typed objects, made of JSON, however little it is like what the SDK expects, and back.

The classes of strict SDKs refuse what lacks a field, has another type or a field that is new: half
an answer, a nameless piece of a tool call. What is refused is taken apart, and each part is built
as far as it goes, without the fields that its class does not have. What the SDK's own serializers
then refuse is taken apart again.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError
from typing_extensions import TypeVar

from mirascope.core._wire.events import JSON, Record

T = TypeVar("T", bound=BaseModel)


def build_model_from_json(kind: type[T], data: bytes) -> T:
    """Return an object of the SDK for JSON text; see `build_model`."""
    try:
        return kind.model_validate_json(data)
    except Exception:  # noqa: BLE001  # an SDK's validators raise whatever they like
        return build_model(kind, json.loads(data))


def build_model(kind: type[T], record: Record) -> T:
    """Return an object of the SDK; fields that it requires and that did not come are ``None``.

    Some SDKs warn of values that are new to them. Where warnings are errors, that must not be one.
    """
    try:
        return _typed(kind, record)
    except Warning:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _typed(kind, record)


def _typed(kind: type[T], record: Record) -> T:
    if (valid := _validated(kind, record)) is not None:
        return valid
    fields = {
        name: _part(set(_models_in(field.annotation)), record.get(name))
        for name, field in _named_in_json(kind)
        if name in record or field.is_required()
    }
    valid = _validated(kind, fields)
    return kind.model_construct(None, **fields) if valid is None else valid


def _validated(kind: type[T], record: Mapping[str, object]) -> T | None:
    try:
        return kind.model_validate(record)
    except Warning:
        raise
    except Exception:  # noqa: BLE001  # an SDK's validators raise whatever they like
        return None


def _named_in_json(kind: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in kind.model_fields.items():
        yield field.alias or name, field


def _part(kinds: set[type[BaseModel]], value: JSON) -> object:
    if isinstance(value, list):
        return [_part(kinds, element) for element in value]
    if isinstance(value, dict) and len(kinds) == 1:
        (kind,) = kinds
        return _typed(kind, value)
    return value


def _models_in(annotation: object, around: tuple[object, ...] = ()) -> Iterator[type[BaseModel]]:
    """Find the classes that a field's value, or the elements of it, may have."""
    if any(annotation is one for one in around):  # the name of a type that holds itself
        return
    named, around = getattr(annotation, "__value__", None), (*around, annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for inner in get_args(annotation) or ([] if named is None else [named]):
        yield from _models_in(inner, around)


def to_builtins(value: object, **options: Any) -> Any:
    """Return what the SDK's objects in a value say.

    Args:
        value: The value.
        options: Those of ``model_dump``.
    """
    if isinstance(value, BaseModel):
        try:
            return value.model_dump(warnings=False, **options)
        except (PydanticSerializationError, Warning):
            said = {**vars(value), **(value.model_extra or {})}
            return to_builtins({name: said[name] for name in value.model_fields_set & said.keys()})
    if isinstance(value, dict):
        fields = cast("dict[object, object]", value)
        return {name: to_builtins(field, **options) for name, field in fields.items()}
    if isinstance(value, list):
        return [to_builtins(element, **options) for element in cast("list[object]", value)]
    if isinstance(value, str):  # an SDK's own kind of text cannot be written with half an emoji
        return str.__str__(value)
    return value
