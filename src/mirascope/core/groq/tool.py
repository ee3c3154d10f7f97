"""Tools of a model on Groq."""

from __future__ import annotations

from typing import cast

from groq.types.chat import ChatCompletionMessageToolCall, ChatCompletionToolParam
from groq.types.chat.chat_completion_message_tool_call import Function
from groq.types.shared_params import FunctionDefinition
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._dialects.chat_completions.tools import FunctionTool, without_empty_parameters


class GroqTool(FunctionTool):
    """A tool call of a model on Groq. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "groq"

    tool_call: SkipJsonSchema[ChatCompletionMessageToolCall]

    @override
    @classmethod
    def tool_schema(cls) -> ChatCompletionToolParam:
        """Return the tool for the ``tools`` of a request."""
        function = cast("FunctionDefinition", without_empty_parameters(cls.function_schema()))
        return {"type": "function", "function": function}

    @override
    @classmethod
    def sdk_call(
        cls, call_id: str | None, name: str, arguments: str
    ) -> ChatCompletionMessageToolCall:
        function = Function(name=name, arguments=arguments)
        return ChatCompletionMessageToolCall(id=call_id or "", type="function", function=function)
