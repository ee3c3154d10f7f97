"""The whole answer of a Groq model.

What is sent back includes the reasoning: models that give some go on from it, and those that give
none refuse the field even when it is empty.
"""

from __future__ import annotations

from typing import ClassVar, cast

from groq.types import CompletionUsage
from groq.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions_response import SENT_BACK, ChatCompletionsResponse
from mirascope.core.groq._errors import ERRORS
from mirascope.core.groq.call_response_chunk import FinishReason
from mirascope.core.groq.tool import GroqTool


class GroqCallResponse(
    ChatCompletionsResponse[
        ChatCompletion, GroqTool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The whole answer of a Groq model; ``response`` is the SDK's ``ChatCompletion``."""

    _sdk_errors = ERRORS
    _sent_back: ClassVar[frozenset[str]] = SENT_BACK | {"reasoning"}

    _raw_type = ChatCompletion

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The answer as a message that can be sent back in the next call."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)
