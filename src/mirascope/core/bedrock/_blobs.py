"""Bytes in messages: base64 text on the wire, and bytes in what botocore returns and accepts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, cast

from mirascope.core._prompts.message_param import base64_of

_BLOBS: Final = frozenset({"bytes", "redactedContent"})


def with_bytes(value: object) -> Any:
    """Return JSON of the wire with bytes in place of base64 text."""
    return _with_blobs(value, as_bytes)


def with_text(value: object) -> Any:
    """Return a message as JSON, with base64 text in place of bytes."""
    return _with_blobs(value, base64_of)


def mergeable(value: object) -> Any:
    """Return JSON with blobs as text that has a character for each byte, as deltas are merged."""
    return _with_blobs(value, lambda blob: as_bytes(blob).decode("latin-1"))


def merged(value: object) -> Any:
    """Return the JSON of merged deltas, with blobs as base64 text; see `mergeable`."""
    return _with_blobs(value, lambda blob: base64_of(str(blob).encode("latin-1")))


def as_bytes(blob: str | bytes) -> bytes:
    """Return bytes, of which text is the base64; text that is none is encoded."""
    if isinstance(blob, bytes):
        return blob
    try:
        return base64.b64decode(blob, validate=True)
    except binascii.Error:
        return blob.encode()


def _with_blobs(value: object, convert: Callable[[str | bytes], object]) -> Any:
    if isinstance(value, list):
        return [_with_blobs(element, convert) for element in cast("list[object]", value)]
    if isinstance(value, dict):
        return {
            name: convert(field)
            if name in _BLOBS and isinstance(field, str | bytes)
            else _with_blobs(field, convert)
            for name, field in cast("dict[str, object]", value).items()
        }
    return value
