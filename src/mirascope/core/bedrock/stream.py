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
    """The response of a model while it is received; ``model`` is the requested one."""

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
