"""A streamed response of a Cohere model."""

from __future__ import annotations

from cohere import AssistantChatMessageV2, ChatMessageV2, ToolChatMessageV2
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.cohere._decoder import CohereDecoder
from mirascope.core.cohere.call_response import CohereCallResponse
from mirascope.core.cohere.call_response_chunk import CohereCallResponseChunk, FinishReason
from mirascope.core.cohere.tool import CohereTool


class CohereStream(
    BaseStream[
        CohereCallResponse,
        CohereCallResponseChunk,
        CohereTool,
        ChatMessageV2,
        FinishReason,
        AssistantChatMessageV2,
        ToolChatMessageV2,
    ]
):
    """The streamed response of a Cohere model: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`CohereCallResponseChunk`), and the tool (`CohereTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.
    ``model`` is the requested model: Cohere does not report one.

    Raises:
        StreamError: While iterating: any failure. It is also an error of the SDK.

    Example:
        >>> from mirascope.core import cohere
        >>> @cohere.call("command-a-03-2025", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = CohereCallResponse

    @override
    def _new_decoder(self) -> CohereDecoder:
        return CohereDecoder(self.model or None, keep=self.keep)
