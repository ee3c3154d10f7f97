"""Tool calls of an answer, and what they gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, cast

import pydantic_core
from typing_extensions import TypeVar

from mirascope.core._wire.events import ToolCallDelta
from mirascope.core.base._typed import plain
from mirascope.core.base.tool import BaseTool, arguments_of, name_of
from mirascope.core.base.types import JsonableType
from mirascope.errors import ToolCallError

ToolT = TypeVar("ToolT", bound=BaseTool, default=BaseTool)

NamedT = TypeVar("NamedT", bound="_Named")

_PROMPT: Final = frozenset({"model", "messages"})


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class Called(NamedTuple):
    """A tool call of an answer.

    Attributes:
        id: The provider's id for it, if there is one.
        name: The tool's name.
        arguments: The JSON text of the arguments.
        made: The SDK's own object, if there is one already.
    """

    id: str | None
    name: str
    arguments: str
    made: object = None


def by_name(types: Iterable[type[ToolT]]) -> Mapping[str, type[ToolT]]:
    """Return tools by the names that the model knows them by."""
    return {name_of(kind): kind for kind in types}


def tool_of(types: Mapping[str, type[ToolT]], call: Called) -> ToolT:
    """Return the tool of a call.

    Raises:
        ToolCallError: The arguments are cut off or do not fit, or there is no such tool.
    """
    kind = types.get(call.name)
    if kind is None:
        known = ", ".join(types)
        error = ToolCallError(f"the model called {call.name!r}, but its tools are: {known}")
        error.tool_name, error.arguments = call.name, call.arguments
        raise error
    made = call.made or kind.sdk_call(call.id, call.name, call.arguments)
    return kind.from_arguments(call.arguments, made)


def called_as(calls: Sequence[NamedT], name: str) -> NamedT | None:
    """Return the call of a tool; where there is none, the first call, if there is any."""
    named = (call for call in calls if call.name == name)
    return next(named, calls[0] if calls else None)


def is_declared(call_kwargs: Mapping[str, object], name: str) -> bool:
    """Whether a request has a tool of a name in the provider's own form.

    Args:
        call_kwargs: All that was passed to the SDK.
        name: The name.
    """
    return any(_names(call_kwargs[key], name) for key in call_kwargs.keys() - _PROMPT)


def _names(value: object, name: str) -> bool:
    """Whether something in a value has a name."""
    value = plain(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return fields.get("name") == name or any(_names(each, name) for each in fields.values())
    if isinstance(value, list):
        return any(_names(each, name) for each in cast("list[object]", value))
    return getattr(value, "__name__", None) == name


def call_id(tool: BaseTool) -> str | None:
    """Return the id of the call that a tool is of."""
    return cast("str | None", getattr(getattr(tool, "tool_call", None), "id", None))


def call_of(tool: BaseTool) -> ToolCallDelta:
    """Return the call that a tool is of."""
    return ToolCallDelta(None, call_id(tool), name_of(type(tool)), arguments_of(tool))


def output_text(output: JsonableType) -> str:
    """Return what a tool gave as text: text as it is, anything else as JSON."""
    if isinstance(output, str):
        return output
    return pydantic_core.to_json(output, bytes_mode="base64").decode()
