"""Tools of an OpenAI model."""

from __future__ import annotations

from typing import TypeAlias, cast

from openai.types.responses import (
    CustomToolParam,
    FunctionToolParam,
    ResponseCustomToolCall,
    ResponseCustomToolCallOutputParam,
    ResponseFunctionToolCall,
)
from openai.types.responses.response_input_param import FunctionCallOutput
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._dialects.responses.tools import ResponsesTool, ResponsesToolConfig

OpenAIResponsesToolConfig = ResponsesToolConfig

ToolOutputParam: TypeAlias = FunctionCallOutput | ResponseCustomToolCallOutputParam
"""The item with the output of a tool."""


class OpenAIResponsesTool(ResponsesTool):
    """A tool call of an OpenAI model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "openai_responses"

    tool_call: SkipJsonSchema[ResponseFunctionToolCall | ResponseCustomToolCall]

    @override
    @classmethod
    def tool_schema(cls) -> FunctionToolParam | CustomToolParam:
        """Return the tool for the ``tools`` of a request."""
        return cast("FunctionToolParam | CustomToolParam", super().tool_schema())

    @override
    @classmethod
    def sdk_call(
        cls, call_id: str | None, name: str, arguments: str
    ) -> ResponseFunctionToolCall | ResponseCustomToolCall:
        id_ = call_id or ""
        if cls.is_custom():
            text = cls.input_so_far(arguments)
            return ResponseCustomToolCall(
                call_id=id_, name=name, input=text, type="custom_tool_call"
            )
        return ResponseFunctionToolCall(
            call_id=id_, name=name, arguments=arguments, type="function_call"
        )
