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
    """The streamed response of an OpenAI model: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`OpenAICallResponseChunk`), and the tool (`OpenAITool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.

    Raises:
        StreamError: While iterating: any failure. ``except openai.OpenAIError`` catches it too.

    Example:
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = OpenAICallResponse

    @override
    def _new_decoder(self) -> ChatCompletionsDecoder[OpenAICallResponseChunk]:
        return ChatCompletionsDecoder(OpenAICallResponseChunk, keep=self.keep)

    @property
    def audio_id(self) -> str | None:
        """The provider's id for the audio of the response; ``None`` before it is received."""
        return self.partial().audio_id
