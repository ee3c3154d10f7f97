"""Server-sent events of a server that leaves frames out.

An error in the middle of a stream comes as bare JSON on lines of its own, to the end of the body:
it becomes an event like the others. The last event may lack its blank line; cut off itself, it does
not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from typing_extensions import override

from mirascope.core._wire.json_text import from_bytes
from mirascope.core._wire.sse import MAX_EVENT_BYTES, SSEDecoder

_BARE: Final = re.compile(rb"\n[{\[]")


class LenientSSEDecoder(SSEDecoder):
    r"""A push decoder for such events; an empty block is the end of the body.

    Args:
        max_event_bytes: The most that one event may hold.

    Example:
        >>> decoder = LenientSSEDecoder()
        >>> decoder.feed(b'data: {}\n\n{\n"error": 1}')
        [b'{}']
        >>> decoder.feed(b"")
        [b'{\n"error": 1}']
    """

    __slots__ = ("_at_line_start", "_bare")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(max_event_bytes)
        self._bare = False
        self._at_line_start = True

    @override
    def feed(self, block: bytes) -> Iterable[bytes]:
        if block:
            return super().feed(self._framed(block))
        return [data for data in super().feed(b"\n\n") if self._bare or _is_json(data)]

    def _framed(self, block: bytes) -> bytes:
        if self._bare:
            return _with_frame(block)
        start = self._start(block)
        self._at_line_start = block.endswith(b"\n")
        if start < 0:
            return block
        self._bare = True
        return block[:start] + b"\n\ndata: " + _with_frame(block[start:])

    def _start(self, block: bytes) -> int:
        """Find where bare JSON begins; -1 if none does."""
        if self._at_line_start and block.startswith((b"{", b"[")):
            return 0
        found = _BARE.search(block)
        return found.start() + 1 if found else -1


def _with_frame(block: bytes) -> bytes:
    return block.replace(b"\n", b"\ndata: ")


def _is_json(data: bytes) -> bool:
    try:
        from_bytes(data)
    except ValueError:
        return False
    return True
