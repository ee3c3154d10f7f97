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
    """The streamed response of an OpenAI model, through the Responses API: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`OpenAIResponsesCallResponseChunk`), and the tool
    (`OpenAIResponsesTool`) whose call this chunk completes, or ``None``. Iteration sends the
    request. The loop ends without an error only after a complete response. Leaving the loop early
    closes the connection.

    Raises:
        StreamError: While iterating: any failure. ``except openai.OpenAIError`` catches it too.

    Example:
        >>> from mirascope.core import openai_responses
        >>> @openai_responses.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.common_finish_reasons
        ('finished', ['stop'])
    """

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
