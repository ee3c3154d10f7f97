"""A streamed response of a Gemini model."""

from __future__ import annotations

from google.genai.types import Content
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk
from mirascope.core.gemini.tool import GeminiTool


class GeminiStream(BaseStream[GeminiCallResponse, GeminiCallResponseChunk, GeminiTool, Content]):
    """The streamed response of a Gemini model: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`GeminiCallResponseChunk`), and the tool (`GeminiTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.
    If Gemini blocked the prompt, ``finish_reasons`` has the reason.

    Raises:
        StreamError: While iterating: any failure. It is also an error of the SDK.

    Example:
        >>> from mirascope.core import gemini
        >>> @gemini.call("gemini-2.5-flash", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = GeminiCallResponse

    @override
    def _new_decoder(self) -> GeminiDecoder:
        return GeminiDecoder(keep=self.keep)

    @property
    def thinking(self) -> str:
        """The thinking received so far."""
        return self.reasoning
