"""JSON objects outside server-sent events: a single one, one a line, or in an array.

A server that does not stream sends its response so, and so do proxies that append an error to a
forwarded response. Each object counts as an event as soon as its closing brace is received; the
characters between objects only separate them.
"""

from __future__ import annotations

import re
from typing import Final

from mirascope.core._wire.json_scanner import JSONScanner

_SEPARATOR: Final = re.compile(r"[ \t\r\n,\[\]\x1e]*+")


class BareObjects:
    r"""Splits a body into its objects; each byte is read once.

    Attributes:
        incomplete: The received part of the object that is not complete yet.

    Example:
        >>> BareObjects().feed(b'[{"a": 1},\n {"b": 2}] end')
        ([b'{"a": 1}', b'{"b": 2}'], b'end')
    """

    __slots__ = ("_scanner", "incomplete")

    def __init__(self) -> None:
        self._scanner = JSONScanner()
        self.incomplete = bytearray()

    def feed(self, block: bytes) -> tuple[list[bytes], bytes]:
        """Return the objects that a block completes, and the rest where the JSON ends."""
        text = block.decode("latin-1")  # one letter a byte; JSON's brackets and quotes are ASCII
        found: list[bytes] = []
        at = 0
        while at < len(text):
            if not self.incomplete:
                separator = _SEPARATOR.match(text, at)
                at = separator.end() if separator else at
                if not text.startswith("{", at):
                    return found, block[at:]
            start, at = at, self._scanner.end(text, at)
            self.incomplete += block[start:at]
            if self._scanner.is_complete:
                found.append(bytes(self.incomplete))
                self.incomplete.clear()
                self._scanner = JSONScanner()
        return found, b""
