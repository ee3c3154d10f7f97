"""The response of a Groq model.

The fields of the SDK's request type (``ChatCompletionAssistantMessageParam`` and the types in it)
are sent back: Groq's API rejects any other field ("property ... is unsupported"). They include the
reasoning, from which reasoning models continue; other models reject the field even if it is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from groq.types import CompletionUsage
from groq.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionMessageToolCallParam,
    ChatCompletionToolMessageParam,
)
from groq.types.chat.chat_completion_assistant_message_param import FunctionCall
from groq.types.chat.chat_completion_message_tool_call_param import Function
from typing_extensions import override

from mirascope.core._dialects.chat_completions.content_parts import texts_of
from mirascope.core._dialects.chat_completions.response import ChatCompletionsResponse
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, objects
from mirascope.core.groq.call_response_chunk import FinishReason
from mirascope.core.groq.tool import GroqTool


class GroqCallResponse(
    ChatCompletionsResponse[
        ChatCompletion, GroqTool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The response of a Groq model; ``response`` is the SDK's ``ChatCompletion``."""

    _raw_type = ChatCompletion

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The response as a message that you can send in the next call."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)

    @override
    def _accepted_fields(self, message: Record) -> Record:
        accepted = _fields_of(ChatCompletionAssistantMessageParam, message)
        if isinstance(content := accepted.get("content"), list):
            accepted["content"] = texts_of(content)[0]
        if function := fields(accepted.get("function_call")):
            accepted["function_call"] = _fields_of(FunctionCall, function)
        if calls := objects(accepted.get("tool_calls")):
            accepted["tool_calls"] = [_accepted_call(call) for call in calls]
        return accepted

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[GroqTool, JsonableType]]
    ) -> list[ChatCompletionToolMessageParam]:
        """Return the messages that send the outputs of tools to the model."""
        return super().tool_message_params(tools_and_outputs)


def _accepted_call(call: Record) -> JSON:
    function = _fields_of(Function, fields(call.get("function")))
    return {**_fields_of(ChatCompletionMessageToolCallParam, call), "function": function}


def _fields_of(kind: type[object], record: Record) -> dict[str, JSON]:
    """Return the fields of a record that one of the SDK's request types has."""
    return {name: value for name, value in record.items() if name in kind.__annotations__}
