"""The whole answer of an OpenAI model."""

from __future__ import annotations

from typing import cast

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core.openai.call_response_chunk import FinishReason
from mirascope.core.openai.tool import OpenAITool


class OpenAICallResponse(
    ChatCompletionsResponse[
        ChatCompletion, OpenAITool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The whole answer of an OpenAI model; ``response`` is the SDK's ``ChatCompletion``."""

    provider = "openai"

    _raw_type = ChatCompletion

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The answer as a message that can be sent back in the next call."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)
