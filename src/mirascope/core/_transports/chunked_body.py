"""Chunked transfer encoding of HTTP/1.1 (RFC 9112), decoded block by block."""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import Final

_MAX_FRAMING: Final = 2**16
"""The most bytes between two chunks, or after the last one."""

_CHUNK_SIZE: Final = re.compile(rb"\r\n([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
"""Between two chunks: the end of the one, and the size of the next."""

_TRAILER: Final = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")
"""After the last chunk: the size zero, and the trailer fields."""


class ChunkedBody:
    """Decodes a body in chunks.

    Attributes:
        ended: Whether the body was received completely.
        excess: The bytes that were received after its end.
    """

    def __init__(self) -> None:
        self.ended = False
        self.excess = b""
        self._remaining = 0
        self._framing = b"\r\n"  # as after a chunk

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body in the next bytes of the connection.

        All chunks of a block are returned as one.

        Raises:
            HTTPException: The bytes are not in chunks, or the connection ended before the body.
        """
        if not data:
            raise HTTPException("the connection ended before the end of the body")
        data = self._framing + data
        parts: list[bytes] = []
        at = 0
        while True:
            parts.append(data[at : at + self._remaining])
            at += len(parts[-1])
            self._remaining -= len(parts[-1])
            size = None if self._remaining else _CHUNK_SIZE.match(data, at)
            if size is None or not (length := int(size[1], 16)):
                break
            self._remaining = length
            at = size.end()
        self._framing = data[at:]
        if end := _TRAILER.match(self._framing):
            self.ended = True
            self.excess = self._framing[end.end() :]
        elif len(self._framing) > _MAX_FRAMING or (size is None and b"\n" in self._framing[2:]):
            raise HTTPException("the body is not chunked, although the headers declare it")
        return b"".join(parts)
