"""The whole answer of a Mistral model."""

from __future__ import annotations

from typing import TypeAlias

from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionResponse,
    SystemMessage,
    ToolMessage,
    UnknownContentChunk,
    UsageInfo,
    UserMessage,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core._wire.events import JSON, Record
from mirascope.core.base._typed import typed
from mirascope.core.base.call_response_chunk import record_of
from mirascope.core.mistral._decoder import texts_of
from mirascope.core.mistral._errors import ERRORS
from mirascope.core.mistral.call_response_chunk import COMMON_FINISH_REASONS, FinishReason
from mirascope.core.mistral.tool import MistralTool

MistralMessageParam: TypeAlias = AssistantMessage | SystemMessage | ToolMessage | UserMessage
"""A message of a prompt, or an answer that is sent back."""


class MistralCallResponse(
    ChatCompletionsResponse[
        ChatCompletionResponse, MistralTool, MistralMessageParam, FinishReason, UsageInfo
    ]
):
    """The whole answer of a Mistral model; ``response`` is the SDK's ``ChatCompletionResponse``."""

    _common = COMMON_FINISH_REASONS
    _sdk_errors = ERRORS

    @classmethod
    @override
    def raw(cls, record: Record) -> ChatCompletionResponse:
        return typed(ChatCompletionResponse, record)

    @property
    @override
    def content(self) -> str:
        return texts_of(self._content)[0]

    @property
    @override
    def reasoning(self) -> str:
        return texts_of(self._content)[1]

    @property
    @override
    def message_param(self) -> AssistantMessage:
        """The answer as a message that can be sent back in the next call, thinking included.

        Parts that the SDK does not know are left out: it cannot send them.
        """
        message = self._message
        if not isinstance(message, AssistantMessage):
            return AssistantMessage(content="")
        parts = message.content
        if not isinstance(parts, list):
            return message
        known = [part for part in parts if not isinstance(part, UnknownContentChunk)]
        return message.model_copy(update={"content": known})

    @property
    def _content(self) -> JSON:
        message = self._message
        return record_of(message).get("content") if message else None
