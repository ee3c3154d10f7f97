"""A streamed response of an OpenAI model."""

from __future__ import annotations

from typing_extensions import override

from mirascope.core._dialects.responses.background import BackgroundDecoder
from mirascope.core._dialects.responses.chunk import FinishReason, common_reasons
from mirascope.core._dialects.responses.decoder import ResponsesDecoder
from mirascope.core._dialects.responses.messages import OutputMessage
from mirascope.core._dialects.responses.tools import custom_tools
from mirascope.core._engine.stream import BaseStream
from mirascope.core._types import FinishReason as CommonReason
from mirascope.core.openai_responses.call_response import OpenAIResponsesCallResponse
from mirascope.core.openai_responses.call_response_chunk import OpenAIResponsesCallResponseChunk
from mirascope.core.openai_responses.dynamic_config import MessageParam
from mirascope.core.openai_responses.tool import OpenAIResponsesTool, ToolOutputParam


class OpenAIResponsesStream(
    BaseStream[
        OpenAIResponsesCallResponse,
        OpenAIResponsesCallResponseChunk,
        OpenAIResponsesTool,
        MessageParam,
        FinishReason,
        OutputMessage,
        ToolOutputParam,
    ]
):
    """The response of an OpenAI model while it is received."""

    _response_type = OpenAIResponsesCallResponse

    @override
    def _new_decoder(self) -> ResponsesDecoder[OpenAIResponsesCallResponseChunk]:
        decoder: type[ResponsesDecoder[OpenAIResponsesCallResponseChunk]] = ResponsesDecoder
        if self.call_kwargs.get("background"):
            decoder = BackgroundDecoder
        return decoder(
            OpenAIResponsesCallResponseChunk,
            keep=self.keep,
            custom_tools=custom_tools(self.tool_types or ()),
        )

    @property
    @override
    def common_finish_reasons(self) -> list[CommonReason] | None:
        return common_reasons(
            super().common_finish_reasons, calls_tools=bool(self.reply.tool_calls)
        )
