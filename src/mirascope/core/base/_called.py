"""Tool calls of an answer, and what they gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import pydantic_core
from pydantic import BaseModel
from typing_extensions import TypeVar

from mirascope.core._wire.events import Record, ToolCall, ToolCallDelta
from mirascope.core._wire.fields import fields
from mirascope.core._wire.growing import grown_fields
from mirascope.core.base.tool import BaseTool, arguments_of, name_of
from mirascope.core.base.types import JsonableType
from mirascope.errors import ToolCallError

ToolT = TypeVar("ToolT", bound=BaseTool, default=BaseTool)


class Called(NamedTuple):
    """A tool call of an answer.

    Attributes:
        id: The provider's id for it, if there is one.
        name: The tool's name.
        arguments: The JSON text of the arguments.
        made: The SDK's own object, if there is one already.
        rest: The fields beside these, as the provider has them.
    """

    id: str | None
    name: str
    arguments: str
    made: object = None
    rest: Record | None = None


def called(call: ToolCall) -> Called:
    """Return a tool call of a stream as far as it has come."""
    return Called(call.id, call.name, call.arguments, rest=grown_fields(call.rest))


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
    made = call.made or sdk_call(kind, call)
    return kind.from_arguments(call.arguments, made)


def sdk_call(kind: type[BaseTool], call: Called) -> object:
    """Return the SDK's object for a call, which has all fields of it that the SDK would keep."""
    return _with_fields(kind.sdk_call(call.id, call.name, call.arguments), call.rest or {})


def _with_fields(made: object, more: Record) -> object:
    """Return one of the SDK's objects with fields that it does not know, if it keeps such."""
    if not more or not isinstance(made, BaseModel) or made.model_config.get("extra") != "allow":
        return made
    inner = {name: getattr(made, name, None) for name in more}
    return made.model_copy(
        update={
            name: _with_fields(inner[name], fields(value))
            if isinstance(inner[name], BaseModel)
            else value
            for name, value in more.items()
        }
    )


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
