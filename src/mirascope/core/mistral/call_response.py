"""The whole answer of a Mistral model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

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

from mirascope.core._dialects.chat_completions_messages import FORM as CHAT_FORM
from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core._dialects.chat_completions_tools import tool_messages
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import Record
from mirascope.core._wire.sdk_models import build_model
from mirascope.core.mistral.call_response_chunk import COMMON_FINISH_REASONS, FinishReason
from mirascope.core.mistral.tool import MistralTool

FORM: Final = replace(CHAT_FORM, call_id=re.compile(r"[a-zA-Z0-9]{9}"), empty="...")
"""Mistral refuses an assistant's message without content, and a user's right after a tool's."""

MistralMessage: TypeAlias = AssistantMessage | SystemMessage | ToolMessage | UserMessage
"""A message of a prompt, or an answer that is sent back."""


class MistralCallResponse(
    ChatCompletionsResponse[
        ChatCompletionResponse, MistralTool, MistralMessage, FinishReason, UsageInfo
    ]
):
    """The whole answer of a Mistral model; ``response`` is the SDK's ``ChatCompletionResponse``."""

    _common = COMMON_FINISH_REASONS
    message_format = FORM

    @classmethod
    @override
    def raw(cls, record: Record) -> ChatCompletionResponse:
        return build_model(ChatCompletionResponse, record)

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

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[MistralTool, JsonableType]]
    ) -> list[ToolMessage]:
        return [ToolMessage.model_validate(each) for each in tool_messages(tools_and_outputs)]
