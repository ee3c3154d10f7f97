"""Merges JSON deltas to the JSON of a plain response.

One rule holds for every field, whether an SDK knows it or not: texts are concatenated; elements of
lists are merged by their ``index``, else by their ``id``, else appended; objects are merged field
by field; anything else is replaced by the newest value. ``null`` replaces nothing.

Two exceptions follow from what servers send (see the recordings). A label, such as a type or a
role, is repeated in full and never sent in fragments. And elements with one index but two types are
two: OpenRouter numbers a summary and the encrypted reasoning after it both 0.

Text grows in a buffer, never by concatenation, so the cost is linear in the length.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Final, cast

from mirascope.core._wire.json_fields import text_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirascope.core._wire.events import JSON, Mergeable, Record

LABELS: Final = frozenset(
    {
        *("channel", "format", "id", "index", "model", "name"),
        *("object", "provider", "role", "status", "type"),
    }
)
"""Fields that identify a thing or its owner: the newest value that is not empty counts."""


class _Elements(list["Mergeable"]):
    """A list to which elements are merged, with the newest one for each index or id, and type."""

    __slots__ = ("_newest",)

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[tuple[object, ...], dict[str, Mergeable]] = {}

    def merge_delta(self, delta: JSON) -> None:
        """Merge an element of a delta to the element that it continues, or append it."""
        key = _identity(delta) if isinstance(delta, dict) else None
        if key is None or not isinstance(delta, dict):
            self.append(cast("Mergeable", delta))
            return
        kind = text_or_none(delta.get("type"))
        element = self._newest.get((*key, kind))
        if element is None and kind is not None:
            untyped = self._newest.get((*key, None))
            element = None if untyped is None or untyped.get("type") else untyped
        if element is None:
            element = dict[str, "Mergeable"]()
            self.append(element)
        merge_delta(element, delta)
        self._newest[*key, kind] = self._newest[*key, None] = element


def _identity(element: Record) -> tuple[object, ...] | None:
    name = "id" if element.get("index") is None else "index"
    value = element.get(name)
    is_one = isinstance(value, int | float) or text_or_none(value) is not None
    return (name, value) if is_one else None


def merge_delta(into: dict[str, Mergeable], delta: Mapping[str, JSON]) -> None:
    """Merge a delta; `freeze` returns the result."""
    for key, value in delta.items():
        before = into.get(key)
        if isinstance(value, str):
            if key in LABELS:
                into[key] = value or before or value
            elif isinstance(before, StringIO):
                before.write(value)
            else:
                into[key] = buffer = StringIO()
                buffer.write(before + value if isinstance(before, str) else value)
        elif isinstance(value, dict):
            if not isinstance(before, dict):
                into[key] = before = dict[str, "Mergeable"]()
            merge_delta(before, value)
        elif isinstance(value, list):
            if not isinstance(before, _Elements):
                into[key] = before = _Elements()
            for element in value:
                before.merge_delta(element)
        elif value is not None or key not in into:
            into[key] = value


def freeze(value: Mergeable) -> JSON:
    """Return a merged value as plain JSON."""
    if isinstance(value, StringIO):
        return value.getvalue()
    if isinstance(value, dict):
        return freeze_fields(value)
    if isinstance(value, list):
        return [freeze(element) for element in value]
    return value


def freeze_fields(fields: Mapping[str, Mergeable]) -> dict[str, JSON]:
    """Return merged fields as plain JSON."""
    return {name: freeze(field) for name, field in fields.items()}
