"""Content that is a list of parts instead of a text: Mistral's, and that of other servers.

A part of reasoning has its text in a nested list: Mistral's in ``thinking``, Databricks' in
``summary``. In a stream, a delta has fragments of parts. Its first fragment continues the last part
if both are of the same type of text and have no different signature: signed content is sent back
unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mirascope.core._wire.deltas import merge_delta
from mirascope.core._wire.json_fields import objects, text

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Mergeable, Record

_REASONING_FIELDS: Final = ("thinking", "reasoning", "summary", "text", "content")
"""The fields in which a part of reasoning has its text; the first that has some counts."""

_REASONING_TYPES: Final = ("reasoning", "thinking")
_TEXT_TYPES: Final = (None, "text", "output_text")
"""The types of a part of text; some servers leave the type out."""
_MERGED_TYPES: Final = frozenset(
    {"reasoning", "reasoning_text", "summary_text", "text", "thinking"}
)
_IDENTITY: Final = ("id", "index", "signature")


def texts_of(content: JSON) -> tuple[str, str]:
    """Return the text and the reasoning in the content of a message or delta."""
    if not isinstance(content, list):
        return text(content), ""
    return "".join(map(_text_of, content)), "".join(map(_reasoning_of, objects(content)))


def _text_of(part: JSON) -> str:
    if not isinstance(part, dict):
        return text(part)
    return text(part.get("text")) if part.get("type") in _TEXT_TYPES else ""


def _reasoning_of(part: Record) -> str:
    if part.get("type") not in _REASONING_TYPES:
        return ""
    for name in _REASONING_FIELDS:
        value = part.get(name)
        found = text(value) or "".join(text(inner.get("text")) for inner in objects(value))
        if found:
            return found
    return ""


def add_parts(into: list[Mergeable], fragments: list[JSON]) -> None:
    """Add the fragments of parts in a delta to the received parts."""
    for number, fragment in enumerate(fragments):
        if not isinstance(fragment, dict):
            into.append(cast("Mergeable", fragment))
            continue
        last = into[-1] if into and not number else None
        if not isinstance(last, dict) or not _continues(last, fragment):
            last = dict[str, "Mergeable"]()
            into.append(last)
        _merge_fragment(last, fragment)


def _merge_fragment(part: dict[str, Mergeable], fragment: Record) -> None:
    for name, value in fragment.items():
        if isinstance(value, list):
            inner = part.get(name)
            if not isinstance(inner, list):
                part[name] = inner = list["Mergeable"]()
            add_parts(inner, value)
        elif name in _IDENTITY:
            part[name] = cast("Mergeable", value) or part.get(name)
        else:
            merge_delta(part, {name: value})


def _continues(last: dict[str, Mergeable], fragment: Record) -> bool:
    kind = fragment.get("type")
    return (
        kind == last.get("type")
        and isinstance(kind, str)
        and kind in _MERGED_TYPES
        and not any(_differ(last.get(name), fragment.get(name)) for name in _IDENTITY)
    )


def _differ(before: Mergeable, new: JSON) -> bool:
    return new not in (None, "") and before not in (None, "", new)


def only_text(parts: list[Mergeable]) -> bool:
    """Return whether parts are only text, so that a text is equivalent."""
    return all(
        isinstance(part, dict) and part.keys() <= {"type", "text"} and part.get("type") == "text"
        for part in parts
    )
