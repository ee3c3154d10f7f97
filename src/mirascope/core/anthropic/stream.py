"""A streamed response of an Anthropic model."""

from __future__ import annotations

from anthropic.types import AssistantMessageParam, MessageParam, StopReason
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk
from mirascope.core.anthropic.tool import AnthropicTool


class AnthropicStream(
    BaseStream[
        AnthropicCallResponse,
        AnthropicCallResponseChunk,
        AnthropicTool,
        MessageParam,
        StopReason,
        AssistantMessageParam,
    ]
):
    """The response of an Anthropic model while it is received."""

    _response_type = AnthropicCallResponse

    @override
    def _new_decoder(self) -> AnthropicDecoder:
        return AnthropicDecoder(keep=self.keep)

    @property
    def thinking(self) -> str:
        """The thinking received so far."""
        return self.reasoning

    @property
    def signature(self) -> str:
        """The signature of the newest block of thinking, ``""`` before it is received."""
        return self.partial().signature or ""
