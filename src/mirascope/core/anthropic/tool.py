"""Tools of an Anthropic model."""

from __future__ import annotations

import json
from typing import cast

from anthropic.types import CacheControlEphemeralParam, ToolParam, ToolUseBlock
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._tools.tool import BaseTool, ToolConfig, arguments_so_far


class AnthropicToolConfig(ToolConfig, total=False):
    """The settings of a tool. ``cache_control`` caches the prompt up to this tool."""

    cache_control: CacheControlEphemeralParam


class AnthropicTool(BaseTool):
    """A tool call of an Anthropic model. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "anthropic"
    __tool_config_type__ = AnthropicToolConfig

    tool_call: SkipJsonSchema[ToolUseBlock]

    @override
    @classmethod
    def tool_schema(cls) -> ToolParam:
        """Return the tool for the ``tools`` of a request."""
        schema: ToolParam = {
            "name": cls._name(),
            "description": cls._description(),
            "input_schema": cls.parameters_schema(),
        }
        if cache_control := cast("AnthropicToolConfig", cls.tool_config).get("cache_control"):
            schema["cache_control"] = cache_control
        return schema

    @override
    @classmethod
    def _arguments_of(cls, tool_call: ToolUseBlock) -> str:
        return json.dumps(tool_call.input)

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> ToolUseBlock:
        received = arguments_so_far(arguments)
        return ToolUseBlock(id=call_id or "", name=name, input=received, type="tool_use")
