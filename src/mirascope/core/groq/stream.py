"""A stream of a Groq model."""

from __future__ import annotations

from typing import cast

from groq.types.chat import ChatCompletionAssistantMessageParam, ChatCompletionMessageParam
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.groq._decoder import GroqDecoder
from mirascope.core.groq.call_response import GroqCallResponse
from mirascope.core.groq.call_response_chunk import FinishReason, GroqCallResponseChunk
from mirascope.core.groq.tool import GroqTool


class GroqStream(
    BaseStream[GroqCallResponse, GroqCallResponseChunk, GroqTool, ChatCompletionMessageParam]
):
    """The answer of a Groq model as it comes."""

    _response_type = GroqCallResponse

    @override
    def _new_decoder(self) -> GroqDecoder:
        return GroqDecoder(keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended; ``None`` before."""
        return cast("list[FinishReason] | None", super().finish_reasons)

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The whole answer as a message that can be sent back in the next call."""
        return self.construct_call_response().message_param
