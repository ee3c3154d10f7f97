"""JSON objects that are in no event: one alone, one a line, or in an array.

A server that does not stream sends its response so, and so do proxies that add an error to what
they forward. Each object counts as an event, as soon as its last brace has come; what is between
the objects only separates them.
"""

from __future__ import annotations

import re
from typing import Final

from mirascope.core._wire.json_scanner import JSONScanner

_BETWEEN: Final = re.compile(r"[ \t\r\n,\[\]\x1e]*+")


class BareObjects:
    r"""Finds such objects, each byte of which is read once.

    Attributes:
        incomplete: What has come of the object that is not complete yet.

    Example:
        >>> BareObjects().feed(b'[{"a": 1},\n {"b": 2}] end')
        ([b'{"a": 1}', b'{"b": 2}'], b'end')
    """

    __slots__ = ("_extent", "incomplete")

    def __init__(self) -> None:
        self._extent = JSONScanner()
        self.incomplete = bytearray()

    def feed(self, block: bytes) -> tuple[list[bytes], bytes]:
        """Return the objects that a block completes, and what follows them that is no object."""
        text = block.decode("latin-1")  # one letter a byte, and JSON's marks are those of ASCII
        found: list[bytes] = []
        at = 0
        while at < len(text):
            if not self.incomplete:
                between = _BETWEEN.match(text, at)
                at = between.end() if between else at
                if not text.startswith("{", at):
                    return found, block[at:]
            start, at = at, self._extent.end(text, at)
            self.incomplete += block[start:at]
            if self._extent.is_complete:
                found.append(bytes(self.incomplete))
                self.incomplete.clear()
                self._extent = JSONScanner()
        return found, b""
