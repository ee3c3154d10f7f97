"""The provider-agnostic message with the outputs of tool calls."""

from __future__ import annotations

from collections.abc import Sequence

from mirascope.core._prompts.message_param import BaseMessageParam, ToolResultPart
from mirascope.core._tools.tool import BaseTool, name_of
from mirascope.core._tools.tool_calls import call_id, output_text
from mirascope.core._types import JsonableType


def tool_messages(
    tools_and_outputs: Sequence[tuple[BaseTool, JsonableType]],
) -> list[BaseMessageParam]:
    """Return the messages for tools and their outputs."""
    results = [
        ToolResultPart(
            name=name_of(type(tool)),
            content=output_text(output),
            id=call_id(tool),
        )
        for tool, output in tools_and_outputs
    ]
    return [BaseMessageParam(role="tool", content=results)] if results else []
