"""The tools that a model may call, whoever provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core._tools.tool import BaseTool

if TYPE_CHECKING:
    from pydantic import BaseModel

    class Tool(BaseTool):
        """A tool call: an instance of the tool's own class and of the provider's.

        Args:
            tool: The tool call, which has the common form already, and is returned itself.
        """

        def __init__(self, tool: BaseTool) -> None: ...

        @property
        def tool_call(self) -> BaseModel:
            """The SDK's own object of the call."""
            ...

else:

    class _EveryTool(type(BaseTool)):
        """Every tool is one: the provider's classes and the user's have no other in common."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, BaseTool)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, BaseTool)

        def __call__(cls, tool: BaseTool) -> BaseTool:
            return tool

    class Tool(BaseTool, metaclass=_EveryTool):
        """A tool call: an instance of the tool's own class and of the provider's."""
