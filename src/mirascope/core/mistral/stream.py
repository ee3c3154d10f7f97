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
    """The response of a Mistral model while it is received."""

    _response_type = MistralCallResponse

    @override
    def _new_decoder(self) -> MistralDecoder[MistralCallResponseChunk]:
        return MistralDecoder(MistralCallResponseChunk, keep=self.keep)
