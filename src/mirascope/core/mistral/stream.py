"""A stream of a Mistral model."""

from __future__ import annotations

from typing import cast

from mistralai.client.models import AssistantMessage
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.mistral._decoder import MistralDecoder
from mirascope.core.mistral.call_response import MistralCallResponse, MistralMessage
from mirascope.core.mistral.call_response_chunk import FinishReason, MistralCallResponseChunk
from mirascope.core.mistral.tool import MistralTool


class MistralStream(
    BaseStream[MistralCallResponse, MistralCallResponseChunk, MistralTool, MistralMessage]
):
    """The answer of a Mistral model as it comes."""

    _response_type = MistralCallResponse

    @override
    def _new_decoder(self) -> MistralDecoder[MistralCallResponseChunk]:
        return MistralDecoder(MistralCallResponseChunk, keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended; ``None`` before."""
        return cast("list[FinishReason] | None", super().finish_reasons)

    @property
    @override
    def message_param(self) -> AssistantMessage:
        """The whole answer as a message that can be sent back in the next call."""
        return self.construct_call_response().message_param
