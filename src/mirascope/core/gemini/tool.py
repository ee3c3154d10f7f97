"""The tools that a Gemini model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class GeminiTool(BaseTool):
    """A tool call of a Gemini model, with the arguments as its fields."""
