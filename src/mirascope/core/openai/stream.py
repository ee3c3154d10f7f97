"""A streamed response of an OpenAI model."""

from __future__ import annotations

from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionToolMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder
from mirascope.core._engine.stream import BaseStream
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.call_response_chunk import FinishReason, OpenAICallResponseChunk
from mirascope.core.openai.tool import OpenAITool


class OpenAIStream(
    BaseStream[
        OpenAICallResponse,
        OpenAICallResponseChunk,
        OpenAITool,
        ChatCompletionMessageParam,
        FinishReason,
        ChatCompletionAssistantMessageParam,
        ChatCompletionToolMessageParam,
    ]
):
    """The response of an OpenAI model while it is received."""

    _response_type = OpenAICallResponse

    @override
    def _new_decoder(self) -> ChatCompletionsDecoder[OpenAICallResponseChunk]:
        return ChatCompletionsDecoder(OpenAICallResponseChunk, keep=self.keep)

    @property
    def audio_id(self) -> str | None:
        """The provider's id for the audio of the response, ``None`` before it is received."""
        return self.partial().audio_id
