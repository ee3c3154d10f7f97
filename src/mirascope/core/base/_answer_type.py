"""The type that an answer is to have, and how an answer is made of JSON.

A type that is no pydantic model (``list[str]``, an enum, a number) is asked for as the one field of
a model. Fields that are marked with `FromCallArgs` are not asked for at all: they come from the
call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, cast

import pydantic_core
from pydantic import BaseModel, create_model
from pydantic.fields import FieldInfo
from typing_extensions import TypeVar

from mirascope.core._wire.events import Record
from mirascope.core._wire.json_extent import JSONExtent
from mirascope.core.base.from_call_args import FromCallArgs

T = TypeVar("T")

WRAPPED = "value"


@dataclass(frozen=True)
class AnswerFormat:
    """The form that a provider is asked to give an answer.

    Attributes:
        tool: The tool that the model has to call, so that its arguments are the answer; ``None``
            if the answer is to be JSON text.
        model: The model that the text has to fit; ``None`` if any JSON object will do.
        strict: Whether the provider is to hold the model to the schema, if it can.
        beside_tools: Whether the model may call tools instead.
    """

    tool: str | None = None
    model: type[BaseModel] | None = None
    strict: bool = False
    beside_tools: bool = False

    def in_words(self) -> str:
        """Return the instruction for a model whose provider takes no schema."""
        if self.model is None:
            return "Answer with a JSON object and nothing else."
        schema = pydantic_core.to_json(self.model.model_json_schema()).decode()
        return f"Answer with a JSON object that fits this JSON schema, and nothing else:\n{schema}"


class AnswerType(Generic[T]):
    """The type that an answer is to have.

    Args:
        kind: The type: a pydantic model, or whatever pydantic can be told to validate.

    Attributes:
        kind: The type.
        model: The pydantic model that is read: the type itself, or one around it.
        asked_for: The model that is asked for: the same without what comes from the call.
        wrapped: Whether the type is the one field of the model.
        strict: Whether the model's own configuration asks providers to hold to its schema.
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        model = _model(kind)
        self.wrapped = model is None
        self.model = model or _around(kind)
        fields = self.model.model_fields
        self._from_call = [name for name in fields if _is_from_call(fields[name])]
        self.asked_for = _without(self.model, self._from_call)
        self.strict = bool(self.model.model_config.get("strict"))

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again; a model around the type belongs to no module."""
        return AnswerType, (self.kind,)

    def from_call(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return the fields that come from the call.

        Raises:
            ValueError: The call has no argument of a field's name.
        """
        if missing := [name for name in self._from_call if name not in arguments]:
            raise ValueError(
                f"{self.model.__name__}.{missing[0]} is to come from the call's arguments, "
                f"but those are: {', '.join(arguments) or 'none'}"
            )
        return {name: arguments[name] for name in self._from_call}

    def validate(self, text: str, from_call: Mapping[str, object]) -> T:
        """Return the answer that a text with JSON stands for.

        Raises:
            pydantic.ValidationError: It does not fit, or there is none, or it is cut off.
        """
        text = JSONExtent().feed(text)
        try:
            told = cast("Record", pydantic_core.from_json(text)) if from_call else None
        except ValueError:  # which pydantic says in its own way
            told = None
        if told is None:
            return self.unwrap(self.model.model_validate_json(text))
        return self.unwrap(self.model.model_validate({**told, **from_call}))

    def unwrap(self, answer: BaseModel) -> T:
        """Return the answer of a model around it."""
        return cast("T", getattr(answer, WRAPPED) if self.wrapped else answer)


def _model(kind: Any) -> type[BaseModel] | None:
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return cast("type[BaseModel]", kind) if is_model else None


def _around(kind: Any) -> type[BaseModel]:
    name = getattr(kind, "__name__", "") or "Answer"
    fields: dict[str, Any] = {WRAPPED: (kind, ...)}
    return create_model(name, **fields)


def _without(model: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """Return a model of the same name that lacks some fields."""
    if not names:
        return model
    kept = {n: (f.annotation, f) for n, f in model.model_fields.items() if n not in names}
    fields = cast("dict[str, Any]", kept)
    return create_model(
        model.__name__, __config__=model.model_config, __doc__=model.__doc__, **fields
    )


def _is_from_call(field: FieldInfo) -> bool:
    return any(isinstance(mark, FromCallArgs) for mark in field.metadata)
