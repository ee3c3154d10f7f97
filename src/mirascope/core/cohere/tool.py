"""The tools that a Cohere model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class CohereTool(BaseTool):
    """A tool call of a Cohere model, with the arguments as its fields."""
