"""The response of a Mistral model."""

from __future__ import annotations

from collections.abc import Sequence

from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionResponse,
    ToolMessage,
    UnknownContentChunk,
    UsageInfo,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions.response import ChatCompletionsResponse
from mirascope.core._dialects.chat_completions.tools import tool_messages
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import Record
from mirascope.core._wire.sdk_models import build_model
from mirascope.core.mistral._messages import MESSAGE_FORMAT, MistralMessage
from mirascope.core.mistral.call_response_chunk import COMMON_FINISH_REASONS, FinishReason
from mirascope.core.mistral.tool import MistralTool


class MistralCallResponse(
    ChatCompletionsResponse[
        ChatCompletionResponse, MistralTool, MistralMessage, FinishReason, UsageInfo
    ]
):
    """The response of a Mistral model; ``response`` is the SDK's ``ChatCompletionResponse``."""

    _common_reasons = COMMON_FINISH_REASONS
    message_format = MESSAGE_FORMAT

    @classmethod
    @override
    def raw(cls, record: Record) -> ChatCompletionResponse:
        return build_model(ChatCompletionResponse, record)

    @property
    @override
    def message_param(self) -> AssistantMessage:
        """The response as a message that you can send in the next call, including its thinking.

        Parts that the SDK does not know are left out, because the SDK cannot send them.
        """
        message = self._message
        if not isinstance(message, AssistantMessage):
            return AssistantMessage(content="")
        parts = message.content
        if not isinstance(parts, list):
            return message
        known = [part for part in parts if not isinstance(part, UnknownContentChunk)]
        return message.model_copy(update={"content": known})

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[MistralTool, JsonableType]]
    ) -> list[ToolMessage]:
        return [ToolMessage.model_validate(each) for each in tool_messages(tools_and_outputs)]
