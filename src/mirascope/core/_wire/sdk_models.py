"""Converts JSON to an SDK's pydantic models and back, leniently.

The models of strict SDKs reject JSON that lacks a field, or has a field of another type or an
unknown one: a partial response, a delta of a tool call without a name. Rejected JSON is built field
by field, each as far as possible, without the fields that its model does not have. Models that the
SDK's own serializer then rejects are converted field by field too.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from typing_extensions import TypeVar

from mirascope.core._wire.events import JSON, Record

T = TypeVar("T", bound=BaseModel)


def build_model_from_json(kind: type[T], data: bytes) -> T:
    """Return an SDK's model for JSON text; see `build_model`."""
    try:
        return kind.model_validate_json(data)
    except Exception:  # noqa: BLE001  # an SDK's validators may raise anything
        return build_model(kind, json.loads(data))


def build_model(kind: type[T], record: Record) -> T:
    """Return an SDK's model for a JSON object; required fields that are missing are ``None``.

    Some SDKs warn of values that they do not know. Where warnings are errors, they are ignored.
    """
    try:
        return _build(kind, record)
    except Warning:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _build(kind, record)


def _build(kind: type[T], record: Record) -> T:
    if (valid := _validate(kind, record)) is not None:
        return valid
    by_json_name = ((field.alias or name, field) for name, field in kind.model_fields.items())
    fields = {
        name: _build_value(set(_models_in(field.annotation)), record.get(name))
        for name, field in by_json_name
        if name in record or field.is_required()
    }
    valid = _validate(kind, fields)
    return kind.model_construct(None, **fields) if valid is None else valid


def _validate(kind: type[T], record: Mapping[str, object]) -> T | None:
    try:
        return kind.model_validate(record)
    except Warning:
        raise
    except Exception:  # noqa: BLE001  # an SDK's validators may raise anything
        return None


def _build_value(kinds: set[type[BaseModel]], value: JSON) -> object:
    if isinstance(value, list):
        return [_build_value(kinds, element) for element in value]
    if isinstance(value, dict) and len(kinds) == 1:
        (kind,) = kinds
        return _build(kind, value)
    return value


def _models_in(annotation: object, around: tuple[object, ...] = ()) -> Iterator[type[BaseModel]]:
    """Yield the models that a field's value, or its elements, may be of."""
    if any(annotation is one for one in around):  # a recursive type alias
        return
    named, around = getattr(annotation, "__value__", None), (*around, annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for inner in get_args(annotation) or ([] if named is None else [named]):
        yield from _models_in(inner, around)


def to_builtins(value: object, **options: Any) -> Any:
    """Return a value with the pydantic models in it as dicts.

    Args:
        value: The value.
        options: Options of ``model_dump``.
    """
    if isinstance(value, BaseModel):
        try:
            return value.model_dump(warnings=False, **options)
        except (PydanticSerializationError, Warning):
            fields = {**vars(value), **(value.model_extra or {})}
            given = value.model_fields_set & fields.keys()
            return to_builtins({name: fields[name] for name in given})
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {name: to_builtins(item, **options) for name, item in items}
    if isinstance(value, list):
        return [to_builtins(element, **options) for element in cast("list[object]", value)]
    if isinstance(value, str):  # an SDK's subclass of str cannot be encoded with a lone surrogate
        return str.__str__(value)
    return value
