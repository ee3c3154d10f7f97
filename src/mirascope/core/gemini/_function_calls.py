"""Assembles function calls whose arguments are streamed, each fragment with its JSON path.

The SDK yields the fragments unchanged. Here a call opens with its name, and its arguments become
one delta when the call is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, cast

from mirascope.core._wire.events import JSON, Record, ToolCallDelta
from mirascope.core._wire.json_fields import fields, objects, text, text_or_none

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")
_VALUE_FIELDS: Final = ("boolValue", "nullValue", "numberValue", "stringValue")


class FunctionCallAssembler:
    """Assembles the function calls of one candidate."""

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[str, JSON] | None = None
        self._unfinished_path = ""  # of a string that continues

    def add(self, part: dict[str, JSON]) -> tuple[dict[str, JSON] | None, ToolCallDelta | None]:
        """Add a part with a call or a fragment of one.

        Returns:
            The part to keep, if it opens a call; further fragments are added to it. And the delta
            of the call, if it is opened or completed.
        """
        fragment = fields(part.get("functionCall"))
        opened: dict[str, JSON] | None = None
        if self._open is None or fragment.get("name"):
            call = {name: fragment[name] for name in ("id", "name") if name in fragment}
            self._open = {**call, "args": dict(fields(fragment.get("args")))}
            self._count += 1
            opened = {**part, "functionCall": self._open}
        call = self._open
        for partial in objects(fragment.get("partialArgs")):
            self._set_argument(partial, cast("dict[str, JSON]", call["args"]))
        if not fragment.get("willContinue"):
            self._open = None
            arguments = json.dumps(call["args"])
        else:
            arguments = ""
        if opened is None and not arguments:
            return None, None
        id_, name = text_or_none(fragment.get("id")), text_or_none(fragment.get("name"))
        return opened, ToolCallDelta(self._count - 1, id_, name, arguments)

    def _set_argument(self, partial: Record, args: dict[str, JSON]) -> None:
        """Set the value of a path, or append to the string there that continues."""
        path = text(partial.get("jsonPath"))
        *steps, last = list(_steps(path)) or [""]
        holder: JSON = args
        for step, following in zip(steps, [*steps, last][1:], strict=True):
            holder = _at(holder, step, [] if isinstance(following, int) else {})
        value = next((partial[name] for name in _VALUE_FIELDS if name in partial), None)
        before = _at(holder, last, None)
        if self._unfinished_path == path and isinstance(before, str) and isinstance(value, str):
            value = before + value
        _put(holder, last, None if "nullValue" in partial else value)
        self._unfinished_path = path if partial.get("willContinue") else ""


def _steps(path: str) -> Iterator[str | int]:
    for name, index, quoted in _STEP.findall(path):
        yield int(index) if index else name or quoted


def _at(holder: JSON, step: str | int, new: JSON) -> JSON:
    """Return the value at a step; if there is none, put a new one there."""
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, new)
    if isinstance(holder, list) and isinstance(step, int):
        if step >= len(holder):
            holder.append(new)
        return holder[min(step, len(holder) - 1)]
    return new


def _put(holder: JSON, step: str | int, value: JSON) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder[min(step, len(holder) - 1)] = value
