"""Tool calls of a response, the tools built from them, and the outputs of tools."""

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
    """A tool call of a response.

    Attributes:
        id: The provider's id for it, ``None`` if there is none.
        name: The tool's name.
        arguments: The JSON text of the arguments.
        sdk_object: The SDK's object, ``None`` for a streamed call.
        extra: The provider's other fields of a streamed call.
    """

    id: str | None
    name: str
    arguments: str
    sdk_object: object = None
    extra: Record | None = None


def tool_call_record(call: ToolCall) -> ToolCallRecord:
    """Return the received part of a streamed tool call."""
    return ToolCallRecord(call.call_id, call.name, call.arguments, extra=freeze_fields(call.extra))


def by_name(types: Iterable[type[ToolT]]) -> Mapping[str, type[ToolT]]:
    """Return tool classes by the names by which the model calls them."""
    return {name_of(kind): kind for kind in types}


def build_tool(types: Mapping[str, type[ToolT]], call: ToolCallRecord) -> ToolT:
    """Return the tool for a call.

    Raises:
        ToolCallError: The arguments are incomplete or invalid, or there is no such tool.
    """
    kind = types.get(call.name)
    if kind is None:
        known = ", ".join(types)
        problem = (
            f"the model called a tool {call.name!r} that does not exist; the tools are: {known}"
        )
        raise ToolCallError(problem, call.name, call.arguments)
    return kind.from_arguments(call.arguments, call.sdk_object or sdk_call(kind, call))


def find_call(calls: Sequence[NamedT], name: str) -> NamedT | None:
    """Return the first call of a tool, or else the first call of any, or else ``None``."""
    named = (call for call in calls if call.name == name)
    return next(named, calls[0] if calls else None)


def is_declared(call_kwargs: Mapping[str, object], name: str) -> bool:
    """Return whether a request declares a tool of a name in the provider's own form.

    Args:
        call_kwargs: The SDK's keyword arguments.
        name: The name.
    """
    return any(_has_name(call_kwargs[key], name) for key in call_kwargs.keys() - _PROMPT)


def _has_name(value: object, name: str) -> bool:
    """Return whether a value, or a value inside of it, has a name."""
    value = to_builtins(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return fields.get("name") == name or any(_has_name(each, name) for each in fields.values())
    if isinstance(value, list):
        return any(_has_name(each, name) for each in cast("list[object]", value))
    return getattr(value, "__name__", None) == name


def sdk_call(kind: type[BaseTool], call: ToolCallRecord) -> object:
    """Return the SDK's object for a call, with all fields that the SDK itself would keep."""
    return _with_extra(kind.sdk_call(call.id, call.name, call.arguments), call.extra or {})


def _with_extra(sdk_object: object, extra: Record) -> object:
    """Return an SDK object with fields that it does not declare, if its model allows such."""
    if not extra or not isinstance(sdk_object, BaseModel):
        return sdk_object
    if sdk_object.model_config.get("extra") != "allow":
        return sdk_object
    inner = {name: getattr(sdk_object, name, None) for name in extra}
    return sdk_object.model_copy(
        update={
            name: _with_extra(inner[name], fields(value))
            if isinstance(inner[name], BaseModel)
            else value
            for name, value in extra.items()
        }
    )


def call_id(tool: BaseTool) -> str | None:
    """Return the id of a tool's call."""
    tool_call = getattr(tool, "tool_call", None)
    return tool._id_of(tool_call)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # each provider's own


def delta_of(tool: BaseTool) -> ToolCallDelta:
    """Return a tool's call as one delta."""
    return ToolCallDelta(None, call_id(tool), name_of(type(tool)), arguments_of(tool))


def output_text(output: JsonableType) -> str:
    """Return a tool's output as text: text as it is, bytes as base64, other values as JSON.

    Raises:
        TypeError: JSON cannot represent it.
    """
    value = output_value(output)
    return value if isinstance(value, str) else pydantic_core.to_json(value).decode()


def output_value(output: JsonableType) -> JSON:
    """Return a tool's output as a JSON value, bytes as base64.

    Raises:
        TypeError: JSON cannot represent it.
    """
    try:
        return cast("JSON", pydantic_core.to_jsonable_python(_without_bytes(output)))
    except (ValueError, RecursionError) as error:
        raise TypeError(
            "a tool's output must be text, bytes or a value that JSON can represent, "
            f"but this {type(output).__name__} is not: {error}"
        ) from error


def _without_bytes(value: object) -> object:
    """Replace bytes in a value by base64 text; pydantic's URL-safe alphabet is rarely accepted."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(cast("bytes", value)).decode()
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return {name: _without_bytes(field) for name, field in fields.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_bytes(element) for element in cast("Iterable[object]", value)]
    return value
