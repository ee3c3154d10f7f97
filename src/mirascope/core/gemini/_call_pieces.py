"""Tool calls whose arguments come in pieces, each with the path of what it adds to.

The SDK hands the pieces on as they come. Here they are put together: the call opens with its name,
and its arguments are told when it is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, cast

from mirascope.core._wire.events import JSON, Record, ToolCallDelta, text_or_none
from mirascope.core._wire.json_fields import fields, objects, text

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")
_VALUES: Final = ("boolValue", "nullValue", "numberValue", "stringValue")


class CallPieces:
    """Puts the calls of one answer together."""

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[str, JSON] | None = None
        self._growing = ""

    def add(self, part: dict[str, JSON]) -> tuple[dict[str, JSON] | None, ToolCallDelta | None]:
        """Read a part with a call, or a piece of one.

        Returns:
            The part to keep, if it is a new one, which grows by the pieces; and what it tells.
        """
        piece = fields(part.get("functionCall"))
        opened: dict[str, JSON] | None = None
        if self._open is None or piece.get("name"):
            opened = {**part, "functionCall": self._begin(piece)}
        call = self._open or {}
        for partial in objects(piece.get("partialArgs")):
            self._set(partial, cast("dict[str, JSON]", call["args"]))
        if not piece.get("willContinue"):
            self._open = None
            arguments = json.dumps(call["args"])
        else:
            arguments = ""
        if opened is None and not arguments:
            return None, None
        id_, name = text_or_none(piece.get("id")), text_or_none(piece.get("name"))
        return opened, ToolCallDelta(self._count - 1, id_, name, arguments)

    def _begin(self, piece: Record) -> dict[str, JSON]:
        told = {name: piece[name] for name in ("id", "name") if name in piece}
        self._open = {**told, "args": dict(fields(piece.get("args")))}
        self._count += 1
        return self._open

    def _set(self, piece: Record, args: dict[str, JSON]) -> None:
        """Set what a piece tells; a text that goes on is added to."""
        path = text(piece.get("jsonPath"))
        *steps, last = list(_steps(path)) or [""]
        holder: JSON = args
        for step, following in zip(steps, [*steps, last][1:], strict=True):
            holder = _at(holder, step, [] if isinstance(following, int) else {})
        value = next((piece[name] for name in _VALUES if name in piece), None)
        before = _at(holder, last, None)
        if self._growing == path and isinstance(before, str) and isinstance(value, str):
            value = before + value
        _put(holder, last, None if "nullValue" in piece else value)
        self._growing = path if piece.get("willContinue") else ""


def _steps(path: str) -> Iterator[str | int]:
    for name, index, quoted in _STEP.findall(path):
        yield int(index) if index else name or quoted


def _at(holder: JSON, step: str | int, fresh: JSON) -> JSON:
    """Return what is at a step, a fresh value if nothing is."""
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, fresh)
    if isinstance(holder, list) and isinstance(step, int):
        if step >= len(holder):
            holder.append(fresh)
        return holder[min(step, len(holder) - 1)]
    return fresh


def _put(holder: JSON, step: str | int, value: JSON) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder[min(step, len(holder) - 1)] = value
