"""Content that is a list of parts rather than a text: Mistral's, and that of other servers.

A part of reasoning has its text in a list again: Mistral's in ``thinking``, Databricks' in
``summary``. In a stream, a delta has pieces of parts. Its first piece goes on with the last part if
both are of the same kind of text, unless it is signed otherwise: what is signed goes back as it
was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mirascope.core._wire.deltas import Mergeable, merge_delta
from mirascope.core._wire.json_fields import objects, text

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Record

_REASONING: Final = ("thinking", "reasoning", "summary", "text", "content")
"""Where a part of reasoning has its text; the first that has some counts."""

_MERGED: Final = frozenset({"reasoning", "reasoning_text", "summary_text", "text", "thinking"})
_TEXTS: Final = (None, "text", "output_text")
"""The types of a part of text; some servers leave the type out."""
_TELL_APART: Final = ("id", "index", "signature")


def texts_of(content: JSON) -> tuple[str, str]:
    """Return the text and the reasoning of the content of a message or delta."""
    if not isinstance(content, list):
        return text(content), ""
    return "".join(map(_text, content)), "".join(map(_reasoning, objects(content)))


def _text(part: JSON) -> str:
    if not isinstance(part, dict):
        return text(part)
    return text(part.get("text")) if part.get("type") in _TEXTS else ""


def _reasoning(part: Record) -> str:
    if text(part.get("type")) not in {"reasoning", "thinking"}:
        return ""
    return next(filter(None, (_text_in(part.get(name)) for name in _REASONING)), "")


def _text_in(value: JSON) -> str:
    return text(value) or "".join(text(part.get("text")) for part in objects(value))


def add_parts(into: list[Mergeable], pieces: list[JSON]) -> None:
    """Add the pieces of parts that a delta has to the parts so far."""
    for number, piece in enumerate(pieces):
        if not isinstance(piece, dict):
            into.append(cast("Mergeable", piece))
            continue
        last = into[-1] if into and not number else None
        if not isinstance(last, dict) or not _goes_on(last, piece):
            last = dict[str, Mergeable]()
            into.append(last)
        _add_piece(last, piece)


def _add_piece(part: dict[str, Mergeable], piece: Record) -> None:
    for name, value in piece.items():
        if isinstance(value, list):
            inner = part.get(name)
            if not isinstance(inner, list):
                part[name] = inner = list[Mergeable]()
            add_parts(inner, value)
        elif name in _TELL_APART:
            part[name] = cast("Mergeable", value) or part.get(name)
        else:
            merge_delta(part, {name: value})


def _goes_on(last: dict[str, Mergeable], piece: Record) -> bool:
    kind = piece.get("type")
    return (
        kind == last.get("type")
        and isinstance(kind, str)
        and kind in _MERGED
        and not any(_differ(last.get(name), piece.get(name)) for name in _TELL_APART)
    )


def _differ(before: Mergeable, new: JSON) -> bool:
    return new not in (None, "") and before not in (None, "", new)


def only_text(parts: list[Mergeable]) -> bool:
    """Return whether parts are only text, so that a text is equivalent."""
    return all(
        isinstance(part, dict) and part.keys() <= {"type", "text"} and part.get("type") == "text"
        for part in parts
    )
