"""Methods of one object as tools."""

from mirascope.core._tools.toolkit import (
    BaseToolKit,
    ToolKitToolMethod,
    is_toolkit_tool,
    toolkit_tool,
)

__all__ = ["BaseToolKit", "ToolKitToolMethod", "is_toolkit_tool", "toolkit_tool"]
