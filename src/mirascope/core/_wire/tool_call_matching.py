"""Finds the tool call that a delta belongs to: the newest that it continues, if any.

A delta without a name whose index is known can only continue, whatever id it has: some servers put
a new id on every delta. It belongs to the call with its index and its id, if there is one, else to
the newest with its index. `ToolCall.matches` decides about any other delta.

A message may have thousands of calls, so not all of them are compared. A delta with an id or an
index can only belong to a call with the same, unless some call has none; a named one without an id
can only belong to a call that is not complete, unless it may be an empty end of one that is. The
remaining calls are compared, the newest first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirascope.core._wire.events import ToolCall, ToolCallDelta


class ToolCallMatcher:
    """Finds the call that a delta continues.

    Args:
        calls: The calls so far, to which `add` appends.
    """

    __slots__ = ("_by_id", "_by_key", "_calls", "_open")

    def __init__(self, calls: list[ToolCall]) -> None:
        self._calls = calls
        self._by_id: defaultdict[str | None, list[ToolCall]] = defaultdict(list)
        self._by_key: defaultdict[int | None, list[ToolCall]] = defaultdict(list)
        self._open: list[ToolCall] = []

    def add(self, call: ToolCall) -> None:
        """Add a new call."""
        self._calls.append(call)
        self._by_id[call.id or None].append(call)
        self._by_key[call.key].append(call)
        self._open.append(call)

    def with_key(self, key: int | None) -> Sequence[ToolCall]:
        """Return the calls with an index."""
        return self._by_key.get(key, [])

    def find(self, delta: ToolCallDelta) -> ToolCall | None:
        """Return the newest call that a delta continues."""
        if not delta.name and delta.key is not None and (same := self._by_key.get(delta.key)):
            named = self._by_id.get(delta.id, ()) if delta.id else ()
            return next((call for call in reversed(named) if call.key == delta.key), same[-1])
        for call in reversed(self._candidates(delta)):
            if call.matches(delta):
                return call
        return None

    def _candidates(self, delta: ToolCallDelta) -> Sequence[ToolCall]:
        if delta.id and None not in self._by_id:
            return self._by_id.get(delta.id, [])
        candidates = self._calls
        if delta.key is not None and None not in self._by_key:
            candidates = self._by_key.get(delta.key, [])
        completes_nothing = delta.key is None or delta.arguments.strip()
        if delta.name and not delta.id and completes_nothing and len(candidates) > 1:
            self._open = [call for call in self._open if not call.is_complete]
            candidates = min(self._open, candidates, key=len)
        return candidates
