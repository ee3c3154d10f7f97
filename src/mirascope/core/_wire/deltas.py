"""JSON that comes in deltas, put together as a plain response has it.

One rule for every field, whether an SDK knows it or not: texts are joined; elements of lists are
merged by their ``index``, else by their ``id``, else appended; objects are merged field by field;
anything else is replaced by the newest. ``null`` replaces nothing.

Two exceptions come from what servers send (the recordings). A label, such as a type or a role, is
repeated as a whole and never comes in pieces. And elements with one index but two types are two:
OpenRouter numbers a summary and the encrypted reasoning after it both 0.

Text grows in a buffer, never by joining strings, so a long text costs what its length costs.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, TypeAlias, cast

from mirascope.core._wire.events import text_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirascope.core._wire.events import JSON, Record

Mergeable: TypeAlias = (
    "StringIO | str | int | float | bool | list[Mergeable] | dict[str, Mergeable] | None"
)
"""JSON whose texts can grow."""

LABELS = frozenset(
    {
        *("channel", "format", "id", "index", "model", "name"),
        *("object", "provider", "role", "status", "type"),
    }
)
"""Labels, which identify a thing or its owner: the newest that is not empty counts."""


class _Elements(list[Mergeable]):
    """A list that grows, with the newest element for each index or id, and for that and a type."""

    __slots__ = ("_newest",)

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[tuple[object, ...], dict[str, Mergeable]] = {}

    def merge_delta(self, delta: JSON) -> None:
        """Add an element of a delta, to the element that it continues if there is one."""
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
            element = dict[str, Mergeable]()
            self.append(element)
        merge_delta(element, delta)
        self._newest[*key, kind] = self._newest[*key, None] = element


def _identity(element: Record) -> tuple[object, ...] | None:
    name = "id" if element.get("index") is None else "index"
    value = element.get(name)
    is_one = isinstance(value, int | float) or text_or_none(value) is not None
    return (name, value) if is_one else None


def merge_delta(into: dict[str, Mergeable], delta: Mapping[str, JSON]) -> None:
    """Add a delta to what came before; `freeze` reads the sum."""
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
        elif isinstance(value, dict | list):
            into[key] = _merged(before, value)
        elif value is not None or key not in into:
            into[key] = value


def _merged(before: Mergeable, value: dict[str, JSON] | list[JSON]) -> Mergeable:
    if isinstance(value, dict):
        merged = before if isinstance(before, dict) else dict[str, Mergeable]()
        merge_delta(merged, value)
        return merged
    if not isinstance(before, _Elements):
        before = _Elements()
    for element in value:
        before.merge_delta(element)
    return before


def freeze(value: Mergeable) -> JSON:
    """Return plain JSON for what `merge_delta` has put together."""
    if isinstance(value, StringIO):
        return value.getvalue()
    if isinstance(value, dict):
        return freeze_fields(value)
    if isinstance(value, list):
        return [freeze(element) for element in value]
    return value


def freeze_fields(fields: Mapping[str, Mergeable]) -> dict[str, JSON]:
    """Return plain JSON for the fields that `merge_delta` has put together."""
    return {name: freeze(field) for name, field in fields.items()}
