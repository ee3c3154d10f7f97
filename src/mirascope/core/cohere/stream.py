"""A stream of a Cohere model."""

from __future__ import annotations

from typing import cast

from cohere import AssistantChatMessageV2, ChatMessageV2
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.cohere._decoder import CohereDecoder
from mirascope.core.cohere.call_response import CohereCallResponse
from mirascope.core.cohere.call_response_chunk import CohereCallResponseChunk, FinishReason
from mirascope.core.cohere.tool import CohereTool


class CohereStream(
    BaseStream[CohereCallResponse, CohereCallResponseChunk, CohereTool, ChatMessageV2]
):
    """The answer of a Cohere model as it comes; ``model`` is the one asked for, always."""

    _response_type = CohereCallResponse

    @override
    def _new_decoder(self) -> CohereDecoder:
        return CohereDecoder(self.model or None, keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended; ``None`` before."""
        return cast("list[FinishReason] | None", super().finish_reasons)

    @property
    @override
    def message_param(self) -> AssistantChatMessageV2:
        """The whole answer as a message that can be sent back in the next call."""
        return self.construct_call_response().message_param
