"""Typed access to untrusted JSON: a value of the wrong type is treated as absent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mirascope.core._wire.json_text import from_text

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Record


def fields(value: JSON) -> Record:
    """Return the fields of an object, none for any other value."""
    return value if isinstance(value, dict) else {}


def objects(value: JSON) -> list[Record]:
    """Return the objects in a list, none for any other value."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: JSON) -> str:
    """Return a string, ``""`` for any other value."""
    return value if isinstance(value, str) else ""


def text_or_none(value: JSON) -> str | None:
    """Return a string that is not empty, ``None`` for any other value."""
    return value if value and isinstance(value, str) else None


def id_or_none(value: JSON) -> str | None:
    """Return the id of a tool call; some servers, and Mistral's SDK, write ``"null"`` for none."""
    return None if value == "null" else text_or_none(value)


def number(value: JSON) -> int | None:
    """Return an integer, ``None`` for any other value."""
    return value if isinstance(value, int) else None


def whole_number(value: JSON) -> int | None:
    """Return a finite number as an integer, ``None`` for any other value."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None


def parse_partial(arguments: str) -> JSON:
    """Return the arguments of a tool call, of an incomplete one as far as they are received."""
    try:
        return from_text(arguments, allow_partial="on") or {}
    except ValueError:
        return {}
