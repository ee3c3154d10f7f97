"""Tool calls as Chat Completions and Cohere have them: an object with a ``function`` in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from mirascope.core._wire.deltas import freeze_fields
from mirascope.core._wire.events import ToolCallDelta
from mirascope.core._wire.json_fields import fields, id_or_none, text_or_none, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mirascope.core._wire.events import JSON, Record, ToolCall

_CALL_FIELDS: Final = frozenset({"function", "id", "index", "type"})
_FUNCTION_FIELDS: Final = frozenset({"arguments", "name"})
_FUNCTION_TYPES: Final = (None, "", "function")
_INDEX: Final = re.compile(r"\d{1,9}", re.ASCII)


def read_tool_calls(calls: JSON) -> tuple[ToolCallDelta, ...]:
    """Return the deltas of tool calls in the ``tool_calls`` of a delta or message."""
    if not calls or not isinstance(calls, list):
        return ()
    return tuple(_read_tool_call(call) for call in calls if isinstance(call, dict))


def _read_tool_call(call: Record) -> ToolCallDelta:
    function = fields(call.get("function"))
    return ToolCallDelta(
        key=_read_index(call.get("index")),
        id=id_or_none(call.get("id")),
        name=text_or_none(function.get("name")),
        arguments=arguments_text(function.get("arguments")),
        extra=_extra_fields(call, function),
    )


def _read_index(value: JSON) -> int | None:
    """Return the index of a tool call; some servers write it as a string or a float."""
    if isinstance(value, str):
        return int(value) if _INDEX.fullmatch(value) else None
    return whole_number(value)


def _extra_fields(call: Record, function: Record) -> Record | None:
    """Return the fields of a tool call, and of its function, that `ToolCallDelta` does not have."""
    kind = call.get("type")
    if (
        _CALL_FIELDS.issuperset(call)
        and _FUNCTION_FIELDS.issuperset(function)
        and kind in _FUNCTION_TYPES
    ):
        return None
    extra = {name: value for name, value in call.items() if name not in _CALL_FIELDS}
    if kind not in _FUNCTION_TYPES:
        extra["type"] = kind
    inner = {name: value for name, value in function.items() if name not in _FUNCTION_FIELDS}
    return {**extra, "function": inner} if inner else extra


def arguments_text(arguments: object) -> str:
    """Return the arguments of a tool call as JSON text; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments) if isinstance(arguments, dict) else ""


def number_calls(calls: Iterable[Record]) -> list[JSON]:
    """Return the tool calls of a complete message, each with its index, as a stream has them."""
    return [{"index": index, **call} for index, call in enumerate(calls)]


def tool_call_json(call: ToolCall) -> dict[str, JSON]:
    """Return a received tool call as a complete message has it."""
    extra = freeze_fields(call.extra)
    function = {"name": call.name, "arguments": call.arguments, **fields(extra.pop("function", {}))}
    record: dict[str, JSON] = {
        "id": call.call_id,
        "type": "function",
        "function": function,
        **extra,
    }
    if record["type"] != "function" and not (call.name or call.arguments):
        del record["function"]
    return record
