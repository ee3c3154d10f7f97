"""The tools that a model may call, whoever provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core.base.tool import BaseTool

if TYPE_CHECKING:
    from pydantic import BaseModel

    class Tool(BaseTool):
        """A tool call: an instance of the tool's own class and of the provider's."""

        @property
        def tool_call(self) -> BaseModel:
            """The SDK's own object of the call."""
            ...

else:  # the two classes have no other class in common
    Tool = BaseTool
