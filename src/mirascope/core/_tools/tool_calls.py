"""Tool calls of an answer, and what they gave."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, cast

import pydantic_core
from pydantic import BaseModel
from typing_extensions import TypeVar

from mirascope.core._tools.tool import BaseTool, arguments_of, name_of
from mirascope.core._types import JsonableType
from mirascope.core._wire.deltas import freeze_fields
from mirascope.core._wire.events import JSON, Record, ToolCall, ToolCallDelta
from mirascope.core._wire.json_fields import fields
from mirascope.core._wire.sdk_models import to_builtins
from mirascope.errors import ToolCallError

ToolT = TypeVar("ToolT", bound=BaseTool, default=BaseTool, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'

NamedT = TypeVar("NamedT", bound="_Named")

_PROMPT: Final = frozenset({"model", "messages"})


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class ToolCallRecord(NamedTuple):
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


def tool_call_record(call: ToolCall) -> ToolCallRecord:
    """Return a tool call of a stream as far as it has come."""
    return ToolCallRecord(call.call_id, call.name, call.arguments, rest=freeze_fields(call.extra))


def by_name(types: Iterable[type[ToolT]]) -> Mapping[str, type[ToolT]]:
    """Return tools by the names that the model knows them by."""
    return {name_of(kind): kind for kind in types}


def build_tool(types: Mapping[str, type[ToolT]], call: ToolCallRecord) -> ToolT:
    """Return the tool of a call.

    Raises:
        ToolCallError: The arguments are cut off or do not fit, or there is no such tool.
    """
    kind = types.get(call.name)
    if kind is None:
        known = ", ".join(types)
        problem = f"the model called {call.name!r}, but its tools are: {known}"
        raise ToolCallError(problem, call.name, call.arguments)
    made = call.made or sdk_call(kind, call)
    return kind.from_arguments(call.arguments, made)


def find_call(calls: Sequence[NamedT], name: str) -> NamedT | None:
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
    value = to_builtins(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return fields.get("name") == name or any(_names(each, name) for each in fields.values())
    if isinstance(value, list):
        return any(_names(each, name) for each in cast("list[object]", value))
    return getattr(value, "__name__", None) == name


def sdk_call(kind: type[BaseTool], call: ToolCallRecord) -> object:
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


def delta_of(tool: BaseTool) -> ToolCallDelta:
    """Return the call that a tool is of."""
    return ToolCallDelta(None, call_id(tool), name_of(type(tool)), arguments_of(tool))


def output_text(output: JsonableType) -> str:
    """Return what a tool gave as text: text as it is, bytes as base64, anything else as JSON.

    Raises:
        TypeError: JSON cannot hold it.
    """
    value = output_value(output)
    return value if isinstance(value, str) else pydantic_core.to_json(value).decode()


def output_value(output: JsonableType) -> JSON:
    """Return what a tool gave as what JSON can hold, bytes as base64.

    Raises:
        TypeError: JSON cannot hold it.
    """
    try:
        return cast("JSON", pydantic_core.to_jsonable_python(_without_bytes(output)))
    except (ValueError, RecursionError) as error:
        raise TypeError(
            f"a tool's output must be text, bytes or what JSON can hold, but this "
            f"{type(output).__name__} is not: {error}"
        ) from error


def _without_bytes(value: object) -> object:
    """Return a value with bytes as base64; pydantic's has letters that most decoders refuse."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(cast("bytes", value)).decode()
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return {name: _without_bytes(field) for name, field in fields.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_bytes(element) for element in cast("Iterable[object]", value)]
    return value
