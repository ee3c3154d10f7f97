"""JSON that servers send, decoded.

The fast decoder refuses half an emoji, which servers send when they cut one in two. The slow one
takes it, but also as the name of a field, and numbers and nesting of any size. Nothing that reads
the result could stand those, so they are refused here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal, cast

import pydantic_core

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON

_MOST_DIGITS: Final = 4_300  # what Python makes a number of, and writes of one
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9])[0-9]{%d}" % (_MOST_DIGITS + 1))
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def from_bytes(data: bytes) -> JSON:
    """Decode a JSON document, in which texts may have half an emoji.

    Raises:
        ValueError: It is none.
    """
    if len(data) > _MOST_DIGITS and _LONG_NUMBER.search(data):
        return _slowly(data)
    try:
        decoded: JSON = pydantic_core.from_json(data)
    except ValueError:
        return _slowly(data)
    return decoded


def is_json(data: bytes) -> bool:
    """Return whether a text is a JSON document."""
    try:
        from_bytes(data)
    except ValueError:
        return False
    return True


def _slowly(data: bytes) -> JSON:
    pydantic_core.from_json(_HALF.sub(rb"\\ufffd", data))  # looks at the nesting
    return cast("JSON", json.loads(data, object_pairs_hook=_object))


def _object(pairs: list[tuple[str, JSON]]) -> JSON:
    for name, _ in pairs:
        name.encode()
    return dict(pairs)


def from_text(
    text: str, *, allow_partial: Literal["off", "on", "trailing-strings"] = "off"
) -> JSON:
    """Decode a JSON document, cut off or not, that is a text in another.

    Halves of an emoji become one again; half a one alone becomes the replacement character.

    Raises:
        ValueError: It is none.
    """
    try:
        return cast("JSON", pydantic_core.from_json(text, allow_partial=allow_partial))
    except TypeError:  # which is what a lone surrogate is to it
        return cast(
            "JSON", pydantic_core.from_json(whole_characters(text), allow_partial=allow_partial)
        )


def whole_characters(text: str) -> str:
    r"""Return a text without surrogates: pairs become their character, others cannot be shown.

    >>> whole_characters("\ud83d\ude00 \ud83d")
    '😀 �'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
