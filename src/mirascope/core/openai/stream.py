"""A stream of an OpenAI model."""

from __future__ import annotations

from typing import cast

from openai.types.chat import ChatCompletionAssistantMessageParam, ChatCompletionMessageParam
from typing_extensions import override

from mirascope.core._dialects.chat_completions import ChatCompletionsDecoder
from mirascope.core._engine.stream import BaseStream
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.call_response_chunk import FinishReason, OpenAICallResponseChunk
from mirascope.core.openai.tool import OpenAITool


class OpenAIStream(
    BaseStream[OpenAICallResponse, OpenAICallResponseChunk, OpenAITool, ChatCompletionMessageParam]
):
    """The answer of an OpenAI model as it comes."""

    _response_type = OpenAICallResponse

    @override
    def _new_decoder(self) -> ChatCompletionsDecoder[OpenAICallResponseChunk]:
        return ChatCompletionsDecoder(OpenAICallResponseChunk, keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended; ``None`` before."""
        return cast("list[FinishReason] | None", super().finish_reasons)

    @property
    def audio_id(self) -> str | None:
        """The provider's id for the sound of the answer, once it is told."""
        return self.partial().audio_id

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The whole answer as a message that can be sent back in the next call."""
        return self.construct_call_response().message_param
