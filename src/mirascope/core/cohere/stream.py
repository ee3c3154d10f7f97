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
    """The response of a Cohere model while it is received; ``model`` is the requested one."""

    _response_type = CohereCallResponse

    @override
    def _new_decoder(self) -> CohereDecoder:
        return CohereDecoder(self.model or None, keep=self.keep)
