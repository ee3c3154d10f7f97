"""The bodies of HTTP/1.1 responses (RFC 9112), decoded block by block."""

from __future__ import annotations

import re
from functools import lru_cache
from http.client import HTTPException
from io import BytesIO
from typing import Final

_MAX_FRAMING: Final = 2**16
"""The most bytes between two chunks, or after the last one."""

_CRLF: Final = b"\r\n"
_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
"""The line before a chunk: its size, and perhaps extensions."""

_TRAILER: Final = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")
"""After the last chunk: the size zero, and the trailer fields."""


class PlainBody:
    """Reads a body without transfer encoding.

    Args:
        length: Its bytes; ``None`` if it ends with its connection.

    Attributes:
        ended: Whether the body was received completely.
        excess: The bytes that were received after its end.
    """

    def __init__(self, length: int | None) -> None:
        self.ended = length == 0
        self.excess = b""
        self._remaining = length

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body in the next bytes of the connection; empty at its end.

        Raises:
            HTTPException: The connection ended before the body.
        """
        if self._remaining is None:
            self.ended = not data
            return data
        if not data:
            raise HTTPException(
                f"the connection ended {self._remaining} bytes before the end of the body"
            )
        block, self.excess = data[: self._remaining], data[self._remaining :]
        self._remaining -= len(block)
        self.ended = not self._remaining
        return block


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
        self._framing = _CRLF  # as after a chunk

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body in the next bytes of the connection.

        All chunks of a block are returned as one.

        Raises:
            HTTPException: The bytes are not in chunks, or the connection ended before the body.
        """
        if self._framing == _CRLF:  # between two chunks; a live stream sends one at a time
            start = data.find(b"\n") + 1
            end = start + _size(data[:start])
            if data[end:] == _CRLF and start < end:
                return data[start:end]
        if not data:
            raise HTTPException("the connection ended before the end of the body")
        received = BytesIO(self._framing + data)
        read, read_line = received.read, received.readline
        parts: list[bytes] = []
        remaining, crlf, line = self._remaining, b"", b""
        while True:
            part = read(remaining)
            parts.append(part)
            remaining -= len(part)
            if remaining:
                break
            crlf, line = read_line(), read_line()
            if crlf != _CRLF or not (remaining := _size(line)):
                break
        self._remaining = remaining
        self._framing = b"" if remaining else crlf + line + read()
        if len(self._framing) > len(_CRLF):
            self._read_framing(line)
        return b"".join(parts)

    def _read_framing(self, line: bytes) -> None:
        """Read the bytes after a chunk that no chunk follows yet."""
        if end := _TRAILER.match(self._framing):
            self.ended = True
            self.excess = self._framing[end.end() :]
        elif len(self._framing) > _MAX_FRAMING or (line.endswith(b"\n") and not _SIZE.match(line)):
            raise HTTPException("the body is not chunked, although the headers declare it")


@lru_cache(256)
def _size(line: bytes) -> int:
    """Return the size in the line before a chunk; 0 if it has none, or is not complete."""
    size = _SIZE.match(line)
    return int(size[1], 16) if size else 0
