"""The tools that a model may ask for."""

from __future__ import annotations

from pydantic import BaseModel


class BaseTool(BaseModel):
    """A tool call, with the arguments as its fields."""
