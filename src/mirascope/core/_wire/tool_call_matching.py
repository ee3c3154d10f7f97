"""Which tool call of an answer a piece belongs to: the newest that it continues, if any.

A piece without a name whose index is known can only continue, whatever id it carries: some servers
put a fresh id on every piece. It is of the call with its index and its id, if there is one, else of
the newest with its index. `ToolCall.continued_by` decides about any other piece.

An answer may have thousands of calls, so not all of them are asked. A piece with an id or an index
can only be of a call with the same, unless some call came without; a named one without an id can
only be of a call that is still open, unless it may be an empty end to one that is complete. The
calls that are left are asked, the newest first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirascope.core._wire.events import ToolCall, ToolCallDelta


class ToolCallMatcher:
    """Finds the call that a piece continues.

    Args:
        calls: The calls so far, to which `add` adds.
    """

    __slots__ = ("_by_id", "_by_key", "_calls", "_open")

    def __init__(self, calls: list[ToolCall]) -> None:
        self._calls = calls
        self._by_id: defaultdict[str | None, list[ToolCall]] = defaultdict(list)
        self._by_key: defaultdict[int | None, list[ToolCall]] = defaultdict(list)
        self._open: list[ToolCall] = []

    def add(self, call: ToolCall) -> None:
        """Take note of a new call."""
        self._calls.append(call)
        self._by_id[call.id or None].append(call)
        self._by_key[call.key].append(call)
        self._open.append(call)

    def with_key(self, key: int | None) -> Sequence[ToolCall]:
        """Return the calls with an index."""
        return self._by_key.get(key, [])

    def find(self, piece: ToolCallDelta) -> ToolCall | None:
        """Return the newest call that a piece continues."""
        if not piece.name and piece.key is not None and (same := self._by_key.get(piece.key)):
            named = self._by_id.get(piece.id, ()) if piece.id else ()
            return next((call for call in reversed(named) if call.key == piece.key), same[-1])
        for call in reversed(self._candidates(piece)):
            if call.continued_by(piece):
                return call
        return None

    def _candidates(self, piece: ToolCallDelta) -> Sequence[ToolCall]:
        if piece.id and None not in self._by_id:
            return self._by_id.get(piece.id, [])
        candidates = self._calls
        if piece.key is not None and None not in self._by_key:
            candidates = self._by_key.get(piece.key, [])
        ends_nothing = piece.key is None or piece.arguments.strip()
        if piece.name and not piece.id and ends_nothing and len(candidates) > 1:
            self._open = [call for call in self._open if not call.is_complete]
            candidates = min(self._open, candidates, key=len)
        return candidates
