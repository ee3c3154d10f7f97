"""A function call whose arguments come in pieces (Vertex: ``streamFunctionCallArguments``).

The first piece has the name. Each further one sets values at JSON paths, texts piece by piece. The
last one says no longer that the call will continue.
"""

from __future__ import annotations

import re
from io import StringIO
from itertools import pairwise
from typing import Final, cast

from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.reply import Growing, grown

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[['\"]([^'\"]*)['\"]\]")
_VALUES: Final = ("stringValue", "numberValue", "boolValue")
_NO_FIELDS: Final = frozenset({"functionCall"})


class CallInPieces:
    """Such a call so far.

    Args:
        part: The part that opened it.
    """

    def __init__(self, part: Record) -> None:
        self._part = {name: field for name, field in part.items() if name not in _NO_FIELDS}
        self._call: dict[str, JSON] = {}
        self._args: dict[str, Growing] = {}

    def add(self, part: Record) -> bool:
        """Add a piece; tell whether it was the last one."""
        call = cast("Record", part["functionCall"])
        self._call.update({name: call[name] for name in ("id", "name") if call.get(name)})
        pieces = call.get("partialArgs")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._set(piece)
        return call.get("willContinue") is not True

    def part(self) -> dict[str, JSON]:
        """Return the part that the call is, as if it had come whole."""
        return {**self._part, "functionCall": {**self._call, "args": grown(self._args)}}

    def _set(self, piece: Record) -> None:
        path = piece.get("jsonPath")
        steps = [
            int(index) if index else name or quoted
            for name, index, quoted in _STEP.findall(path if isinstance(path, str) else "")
        ]
        if not steps or not isinstance(steps[0], str):
            return
        node: Growing = self._args
        for step, following in pairwise(steps):
            inner: Growing = {} if isinstance(following, str) else []
            node = _at(node, step, inner)
        value = next((piece[name] for name in _VALUES if name in piece), None)
        if not isinstance(value, str):
            _at(node, steps[-1], cast("Growing", value))
        elif isinstance(text := _at(node, steps[-1], StringIO()), StringIO):
            text.write(value)


def _at(node: Growing, step: int | str, missing: Growing) -> Growing:
    """Return what is at a step; put there what is missing. An index leads one further at most."""
    if isinstance(node, dict) and isinstance(step, str):
        return node.setdefault(step, missing)
    if isinstance(node, list) and isinstance(step, int):
        if step >= len(node):
            node.append(missing)
        return node[min(step, len(node) - 1)]
    return missing
