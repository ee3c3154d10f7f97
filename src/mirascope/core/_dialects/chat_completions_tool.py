"""Tools in the dialect of OpenAI's Chat Completions: what all its servers take."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from typing_extensions import override

from mirascope.core.base.tool import BaseTool


class FunctionSchema(TypedDict):
    """A tool as the dialect's ``function``."""

    name: str
    description: str
    parameters: NotRequired[dict[str, Any]]


class FunctionTool(BaseTool):
    """A tool that the model calls as a function, with its arguments as text."""

    @override
    @classmethod
    def _arguments_of(cls, tool_call: Any) -> str:
        return tool_call.function.arguments or ""

    @classmethod
    def function_schema(cls) -> FunctionSchema:
        """Return the tool as the dialect's ``function``."""
        return {
            "name": cls._name(),
            "description": cls._description(),
            "parameters": cls.parameters_schema(),
        }


def without_empty_parameters(function: FunctionSchema) -> FunctionSchema:
    """Leave the parameters out if there are none, where that is how the API says so."""
    if not function.get("parameters", {}).get("properties"):
        function.pop("parameters", None)
    return function
