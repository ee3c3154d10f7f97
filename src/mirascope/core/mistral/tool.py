"""The tools that a Mistral model may ask for."""

from __future__ import annotations

from mirascope.core.base.tool import BaseTool


class MistralTool(BaseTool):
    """A tool call of a Mistral model, with the arguments as its fields."""
