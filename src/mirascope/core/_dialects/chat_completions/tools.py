"""Tools and response formats in requests of Chat Completions, and tool calls in responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

from typing_extensions import override

from mirascope.core._calls.servers import Format
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool import BaseTool, all_tools, name_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.function_calls import arguments_text

FORMATS: Final[Sequence[Format]] = ("json_object", "json_schema")
"""The types of ``response_format`` in the order in which OpenAI's are used."""


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
    formats: Sequence[Format] = FORMATS,
) -> dict[str, object]:
    """Return the call parameters with the tools and the response format.

    Args:
        tools: The tools.
        form: The response format; the user's parameters take precedence.
        call_params: The call parameters, whose tools are added to the others.
        choice: The provider's ``tool_choice`` that forces a tool call; ``"name"`` if it has to be
            the tool's name.
        formats: The response formats that the provider accepts; see `response_format`.
    """
    arguments: dict[str, object] = {}
    if form is not None and form.tool is not None:
        named = {"type": "function", "function": {"name": form.tool}}
        by_name = choice == "name" or call_params.get("tools")
        arguments["tool_choice"] = named if by_name else choice
    elif form is not None and (requested := response_format(form, formats)):
        arguments["response_format"] = requested
    return {**arguments, **call_params, **all_tools(tools, call_params)}


def response_format(
    form: ResponseFormat, formats: Sequence[Format] = FORMATS
) -> dict[str, object] | None:
    """Return the ``response_format`` of a request, ``None`` if the provider has none that fits.

    Args:
        form: What is requested.
        formats: The formats that the provider accepts, the preferred one first. A strict schema is
            sent as such wherever that is accepted.
    """
    kind = _kind(form, formats)
    if kind != "json_schema" or form.model is None:
        return None if kind is None else {"type": "json_object"}
    schema: dict[str, object] = {"name": form.model.__name__, "schema": form.schema}
    if form.strict:
        schema |= {"schema": strict_schema(form.model), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def supports_format(form: ResponseFormat, formats: Sequence[Format] = FORMATS) -> bool:
    """Return whether `response_format` is sufficient; it is with a schema."""
    return _kind(form, formats) == "json_schema"


def _kind(form: ResponseFormat, formats: Sequence[Format]) -> Format | None:
    if form.model is None:
        return "json_object" if "json_object" in formats else None
    if form.strict and "json_schema" in formats:
        return "json_schema"
    return next(iter(formats), None)


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
