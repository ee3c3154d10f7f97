"""Frames for what Gemini sends without one.

An error in the middle of a stream comes as bare JSON on lines of its own, to the end of the body.
It becomes an event like the others.
"""

from __future__ import annotations

import re
from typing import Final

_BARE: Final = re.compile(rb"[\r\n][{\[]")


class Framer:
    """Puts a frame around the bare JSON of one stream.

    Attributes:
        bare: Whether bare JSON has come.
    """

    def __init__(self) -> None:
        self.bare = False
        self._at_line_start = True

    def framed(self, block: bytes) -> bytes:
        """Return a block as server-sent events."""
        if self.bare:
            return _with_frame(block)
        start = self._start(block)
        self._at_line_start = block.endswith((b"\r", b"\n"))
        if start is None:
            return block
        self.bare = True
        return block[:start] + b"\n\ndata: " + _with_frame(block[start:])

    def _start(self, block: bytes) -> int | None:
        if self._at_line_start and block.startswith((b"{", b"[")):
            return 0
        found = _BARE.search(block)
        return found and found.start() + 1


def _with_frame(block: bytes) -> bytes:
    return block.replace(b"\n", b"\ndata: ")
