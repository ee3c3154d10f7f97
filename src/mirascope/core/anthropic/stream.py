"""A stream of an Anthropic model."""

from __future__ import annotations

from typing import cast

from anthropic.types import AssistantMessageParam, MessageParam, StopReason
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk
from mirascope.core.anthropic.tool import AnthropicTool


class AnthropicStream(
    BaseStream[AnthropicCallResponse, AnthropicCallResponseChunk, AnthropicTool, MessageParam]
):
    """The answer of an Anthropic model as it comes."""

    _response_type = AnthropicCallResponse

    @override
    def _new_decoder(self) -> AnthropicDecoder:
        return AnthropicDecoder(keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[StopReason] | None:
        """Why the generation ended; ``None`` before."""
        return cast("list[StopReason] | None", super().finish_reasons)

    @property
    def thinking(self) -> str:
        """The thinking so far."""
        return self.reasoning

    @property
    def signature(self) -> str:
        """The signature of the newest block of thinking, ``""`` before it is told."""
        return self.partial().signature or ""

    @property
    @override
    def message_param(self) -> AssistantMessageParam:
        """The whole answer as a message that can be sent back in the next call."""
        return self.construct_call_response().message_param
