"""Tools of an OpenAI model."""

from __future__ import annotations

from typing import cast

from openai.types.chat import (
    ChatCompletionFunctionToolParam,
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.shared_params import FunctionDefinition
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._dialects.chat_completions.tools import FunctionTool, without_empty_parameters
from mirascope.core._tools.json_schema import GenerateOpenAIStrictToolJsonSchema, strict_schema
from mirascope.core._tools.tool import ToolConfig

__all__ = ["GenerateOpenAIStrictToolJsonSchema", "OpenAITool", "OpenAIToolConfig"]


class OpenAIToolConfig(ToolConfig, total=False):
    """The settings of a tool. With ``strict``, the model follows the schema exactly."""

    strict: bool


class OpenAITool(FunctionTool):
    """A tool call of an OpenAI model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "openai"
    __tool_config_type__ = OpenAIToolConfig

    tool_call: SkipJsonSchema[ChatCompletionMessageFunctionToolCall]

    @override
    @classmethod
    def tool_schema(cls) -> ChatCompletionFunctionToolParam:
        """Return the tool for the ``tools`` of a request."""
        function = cast("FunctionDefinition", without_empty_parameters(cls.function_schema()))
        config = cast("OpenAIToolConfig", cls.tool_config)
        if config.get("strict") or cls.model_config.get("strict"):
            function["strict"] = True
            function["parameters"] = strict_schema(cls)
            function["parameters"].pop("description", None)
        return {"type": "function", "function": function}

    @override
    @classmethod
    def sdk_call(
        cls, call_id: str | None, name: str, arguments: str
    ) -> ChatCompletionMessageFunctionToolCall:
        function = Function(name=name, arguments=arguments)
        return ChatCompletionMessageFunctionToolCall(
            id=call_id or "", type="function", function=function
        )
