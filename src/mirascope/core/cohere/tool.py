"""Tools of a Cohere model."""

from __future__ import annotations

from cohere import ToolCallV2, ToolCallV2Function, ToolV2, ToolV2Function
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._dialects.chat_completions.tools import FunctionTool


class CohereTool(FunctionTool):
    """A tool call of a Cohere model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "cohere"

    tool_call: SkipJsonSchema[ToolCallV2]

    @override
    @classmethod
    def tool_schema(cls) -> ToolV2:
        """Return the tool for the ``tools`` of a request."""
        return ToolV2(function=ToolV2Function(**cls.function_schema()))

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> ToolCallV2:
        return ToolCallV2(
            id=call_id or "", function=ToolCallV2Function(name=name, arguments=arguments)
        )
