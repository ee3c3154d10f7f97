"""Parts of decoded JSON that may be of any type: what is not as it should be, says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core._wire.json_text import from_text

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Record


def fields(value: JSON) -> Record:
    """Return an object's fields, none if it is no object."""
    return value if isinstance(value, dict) else {}


def objects(value: JSON) -> list[Record]:
    """Return the objects in a list, none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: JSON) -> str:
    """Return a text, ``""`` if it is none."""
    return value if isinstance(value, str) else ""


def number(value: JSON) -> int | None:
    """Return a whole number, ``None`` if it is none."""
    return value if isinstance(value, int) else None


def from_cut_off(arguments: str) -> JSON:
    """Return the arguments of a tool call, of one that is cut off as far as they came."""
    try:
        return from_text(arguments, allow_partial="on") or {}
    except ValueError:
        return {}
