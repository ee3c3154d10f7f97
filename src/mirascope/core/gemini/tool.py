"""Tools of a Gemini model."""

from __future__ import annotations

import json

from google.genai.types import FunctionCall, FunctionDeclaration, Tool
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._tools.tool import BaseTool, arguments_so_far


class GeminiTool(BaseTool):
    """A tool call of a Gemini model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "gemini"

    tool_call: SkipJsonSchema[FunctionCall]

    @override
    @classmethod
    def tool_schema(cls) -> Tool:
        """Return the tool for the ``tools`` of a request."""
        schema = cls.parameters_schema()
        declaration = FunctionDeclaration(
            name=cls._name(),
            description=cls._description(),
            parameters_json_schema=schema if schema.get("properties") else None,
        )
        return Tool(function_declarations=[declaration])

    @override
    @classmethod
    def _arguments_of(cls, tool_call: FunctionCall) -> str:
        return json.dumps(tool_call.args or {})

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> FunctionCall:
        return FunctionCall(id=call_id, name=name, args=arguments_so_far(arguments))
