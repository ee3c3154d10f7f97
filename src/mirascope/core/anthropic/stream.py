"""A streamed response of an Anthropic model."""

from __future__ import annotations

from anthropic.types import AssistantMessageParam, MessageParam, StopReason
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk
from mirascope.core.anthropic.tool import AnthropicTool


class AnthropicStream(
    BaseStream[
        AnthropicCallResponse,
        AnthropicCallResponseChunk,
        AnthropicTool,
        MessageParam,
        StopReason,
        AssistantMessageParam,
    ]
):
    """The streamed response of an Anthropic model: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`AnthropicCallResponseChunk`), and the tool (`AnthropicTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.

    Raises:
        StreamError: While iterating: any failure. ``except anthropic.AnthropicError`` catches it
            too.

    Example:
        >>> from mirascope.core import anthropic
        >>> @anthropic.call("claude-haiku-4-5", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = AnthropicCallResponse

    @override
    def _new_decoder(self) -> AnthropicDecoder:
        return AnthropicDecoder(keep=self.keep)

    @property
    def thinking(self) -> str:
        """The thinking received so far."""
        return self.reasoning

    @property
    def signature(self) -> str:
        """The signature of the newest block of thinking; ``""`` before it is received."""
        return self.partial().signature or ""
