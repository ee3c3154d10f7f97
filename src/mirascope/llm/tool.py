"""The tools that a model may ask for, whoever provides it."""

from __future__ import annotations

from typing import TypeAlias

from mirascope.core.base.tool import BaseTool

Tool: TypeAlias = BaseTool
"""A tool call: an instance of the tool's own class and of the provider's, which are both this."""
