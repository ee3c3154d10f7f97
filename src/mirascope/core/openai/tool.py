"""The tools that an OpenAI model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class OpenAITool(BaseTool):
    """A tool call of an OpenAI model, with the arguments as its fields."""
