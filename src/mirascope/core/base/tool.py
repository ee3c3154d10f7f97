"""Tools as classes and as functions."""

from mirascope.core._tools.json_schema import GenerateJsonSchemaNoTitles
from mirascope.core._tools.tool import BaseTool, ToolConfig

__all__ = ["BaseTool", "GenerateJsonSchemaNoTitles", "ToolConfig"]
