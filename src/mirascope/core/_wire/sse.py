r"""Server-sent events from bytes, however the network cut them.

Strategy: a block of bytes is read line by line, as the standard says, and lines may end in LF, CRLF
or CR. Bytes of an event that is not whole wait in one buffer until the blank line that ends it has
come, and only new ones are searched for it, so the work is linear however finely the bytes are cut.
Everything stays bytes: a character cut in two is whole again before anyone decodes it. Of an event
only the data is told: no provider says anything by its name that is not in there. The exception is
the name ``error``, which some servers send with any data: it then precedes the data, on a line that
no JSON begins with, so that events of other names cost nothing.

Not every response to a streaming request is a stream. A line that begins with a brace or a bracket
is none of an event's: from there on the objects of bare JSON are events. A body that begins with
neither is text, such as a page of HTML; its beginning is kept.

An event that the connection's end cut off is dropped, as the standard says, but not one that only
lacks its blank line; whether the answer was complete is for its decoder to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mirascope.core._wire.bare_json import BareObjects
from mirascope.core._wire.json_text import is_json

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
ERROR_EVENT: Final = b"event: error"
"""What the data of an event begins with whose name is ``error``."""
DONE: Final = b"[DONE]"

_PIECE: Final = 256 * 1024
_MOST_UNREAD: Final = 4 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_BARE: Final = (b"{", b"[")
_FIELDS: Final = (b"data", b"event", b"id", b"retry", b"")
_LEADING: Final = re.compile(rb"\A(?:\xef\xbb\xbf|[ \t\n])++")


class EventTooLargeError(ValueError):
    """One event is larger than the bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent an event of more than {limit:,} bytes")


class SSEDecoder:
    r"""A push decoder: feed it bytes, get the data of the events that they complete.

    Args:
        max_event_bytes: The most that one event may hold.

    Attributes:
        is_text: Whether the body begins neither as events do nor as JSON.
        unread: The beginning of the lines that are no part of an event.

    Example:
        >>> decoder = SSEDecoder()
        >>> decoder.feed(b"data: on")
        []
        >>> decoder.feed(b"e\n\nevent: ping\ndata:\n\n")
        [b'one', b'']
        >>> SSEDecoder().feed(b'{"choices":\n[]}')
        [b'{"choices": []}']
    """

    __slots__ = ("_after_cr", "_bare", "_buffer", "_in_lines", "_max", "is_text", "unread")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._bare = BareObjects()
        self._after_cr = False
        self._in_lines: bool | None = None  # before it is known how the body begins
        self.is_text = False
        self.unread = b""

    @property
    def cut_off(self) -> bytes:
        """What has come of an object of bare JSON that is not complete."""
        return bytes(self._bare.incomplete).rstrip(b"\n")

    def feed(self, block: bytes) -> Iterable[bytes]:
        """Return the data of the events that this block of bytes completes.

        A huge block, as compression makes of a small one, is read in pieces, as its events are.

        Raises:
            EventTooLargeError: An event is larger than the bound.
        """
        if len(block) > _PIECE:
            return self._in_pieces(block)
        if self._buffer or self._after_cr or not self._in_lines:
            block = self._with_waiting(block)
        lines = block.splitlines()
        rest = b"" if block.endswith(b"\n") else self._unfinished(block, lines)
        events: list[bytes] = []
        data: list[bytes] = []
        for line in lines:
            if line.startswith(b"data: "):
                data.append(line[6:])
            elif line:
                if not self._read_field(line, data):
                    return [*events, *self._out_of_lines(data, lines[lines.index(line) :], rest)]
            elif data:
                events.append(b"\n".join(data))
                data.clear()
        if rest or data:
            self._buffer += b"".join([b"data: %b\n" % line for line in data]) + rest
        # An oversized event must not cost the reader the good ones before it: those first.
        if len(block) > self._max or (self._buffer and len(self._buffer) > self._max):
            self._check(events)
        return events

    def missing_terminator(self) -> bytes:
        """Return what to feed when the body has ended: the blank line that the last event lacks.

        If the event is cut off, or is bare JSON, there is nothing to feed.
        """
        if self._in_lines is False:
            return b""
        fields = [line.partition(b":") for line in bytes(self._buffer).splitlines()]
        data = b"\n".join(value.strip() for name, _, value in fields if name == b"data")
        named = (b"event", b":", b" error") in fields
        whole = not data or named or data.startswith((DONE, ERROR_EVENT)) or is_json(data)
        return b"\n\n" if whole and len(self._buffer) <= self._max else b""

    def _check(self, events: list[bytes]) -> None:
        waits = not events and len(self._buffer) > self._max
        if waits or any(len(event) > self._max for event in events):
            raise EventTooLargeError(self._max)

    def _in_pieces(self, block: bytes) -> Iterator[bytes]:
        for start in range(0, len(block), _PIECE):
            yield from self.feed(block[start : start + _PIECE])

    def _unfinished(self, block: bytes, lines: list[bytes]) -> bytes:
        """Take away the line that has no end yet; if a CR ended the last one, an LF may follow."""
        self._after_cr = block.endswith(b"\r") or (self._after_cr and not block)
        return lines.pop() if lines and not self._after_cr else b""

    def _with_waiting(self, block: bytes) -> bytes:
        """Put what was waiting before a block; all of it waits until it has the end of an event."""
        if self._in_lines is False:
            return self._framed(block)
        waiting = len(self._buffer)
        if waiting > self._max:
            raise EventTooLargeError(self._max)
        self._buffer += self._with_lf(block)
        if self._in_lines is None:
            if not self._begins():
                return b""
            waiting = 0
        if self._in_lines and self._buffer.find(b"\n\n", max(0, waiting - 1)) < 0:
            return b""
        block = bytes(self._buffer)
        self._buffer.clear()
        return block if self._in_lines else self._framed(block)

    def _with_lf(self, block: bytes) -> bytes:
        """Make all line ends LF; a CRLF may be cut in two between blocks."""
        if self._after_cr and block.startswith(b"\n"):
            block = block[1:]
            self._after_cr = False
        if block:
            self._after_cr = block.endswith(b"\r")
        return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _begins(self) -> bool:
        """Look at how the body begins; false while that cannot be known yet."""
        head = _LEADING.sub(b"", self._buffer)
        self._buffer = bytearray(head)
        name = head.partition(b"\n")[0].partition(b":")[0]
        if name == head and any(field.startswith(name) for field in (*_FIELDS, _BOM)):
            return False
        self._in_lines = not head.startswith(_BARE)
        self.is_text = self._in_lines and name not in _FIELDS
        return True

    def _out_of_lines(self, data: list[bytes], lines: list[bytes], rest: bytes) -> Iterable[bytes]:
        """Read on from a line that is bare JSON, which ends an event before it."""
        events = [b"\n".join(data)] if data else []
        if lines[0].startswith(DONE):
            return [*events, DONE]
        self._in_lines = False
        return [*events, *self.feed(b"\n".join([*lines, rest]))]

    def _framed(self, block: bytes) -> bytes:
        """Make an event of each object that a block of bare JSON completes; lines may follow."""
        objects, rest = self._bare.feed(block)
        if not objects and len(self._bare.incomplete) > self._max:
            raise EventTooLargeError(self._max)
        if rest:
            self._in_lines, self._after_cr = True, False
        return b"".join([b"data: %b\n\n" % b" ".join(o.splitlines()) for o in objects]) + rest

    def _read_field(self, line: bytes, data: list[bytes]) -> bool:
        """Read a line that is not blank; false if it is bare JSON."""
        if line.startswith(b"event: ") and line != ERROR_EVENT:
            return True
        if line.startswith(_BARE):
            return False
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event" and value.strip() == b"error":
            data.insert(0, ERROR_EVENT)
        elif name not in _FIELDS and len(self.unread) < _MOST_UNREAD:
            self.unread = (self.unread + line.strip() + b"\n")[:_MOST_UNREAD]
        return True
