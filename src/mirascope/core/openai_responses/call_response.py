"""The response of an OpenAI model, or of a server that an OpenAI client connects to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from openai.types.responses import Response, ResponseUsage
from typing_extensions import override

from mirascope.core._dialects.responses.messages import OutputMessage
from mirascope.core._dialects.responses.response import ResponsesResponse
from mirascope.core._types import JsonableType
from mirascope.core.openai_responses.dynamic_config import MessageParam
from mirascope.core.openai_responses.tool import OpenAIResponsesTool, ToolOutputParam


class OpenAIResponsesCallResponse(ResponsesResponse[Response, OpenAIResponsesTool, MessageParam]):
    """The response of an OpenAI model; ``response`` is the SDK's ``Response``."""

    _raw_type = Response

    @property
    @override
    def usage(self) -> ResponseUsage | None:
        return self.response.usage

    @property
    @override
    def message_param(self) -> OutputMessage:
        """The response as a message that you can send in the next call, with the same items."""
        return cast("OutputMessage", super().message_param)

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[OpenAIResponsesTool, JsonableType]]
    ) -> list[ToolOutputParam]:
        """Return the items that send the outputs of tools to the model."""
        return super().tool_message_params(tools_and_outputs)
