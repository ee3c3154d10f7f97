"""Tools of a Mistral model."""

from __future__ import annotations

from typing import cast

from mistralai.client.models import FunctionCall, FunctionTypedDict, ToolCall, ToolTypedDict
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._dialects.chat_completions.tools import FunctionTool


class MistralTool(FunctionTool):
    """A tool call of a Mistral model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "mistral"

    tool_call: SkipJsonSchema[ToolCall]

    @override
    @classmethod
    def tool_schema(cls) -> ToolTypedDict:
        """Return the tool for the ``tools`` of a request."""
        return {"type": "function", "function": cast("FunctionTypedDict", cls.function_schema())}

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> ToolCall:
        return ToolCall(id=call_id, function=FunctionCall(name=name, arguments=arguments))
