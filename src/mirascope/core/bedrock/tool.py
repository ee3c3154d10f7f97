"""Tools of a model of Amazon Bedrock."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import SkipJsonSchema
from typing_extensions import override

from mirascope.core._tools.tool import BaseTool, arguments_so_far
from mirascope.core.bedrock._sdk import ToolUseBlock


class BedrockTool(BaseTool):
    """A tool call of a model on Amazon Bedrock. Its fields are the arguments; see `BaseTool`."""

    __provider__ = "bedrock"

    tool_call: SkipJsonSchema[ToolUseBlock]

    @override
    @classmethod
    def tool_schema(cls) -> dict[str, Any]:
        """Return the tool for the ``tools`` of a request's ``toolConfig``."""
        spec: dict[str, Any] = {
            "name": cls._name(),
            "description": cls._description(),
            "inputSchema": {"json": cls.parameters_schema()},
        }
        return {"toolSpec": spec}

    @override
    @classmethod
    def _id_of(cls, tool_call: Any) -> str | None:
        return str(tool_call["toolUse"]["toolUseId"]) if tool_call else None

    @override
    @classmethod
    def _arguments_of(cls, tool_call: ToolUseBlock) -> str:
        return json.dumps(tool_call["toolUse"]["input"])

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> ToolUseBlock:
        received = arguments_so_far(arguments)
        return {"toolUse": {"toolUseId": call_id or "", "name": name, "input": received}}
