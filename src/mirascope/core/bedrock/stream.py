"""A streamed response of a model of Amazon Bedrock."""

from __future__ import annotations

from typing_extensions import override

from mirascope.core._dialects.event_stream import EventStreamDecoder
from mirascope.core._engine.stream import BaseStream
from mirascope.core.bedrock._decoder import BedrockDecoder
from mirascope.core.bedrock._sdk import Message, StopReason
from mirascope.core.bedrock.call_response import BedrockCallResponse
from mirascope.core.bedrock.call_response_chunk import BedrockCallResponseChunk
from mirascope.core.bedrock.tool import BedrockTool


class BedrockStream(
    BaseStream[BedrockCallResponse, BedrockCallResponseChunk, BedrockTool, Message, StopReason]
):
    """The streamed response of a model on Amazon Bedrock: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`BedrockCallResponseChunk`), and the tool (`BedrockTool`)
    whose call this chunk completes, or ``None``. Iteration sends the request. The loop ends without
    an error only after a complete response. Leaving the loop early closes the connection.
    ``model`` is the requested model: Bedrock does not report one.

    Raises:
        StreamError: While iterating: any failure. It is also an error of the SDK.

    Example:
        >>> from mirascope.core import bedrock
        >>> @bedrock.call("anthropic.claude-haiku-4-5-20251001-v1:0", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

    _framing = EventStreamDecoder
    _response_type = BedrockCallResponse

    @override
    def _new_decoder(self) -> BedrockDecoder:
        return BedrockDecoder(self.model or None, keep=self.keep)

    @property
    @override
    def id(self) -> str | None:
        """The id of the request, which the headers of the response have; ``None`` before."""
        source = self._lifecycle.source
        response = None if source is None else source.response
        return None if response is None else response.headers.get("x-amzn-requestid")

    @override
    def _response(self, *, partial: bool) -> BedrockCallResponse:
        response = super()._response(partial=partial)
        if self.id is not None:
            response.response["ResponseMetadata"] = {"RequestId": self.id}
        return response

    @property
    def thinking(self) -> str:
        """The model's reasoning received so far."""
        return self.reasoning

    @property
    def signature(self) -> str:
        """The signature of the newest block of reasoning, ``""`` before it is received."""
        return self.partial().signature or ""
