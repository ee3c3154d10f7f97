"""The SDK's typed objects, made of JSON, however little it is like what the SDK expects.

The SDK's classes refuse what lacks a field or has another type: half an answer, a nameless piece of
a tool call. What is refused is taken apart, and each part is built as far as it goes.
"""

from __future__ import annotations

from typing import Final, cast

from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionChoice,
    ChatCompletionResponse,
    CompletionChunk,
    CompletionResponseStreamChoice,
    DeltaMessage,
    FunctionCall,
    ToolCall,
    UsageInfo,
)
from pydantic import BaseModel, ValidationError
from typing_extensions import TypeVar

from mirascope.core._wire.events import JSON, Record

T = TypeVar("T", bound=BaseModel)

_PARTS: Final[dict[type[BaseModel], dict[str, type[BaseModel]]]] = {
    AssistantMessage: {"tool_calls": ToolCall},
    ChatCompletionChoice: {"message": AssistantMessage},
    ChatCompletionResponse: {"choices": ChatCompletionChoice, "usage": UsageInfo},
    CompletionChunk: {"choices": CompletionResponseStreamChoice, "usage": UsageInfo},
    CompletionResponseStreamChoice: {"delta": DeltaMessage},
    DeltaMessage: {"tool_calls": ToolCall},
    ToolCall: {"function": FunctionCall},
}


def typed(kind: type[T], record: Record) -> T:
    """Return an object of the SDK; fields that it requires and that did not come are ``None``."""
    try:
        return kind.model_validate(record)
    except ValidationError:
        parts = _PARTS.get(kind, {})
        fields = {
            name: _part(parts.get(name), record.get(name))
            for name, field in kind.model_fields.items()
            if name in record or field.is_required()
        }
        return kind.model_construct(None, **fields)


def _part(kind: type[BaseModel] | None, value: JSON) -> object:
    if kind is None:
        return value
    if isinstance(value, list):
        return [_part(kind, element) for element in value]
    return typed(kind, cast("Record", value)) if isinstance(value, dict) else value
