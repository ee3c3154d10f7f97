"""The chunked transfer coding of HTTP/1.1, read by blocks: all the chunks of a block are one."""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import Final

_LONGEST: Final = 2**16
"""How much may stand between chunks, or after them."""

_SIZE: Final = re.compile(rb"\r\n([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
"""What stands between chunks: the end of one, and how long the next one is."""

_END: Final = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")
"""What stands after them: that there is no other one, and what else the server has to say."""


class ChunkedBody:
    """A body in chunks.

    Attributes:
        ended: Whether it is whole.
        excess: What came after its end, which is nobody's.
    """

    def __init__(self) -> None:
        self.ended = False
        self.excess = b""
        self._left = 0
        self._between = b"\r\n"  # as if a chunk had ended

    def feed(self, data: bytes) -> bytes:
        """Return what is of the body in some more bytes, as they came over the connection.

        Raises:
            HTTPException: These are no chunks, or it has ended before them.
        """
        if not data:
            raise HTTPException("the connection ended before the body")
        data = self._between + data
        pieces: list[bytes] = []
        at = 0
        while True:
            pieces.append(data[at : at + self._left])
            at += len(pieces[-1])
            self._left -= len(pieces[-1])
            size = None if self._left else _SIZE.match(data, at)
            if size is None or not (length := int(size[1], 16)):
                break
            self._left = length
            at = size.end()
        self._between = data[at:]
        if end := _END.match(self._between):
            self.ended = True
            self.excess = self._between[end.end() :]
        elif len(self._between) > _LONGEST or (size is None and b"\n" in self._between[2:]):
            raise HTTPException("the body is not in chunks, although it is said to be")
        return b"".join(pieces)
