"""A streamed response of a Groq model."""

from __future__ import annotations

from groq.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionToolMessageParam,
)
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.groq._decoder import GroqDecoder
from mirascope.core.groq.call_response import GroqCallResponse
from mirascope.core.groq.call_response_chunk import FinishReason, GroqCallResponseChunk
from mirascope.core.groq.tool import GroqTool


class GroqStream(
    BaseStream[
        GroqCallResponse,
        GroqCallResponseChunk,
        GroqTool,
        ChatCompletionMessageParam,
        FinishReason,
        ChatCompletionAssistantMessageParam,
        ChatCompletionToolMessageParam,
    ]
):
    """The response of a Groq model while it is received."""

    _response_type = GroqCallResponse

    @override
    def _new_decoder(self) -> GroqDecoder:
        return GroqDecoder(keep=self.keep)
