r"""Server-sent events from bytes, however the network cut them.

Strategy: bytes wait in one buffer until the blank line that ends an event has come; only new bytes
are searched for it, so the work is linear however finely the bytes are cut. Line ends are made
LF first (CRLF and CR are legal), after which whole events are split off at ``\\n\\n``. The common
event, one ``data:`` line, takes a short cut; anything else is read line by line as the standard
says. Everything stays bytes: a character cut in two is whole again before anyone decodes it.

An event that the connection's end cut off is dropped, as the standard says; whether the answer was
complete is for its decoder to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

ServerSentEvent = tuple[str, bytes]
"""The event's name (``""`` if it has none) and its data."""

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
_PIECE: Final = 256 * 1024

_BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """One event is larger than the bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent an event of more than {limit:,} bytes")


class SSEDecoder:
    r"""A push decoder: feed it bytes, get the events that they complete.

    Args:
        max_event_bytes: The most that one event may hold.

    Example:
        >>> decoder = SSEDecoder()
        >>> decoder.feed(b"data: on")
        []
        >>> decoder.feed(b"e\n\nevent: ping\ndata:\n\n")
        [('', b'one'), ('ping', b'')]
    """

    __slots__ = ("_after_cr", "_buffer", "_max", "_started")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._after_cr = False
        self._started = False

    def feed(self, block: bytes) -> Iterable[ServerSentEvent]:
        """Return the events that this block of bytes completes.

        A huge block, as compression makes of a small one, is read in pieces, as its events are.

        Raises:
            EventTooLargeError: An event is larger than the bound.
        """
        if self._is_one_event(block):
            return [("", block[6:-2])]
        return self._in_pieces(block) if len(block) > _PIECE else self._feed(block)

    def _in_pieces(self, block: bytes) -> Iterator[ServerSentEvent]:
        for start in range(0, len(block), _PIECE):
            yield from self._feed(block[start : start + _PIECE])

    def _feed(self, block: bytes) -> list[ServerSentEvent]:
        waiting = len(self._buffer)
        if waiting > self._max:
            raise EventTooLargeError(self._max)
        if self._after_cr or b"\r" in block:
            block = self._with_lf(block)
        if waiting or not self._started:
            self._buffer += block
            if not self._started and not self._strip_bom():
                return []
            if self._buffer.find(b"\n\n", max(0, waiting - 1)) < 0:
                block = b""
            else:
                block = bytes(self._buffer)
                self._buffer.clear()
        *whole, rest = block.split(b"\n\n")
        self._buffer += rest
        events = [event for text in whole if (event := self._event(text))]
        # An oversized event must not cost the reader the good ones before it: those first.
        if len(self._buffer) > self._max and not events:
            raise EventTooLargeError(self._max)
        if len(block) > self._max and any(len(data) > self._max for _, data in events):
            raise EventTooLargeError(self._max)
        return events

    def _is_one_event(self, block: bytes) -> bool:
        """Tell the common block, one event of one ``data: `` line, from all others."""
        return (
            block.startswith(b"data: ")
            and block.endswith(b"\n\n")
            and block.find(b"\n") == len(block) - 2
            and not self._buffer
            and not self._after_cr
            and self._started
            and b"\r" not in block
            and len(block) <= self._max
        )

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

    @staticmethod
    def _event(text: bytes) -> ServerSentEvent | None:
        if b"\n" not in text and text.startswith(b"data:"):
            return "", text[6 if text.startswith(b" ", 5) else 5 :]
        name = ""
        data: list[bytes] = []
        for line in text.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value.decode("utf-8", "replace")
        return (name, b"\n".join(data)) if data else None
