"""The option ``tools``: what it accepts, and the provider's tool classes for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

from mirascope.core._tools.tool import BaseTool, ToolT, name_of


@runtime_checkable
class ToolKitLike(Protocol):
    """An object that creates tools: a toolkit."""

    def create_tools(self) -> list[type[BaseTool]]:
        """Return the tools."""
        ...


Tools: TypeAlias = Sequence[type[BaseTool] | Callable[..., Any] | ToolKitLike]
"""The option ``tools``: tool classes, functions and other callables, and toolkits."""


def tool_types_of(tools: Iterable[object], kind: type[ToolT]) -> list[type[ToolT]]:
    """Return a provider's tool classes for user-supplied tools.

    Args:
        tools: Tool classes, functions and other callables, and toolkits.
        kind: The provider's base class of tools.

    Raises:
        TypeError: An element is none of these, or another provider's.
        ValueError: Two tools have one name, or a function cannot be a tool.
    """
    found: dict[str, type[ToolT]] = {}
    for tool in tools:
        for tool_type in _types_of(tool, kind):
            name = name_of(tool_type)
            if found.setdefault(name, tool_type) is not tool_type:
                raise ValueError(f"two tools have the name {name!r}: rename one of them")
    return list(found.values())


def _types_of(tool: object, kind: type[ToolT]) -> list[type[ToolT]]:
    if isinstance(tool, type):
        if issubclass(tool, BaseTool):
            return [kind.type_from_base_model_type(tool)]
    elif isinstance(tool, ToolKitLike):
        return [kind.type_from_base_model_type(each) for each in tool.create_tools()]
    elif callable(tool):
        return [kind.type_from_fn(tool)]
    if isinstance(tool, Mapping | BaseModel):
        raise TypeError(
            "`tools` needs functions, tool classes or toolkits; pass a tool in the provider's own "
            'format as `call_params={"tools": [...]}`'
        )
    raise TypeError(f"`tools` needs functions, tool classes or toolkits, not {tool!r}")
