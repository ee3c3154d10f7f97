"""Tools and response formats in Chat Completions requests, and tool calls in responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from typing_extensions import override

from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool import BaseTool, all_tools, name_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.function_calls import arguments_text


class FunctionSchema(TypedDict):
    """A tool as the ``function`` of a request."""

    name: str
    description: str
    parameters: NotRequired[dict[str, Any]]


class FunctionTool(BaseTool):
    """A tool that the model calls as a function, with the arguments as JSON text."""

    @override
    @classmethod
    def _arguments_of(cls, tool_call: Any) -> str:
        return arguments_text(tool_call.function.arguments)

    @classmethod
    def function_schema(cls) -> FunctionSchema:
        """Return the tool as the ``function`` of a request."""
        return {
            "name": cls._name(),
            "description": cls._description(),
            "parameters": cls.parameters_schema(),
        }


def without_empty_parameters(function: FunctionSchema) -> FunctionSchema:
    """Return a function without an empty ``parameters``, as some APIs want it."""
    if not function.get("parameters", {}).get("properties"):
        function.pop("parameters", None)
    return function


def tool_arguments(
    tools: Sequence[type[Any]],
    form: ResponseFormat | None,
    call_params: Mapping[str, object],
    *,
    choice: str = "required",
) -> dict[str, object]:
    """Return the call parameters with the tools and the response format.

    Args:
        tools: The tools.
        form: The response format; the user's parameters take precedence.
        call_params: The call parameters, whose tools are added to the others.
        choice: The provider's ``tool_choice`` that forces a tool call.
    """
    arguments: dict[str, object] = {}
    if form is not None and form.tool is not None:
        named = {"type": "function", "function": {"name": form.tool}}
        arguments["tool_choice"] = named if call_params.get("tools") else choice
    elif form is not None:
        arguments["response_format"] = response_format(form)
    return {**arguments, **call_params, **all_tools(tools, call_params)}


def response_format(form: ResponseFormat) -> dict[str, object]:
    """Return the ``response_format`` of a request, with the schema if it is strict."""
    if form.model is None or not form.strict:
        return {"type": "json_object"}
    schema = {"name": form.model.__name__, "schema": strict_schema(form.model), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def supports_format(form: ResponseFormat) -> bool:
    """Return whether `response_format` is sufficient; it is with a strict schema."""
    return form.model is not None and form.strict


def tool_call_records(tool_calls: Sequence[Any] | None) -> list[ToolCallRecord]:
    """Return the tool calls of a message that are calls of functions."""
    calls = ((call, getattr(call, "function", None)) for call in tool_calls or ())
    return [
        ToolCallRecord(call.id, function.name or "", arguments_text(function.arguments), call)
        for call, function in calls
        if function is not None
    ]


def tool_messages(
    tools_and_outputs: Sequence[tuple[ToolT, JsonableType]],
) -> list[dict[str, object]]:
    """Return the messages with the outputs of tools."""
    return [
        {
            "role": "tool",
            "content": output_text(output),
            "tool_call_id": call_id(tool),
            "name": name_of(type(tool)),
        }
        for tool, output in tools_and_outputs
    ]
