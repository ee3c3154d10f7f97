r"""Server-sent events from bytes, however the network cut them.

Strategy: a block of bytes is read line by line, as the standard says, and lines may end in LF, CRLF
or CR. Bytes of an event that is not whole wait in one buffer until the blank line that ends it has
come, and only new ones are searched for it, so the work is linear however finely the bytes are cut.
Everything stays bytes: a character cut in two is whole again before anyone decodes it. Of an event
only the data is told: no provider says anything by its name that is not in there.

An event that the connection's end cut off is dropped, as the standard says; whether the answer was
complete is for its decoder to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
_PIECE: Final = 256 * 1024

_BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """One event is larger than the bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent an event of more than {limit:,} bytes")


class SSEDecoder:
    r"""A push decoder: feed it bytes, get the data of the events that they complete.

    Args:
        max_event_bytes: The most that one event may hold.

    Example:
        >>> decoder = SSEDecoder()
        >>> decoder.feed(b"data: on")
        []
        >>> decoder.feed(b"e\n\nevent: ping\ndata:\n\n")
        [b'one', b'']
    """

    __slots__ = ("_after_cr", "_buffer", "_max", "_started")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._after_cr = False
        self._started = False

    def feed(self, block: bytes) -> Iterable[bytes]:
        """Return the data of the events that this block of bytes completes.

        A huge block, as compression makes of a small one, is read in pieces, as its events are.

        Raises:
            EventTooLargeError: An event is larger than the bound.
        """
        if len(block) > _PIECE:
            return self._in_pieces(block)
        if self._buffer or self._after_cr or not self._started:
            block = self._with_waiting(block)
        lines = block.splitlines()
        rest = b"" if block.endswith(b"\n") else self._unfinished(block, lines)
        events: list[bytes] = []
        data: list[bytes] = []
        for line in lines:
            if line.startswith(b"data: "):
                data.append(line[6:])
            elif line:
                data += _data_of(line)
            elif data:
                events.append(b"\n".join(data))
                data.clear()
        if rest or data:
            self._buffer += b"".join([b"data: %b\n" % line for line in data]) + rest
        # An oversized event must not cost the reader the good ones before it: those first.
        if self._buffer and not events and len(self._buffer) > self._max:
            raise EventTooLargeError(self._max)
        if len(block) > self._max and any(len(event) > self._max for event in events):
            raise EventTooLargeError(self._max)
        return events

    def _in_pieces(self, block: bytes) -> Iterator[bytes]:
        for start in range(0, len(block), _PIECE):
            yield from self.feed(block[start : start + _PIECE])

    def _unfinished(self, block: bytes, lines: list[bytes]) -> bytes:
        """Take away the line that has no end yet; if a CR ended the last one, an LF may follow."""
        self._after_cr = block.endswith(b"\r") or (self._after_cr and not block)
        return lines.pop() if lines and not self._after_cr else b""

    def _with_waiting(self, block: bytes) -> bytes:
        """Put what was waiting before a block; all of it waits until it has the end of an event."""
        waiting = len(self._buffer)
        if waiting > self._max:
            raise EventTooLargeError(self._max)
        self._buffer += self._with_lf(block)
        if not (self._started or self._strip_bom()):
            return b""
        if self._buffer.find(b"\n\n", max(0, waiting - 1)) < 0:
            return b""
        block = bytes(self._buffer)
        self._buffer.clear()
        return block

    def _with_lf(self, block: bytes) -> bytes:
        """Make all line ends LF; a CRLF may be cut in two between blocks."""
        if self._after_cr and block.startswith(b"\n"):
            block = block[1:]
            self._after_cr = False
        if block:
            self._after_cr = block.endswith(b"\r")
        return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _strip_bom(self) -> bool:
        """Drop a byte order mark at the very start; false while it may still be incomplete."""
        if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        if self._buffer.startswith(_BOM):
            del self._buffer[:3]
        self._started = True
        return True


def _data_of(line: bytes) -> list[bytes]:
    """Return the data of a line, if it has some."""
    field, _, value = line.partition(b":")
    return [value.removeprefix(b" ")] if field == b"data" else []
