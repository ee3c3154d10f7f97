"""The provider-agnostic class of tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core._tools.tool import BaseTool

if TYPE_CHECKING:
    from pydantic import BaseModel

    class Tool(BaseTool):
        """A tool call: an instance of the tool's own class and of the provider's.

        Args:
            tool: The tool call. It is returned unchanged: all providers have the same form.
        """

        def __init__(self, tool: BaseTool) -> None: ...

        @property
        def tool_call(self) -> BaseModel:
            """The SDK's own object for the call."""
            ...

else:

    class _AnyTool(type(BaseTool)):
        """Makes every tool an instance: all classes of tools share only `BaseTool`."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, BaseTool)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, BaseTool)

        def __call__(cls, tool: BaseTool) -> BaseTool:
            return tool

    class Tool(BaseTool, metaclass=_AnyTool):
        """A tool call: an instance of the tool's own class and of the provider's."""
