"""Decodes JSON that servers send.

The fast decoder (pydantic-core's) rejects a lone surrogate, which servers send when they split an
emoji. The slow one (the standard library's) accepts it, but also in names of fields, and numbers
and nesting of any size. Later code cannot handle those, so they are rejected here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal, cast

import pydantic_core

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON

_MAX_DIGITS: Final = 4_300  # Python's limit for converting between text and int
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9])[0-9]{%d}" % (_MAX_DIGITS + 1))
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def from_bytes(data: bytes) -> JSON:
    """Decode a JSON document whose texts may have lone surrogates.

    Raises:
        ValueError: It is not a JSON document.
    """
    try:
        if len(data) <= _MAX_DIGITS or not _LONG_NUMBER.search(data):
            decoded: JSON = pydantic_core.from_json(data)
            return decoded
    except ValueError:
        pass
    return _decode_slowly(data)


def is_json(data: bytes) -> bool:
    """Return whether bytes are a JSON document."""
    try:
        from_bytes(data)
    except ValueError:
        return False
    return True


def _decode_slowly(data: bytes) -> JSON:
    pydantic_core.from_json(_SURROGATE.sub(rb"\\ufffd", data))  # checks the nesting
    return cast("JSON", json.loads(data, object_pairs_hook=_checked_object))


def _checked_object(pairs: list[tuple[str, JSON]]) -> JSON:
    for name, _ in pairs:
        name.encode()  # fails for a lone surrogate
    return dict(pairs)


def from_text(
    text: str, *, allow_partial: Literal["off", "on", "trailing-strings"] = "off"
) -> JSON:
    """Decode a JSON document that was a text in another; it may be cut off.

    Surrogate pairs become their character, lone surrogates the replacement character.

    Raises:
        ValueError: It is not a JSON document.
    """
    try:
        return cast("JSON", pydantic_core.from_json(text, allow_partial=allow_partial))
    except TypeError:  # for a surrogate
        return cast(
            "JSON", pydantic_core.from_json(without_surrogates(text), allow_partial=allow_partial)
        )


def without_surrogates(text: str) -> str:
    r"""Return a text with pairs of surrogates as their character, and lone ones replaced.

    >>> without_surrogates("\ud83d\ude00 \ud83d")
    '😀 �'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
