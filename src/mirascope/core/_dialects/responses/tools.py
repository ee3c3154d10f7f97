"""Tools and text formats in Responses requests, and tool calls among the items of responses.

A custom tool has free text instead of JSON as its input. Here it is a tool class with one argument,
``input``, whose calls have ``{"input": "..."}`` as their arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from typing_extensions import override

from mirascope.core._dialects.responses.messages import INPUT, tool_output
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool import (
    BaseTool,
    ToolConfig,
    all_tools,
    arguments_so_far,
    name_of,
)
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.function_calls import arguments_text


class ResponsesToolConfig(ToolConfig, total=False):
    """The settings of a tool.

    ``strict`` makes the model follow the schema exactly. ``format`` makes it a custom tool, whose
    one argument is ``input: str``: ``{"type": "text"}``, or a grammar as the API describes it.
    """

    strict: bool
    format: Mapping[str, object]


class ResponsesTool(BaseTool):
    """A tool that the model calls as a function, or as a custom tool with free text."""

    __tool_config_type__ = ResponsesToolConfig

    @override
    @classmethod
    def _id_of(cls, tool_call: Any) -> str | None:
        return getattr(tool_call, "call_id", None)

    @override
    @classmethod
    def _arguments_of(cls, tool_call: Any) -> str:
        if cls.is_custom():
            return INPUT_OPENS + input_fragment(tool_call.input) + INPUT_CLOSES
        return arguments_text(tool_call.arguments)

    @classmethod
    def is_custom(cls) -> bool:
        """Return whether this is a custom tool, whose input is free text."""
        return "format" in cls.tool_config

    @classmethod
    def input_so_far(cls, arguments: str) -> str:
        """Return the received part of a custom tool's input, of incomplete arguments."""
        given = arguments_so_far(arguments).get(INPUT)
        return given if isinstance(given, str) else ""

    @override
    @classmethod
    def tool_schema(cls) -> Any:
        """Return the tool for the ``tools`` of a request.

        The API makes functions strict if ``strict`` is left out.

        Raises:
            TypeError: A custom tool has other arguments than ``input: str``.
        """
        described = {"name": cls._name(), "description": cls._description()}
        config, parameters = cast("ResponsesToolConfig", cls.tool_config), cls.parameters_schema()
        if "format" in config:
            _check_input(cls._name(), parameters)
            return {"type": "custom", **described, "format": config["format"]}
        strict = bool(config.get("strict") or cls.model_config.get("strict"))
        if strict:
            parameters = strict_schema(cls)
            parameters.pop("description", None)
        return {"type": "function", **described, "parameters": parameters, "strict": strict}


INPUT_OPENS: Final = f'{{"{INPUT}":"'
INPUT_CLOSES: Final = '"}'
"""What is before and after the fragments of a custom tool's input in the JSON of its arguments."""


def input_fragment(text: str) -> str:
    r"""Return a fragment of a custom tool's input as a fragment of the JSON of its arguments.

    >>> INPUT_OPENS + input_fragment('SELECT "a"\n') + INPUT_CLOSES
    '{"input":"SELECT \\"a\\"\\n"}'
    """
    return json.dumps(text)[1:-1]


def _check_input(name: str, parameters: Mapping[str, Any]) -> None:
    properties: Mapping[str, Mapping[str, object]] = parameters.get("properties", {})
    if [*properties] != [INPUT] or properties[INPUT].get("type") != "string":
        raise TypeError(
            f"{name} is a custom tool, because its `tool_config` has a `format`: "
            f"its only argument must be `{INPUT}: str`"
        )


def tool_arguments(
    tools: Sequence[type[Any]], form: ResponseFormat | None, call_params: Mapping[str, object]
) -> dict[str, object]:
    """Return the call parameters with the tools and the response format.

    Args:
        tools: The tools.
        form: The response format; the user's parameters take precedence.
        call_params: The call parameters, whose tools are added to the others.
    """
    arguments: dict[str, object] = {}
    if form is not None and form.tool is not None:
        named = {"type": "function", "name": form.tool}
        arguments["tool_choice"] = named if call_params.get("tools") else "required"
    elif form is not None:
        settings = cast("Mapping[str, object]", call_params.get("text") or {})
        call_params = {**call_params, "text": {"format": text_format(form), **settings}}
    return {**arguments, **call_params, **all_tools(tools, call_params)}


def text_format(form: ResponseFormat) -> dict[str, object]:
    """Return the ``format`` of a request's ``text``, with the schema if it is strict."""
    if form.model is None or not form.strict:
        return {"type": "json_object"}
    schema = strict_schema(form.model)
    return {"type": "json_schema", "name": form.model.__name__, "schema": schema, "strict": True}


def supports_format(form: ResponseFormat) -> bool:
    """Return whether `text_format` is sufficient; it is with a strict schema."""
    return form.model is not None and form.strict


def tool_call_records(items: Iterable[Any]) -> list[ToolCallRecord]:
    """Return the tool calls among the SDK's output items that are calls of the user's tools."""
    records: list[ToolCallRecord] = []
    for item in items:
        if item.type == "function_call":
            arguments = arguments_text(item.arguments)
        elif item.type == "custom_tool_call":
            arguments = INPUT_OPENS + input_fragment(item.input or "") + INPUT_CLOSES
        else:
            continue
        records.append(ToolCallRecord(item.call_id, item.name or "", arguments, item))
    return records


def tool_messages(
    tools_and_outputs: Sequence[tuple[ToolT, JsonableType]],
) -> list[dict[str, object]]:
    """Return the items with the outputs of tools."""
    return [
        tool_output(call_id(tool), output_text(output), custom="format" in tool.tool_config)
        for tool, output in tools_and_outputs
    ]


def custom_tools(tools: Iterable[type[Any]]) -> frozenset[str]:
    """Return the names of the custom tools among the user's tools."""
    return frozenset(name_of(tool) for tool in tools if "format" in tool.tool_config)
