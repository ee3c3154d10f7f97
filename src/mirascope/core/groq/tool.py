"""The tools that a Groq model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class GroqTool(BaseTool):
    """A tool call of a Groq model, with the arguments as its fields."""
