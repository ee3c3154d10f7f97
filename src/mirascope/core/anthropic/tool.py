"""The tools that an Anthropic model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class AnthropicTool(BaseTool):
    """A tool call of an Anthropic model, with the arguments as its fields."""
