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
    """The streamed response of a model on Groq: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`GroqCallResponseChunk`), and the tool (`GroqTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.

    Raises:
        StreamError: While iterating: any failure. ``except groq.GroqError`` catches it too.

    Example:
        >>> from mirascope.core import groq
        >>> @groq.call("llama-3.3-70b-versatile", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = GroqCallResponse

    @override
    def _new_decoder(self) -> GroqDecoder:
        return GroqDecoder(keep=self.keep)
