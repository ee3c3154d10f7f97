"""The whole response of a Groq model.

What goes back is what the SDK's request type has (``ChatCompletionAssistantMessageParam`` and the
types in it): Groq's API refuses any other field ("property ... is unsupported"). That includes the
reasoning: models that give some go on from it, and those that give none refuse the field even when
it is empty.
"""

from __future__ import annotations

from typing import cast

from groq.types import CompletionUsage
from groq.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionMessageToolCallParam,
)
from groq.types.chat.chat_completion_assistant_message_param import FunctionCall
from groq.types.chat.chat_completion_message_tool_call_param import Function
from typing_extensions import override

from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core._dialects.content_parts import texts_of
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, objects
from mirascope.core.groq.call_response_chunk import FinishReason
from mirascope.core.groq.tool import GroqTool


class GroqCallResponse(
    ChatCompletionsResponse[
        ChatCompletion, GroqTool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The whole answer of a Groq model; ``response`` is the SDK's ``ChatCompletion``."""

    _raw_type = ChatCompletion

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The answer as a message that can be sent back in the next call."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)

    @classmethod
    @override
    def _sent_back(cls, message: Record) -> Record:
        told = _only(ChatCompletionAssistantMessageParam, message)
        if isinstance(content := told.get("content"), list):
            told["content"] = texts_of(content)[0]
        if function := fields(told.get("function_call")):
            told["function_call"] = _only(FunctionCall, function)
        if calls := objects(told.get("tool_calls")):
            told["tool_calls"] = [_call(call) for call in calls]
        return told


def _call(call: Record) -> JSON:
    told = _only(ChatCompletionMessageToolCallParam, call)
    return {**told, "function": _only(Function, fields(call.get("function")))}


def _only(kind: type[object], record: Record) -> dict[str, JSON]:
    """Return the fields that one of the SDK's request types has."""
    return {name: value for name, value in record.items() if name in kind.__annotations__}
