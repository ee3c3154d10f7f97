"""A streamed response of a Mistral model."""

from __future__ import annotations

from mistralai.client.models import AssistantMessage, ToolMessage
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.mistral._decoder import MistralDecoder
from mirascope.core.mistral._messages import MistralMessage
from mirascope.core.mistral.call_response import MistralCallResponse
from mirascope.core.mistral.call_response_chunk import FinishReason, MistralCallResponseChunk
from mirascope.core.mistral.tool import MistralTool


class MistralStream(
    BaseStream[
        MistralCallResponse,
        MistralCallResponseChunk,
        MistralTool,
        MistralMessage,
        FinishReason,
        AssistantMessage,
        ToolMessage,
    ]
):
    """The streamed response of a Mistral model: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`MistralCallResponseChunk`), and the tool (`MistralTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.

    Raises:
        StreamError: While iterating: any failure. It is also an error of the SDK.

    Example:
        >>> from mirascope.core import mistral
        >>> @mistral.call("mistral-small-latest", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _response_type = MistralCallResponse

    @override
    def _new_decoder(self) -> MistralDecoder[MistralCallResponseChunk]:
        return MistralDecoder(MistralCallResponseChunk, keep=self.keep)
