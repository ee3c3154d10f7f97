r"""Decodes server-sent events from bytes, wherever the network splits them.

Strategy: a block of bytes is read line by line; lines may end in LF, CRLF or CR (WHATWG HTML,
section 9.2.6). The bytes of an incomplete event wait in one buffer until the blank line that ends
it is received, and only new bytes are searched for that, so the work is linear in the bytes however
small the blocks are. Everything stays bytes: a split character is complete again before it is
decoded. Of an event only the data is returned, because it repeats the event's name as its type. The
exception is the name ``error``, which some servers send with any data: it then precedes the data,
on a line that no JSON begins with, so that events of other names cost nothing.

Not every response to a streaming request is a stream. A line that begins with a brace or a bracket
is no line of an event: from there on, the objects of bare JSON are events. A body that begins with
neither is text, such as a page of HTML; its beginning is kept.

An event that is cut off by the end of the connection is dropped, as the standard demands, but not
one that lacks only its blank line. Whether the response is complete is decided by its decoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mirascope.core._wire.json_scanner import BareObjects
from mirascope.core._wire.json_text import is_json

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
ERROR_EVENT: Final = b"event: error"
"""Precedes the data of an event whose name is ``error``."""
DONE: Final = b"[DONE]"

_MAX_BLOCK: Final = 256 * 1024
_MAX_UNREAD: Final = 4 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_BARE: Final = (b"{", b"[")
_FIELDS: Final = (b"data", b"event", b"id", b"retry", b"")
_HEAD: Final = re.compile(rb"(?:event: (?!error\r?\n)[^\r\n]*\r?\n)?data: ")
"""The beginning of an event up to its data, if it begins like almost all do."""
_LINE_ENDS: Final = re.compile(rb"[\r\n]++")
_LEADING: Final = re.compile(rb"\A(?:\xef\xbb\xbf|[ \t\n])++")


class EventTooLargeError(ValueError):
    """An event is larger than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent an event of more than {limit:,} bytes")


class SSEDecoder:
    r"""A push decoder: feed it bytes, get the data of the events that they complete.

    Args:
        max_event_bytes: The maximum size of one event.

    Attributes:
        is_text: Whether the body begins neither as events do nor as JSON.
        unread: The lines that belong to no event, at most their first 4 KiB.

    Example:
        >>> decoder = SSEDecoder()
        >>> decoder.feed(b"data: on")
        []
        >>> decoder.feed(b"e\n\nevent: ping\ndata:\n\n")
        [b'one', b'']
        >>> SSEDecoder().feed(b'{"choices":\n[]}')
        [b'{"choices": []}']
    """

    __slots__ = (
        *("_after_cr", "_bare", "_between", "_blank", "_buffer", "_head", "_in_lines", "_max"),
        *("is_text", "unread"),
    )

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._bare = BareObjects()
        self._after_cr = False
        self._head, self._blank = b"data: ", b"\n\n"
        self._between = self._blank + self._head
        self._in_lines: bool | None = None  # until enough of the body is received to decide
        self.is_text = False
        self.unread = b""

    @property
    def cut_off(self) -> bytes:
        """The received part of an incomplete object of bare JSON."""
        return _LINE_ENDS.sub(b" ", bytes(self._bare.incomplete).rstrip(b"\r\n"))

    def feed(self, block: bytes) -> Iterable[bytes]:
        """Return the data of the events that this block of bytes completes.

        A huge block, which decompression makes of a small one, is read lazily in smaller ones.

        Raises:
            EventTooLargeError: An event is larger than the limit.
        """
        if len(block) > _MAX_BLOCK:
            return self._feed_in_parts(block)
        if self._buffer or self._after_cr or not self._in_lines:
            block = self._with_buffered(block)
        if block.startswith(self._head) and block.endswith(self._blank):
            event = block[len(self._head) : -len(self._blank)]
            if b"\n" not in event and b"\r" not in event and len(event) <= self._max:
                return [event]  # a live stream sends one event at a time
        if uniform := self._uniform_events(block):
            return uniform
        if b"\r" in block:
            block = self._with_buffered(block)
        lines = block.split(b"\n")
        rest = lines.pop()
        events: list[bytes] = []
        data: list[bytes] = []
        for line in lines:
            if line.startswith(b"data: "):
                data.append(line[6:])
            elif line:
                if not self._read_field(line, data):
                    return [*events, *self._leave_lines(data, lines[lines.index(line) :], rest)]
            elif data:
                events.append(b"\n".join(data))
                data.clear()
        if rest or data:
            self._buffer += b"".join([b"data: %b\n" % line for line in data]) + rest
        if len(block) > self._max or (self._buffer and len(self._buffer) > self._max):
            self._check_size(events)
        return events

    def missing_terminator(self) -> bytes:
        """Return the blank line to feed at the end of the body, if only that is missing.

        It is empty if the last event is cut off, and for bare JSON.
        """
        if self._in_lines is False:
            return b""
        fields = [line.partition(b":") for line in bytes(self._buffer).splitlines()]
        data = b"\n".join(value.strip() for name, _, value in fields if name == b"data")
        named = (b"event", b":", b" error") in fields
        complete = not data or named or data.startswith((DONE, ERROR_EVENT)) or is_json(data)
        return b"\n\n" if complete and len(self._buffer) <= self._max else b""

    def _check_size(self, events: list[bytes]) -> None:
        """Raise an error for an oversized event; for an incomplete one after others, later.

        Raises:
            EventTooLargeError: An event is larger than the limit.
        """
        is_next = not events and len(self._buffer) > self._max
        if is_next or any(len(event) > self._max for event in events):
            raise EventTooLargeError(self._max)

    def _feed_in_parts(self, block: bytes) -> Iterator[bytes]:
        for start in range(0, len(block), _MAX_BLOCK):
            yield from self.feed(block[start : start + _MAX_BLOCK])

    def _uniform_events(self, block: bytes) -> list[bytes]:
        """Return the data of the events if all have one line of data, and the same name or none.

        They almost always do, and are split many times faster. If there is any other line, there
        are more line ends than such events have, and nothing is returned.
        """
        pairs = block.count(b"\r")
        newline = b"\r\n" if pairs else b"\n"
        if not (block.startswith(self._head) and self._blank.startswith(newline)):
            head = _HEAD.match(block)
            if head is None:
                return []
            self._head, self._blank = head[0], newline * 2
            self._between = self._blank + self._head
        end = block.rfind(self._blank)
        stop = end + len(self._blank)
        events = block[len(self._head) : end].split(self._between)
        line_ends = len(events) * self._between.count(b"\n")
        if len(block) > self._max or block.count(b"\n", 0, stop) != line_ends:
            return []
        if pairs and not block.count(newline) == block.count(b"\n") == pairs:
            return []
        if stop < len(block):
            self._buffer += block[stop:].replace(newline, b"\n")
        return events

    def _with_buffered(self, block: bytes) -> bytes:
        """Return the buffer and a block, or buffer both if they do not end an event."""
        if self._in_lines is False:
            return self._frame_objects(block)
        waiting = len(self._buffer)
        if waiting > self._max:
            raise EventTooLargeError(self._max)
        self._buffer += self._normalize_newlines(block)
        if self._in_lines is None:
            if not self._detect_format():
                return b""
            waiting = 0
        if self._in_lines and self._buffer.find(b"\n\n", max(0, waiting - 1)) < 0:
            return b""
        block = bytes(self._buffer)
        self._buffer.clear()
        return block if self._in_lines else self._frame_objects(block)

    def _normalize_newlines(self, block: bytes) -> bytes:
        """Replace all line ends by LF; a CRLF may be split between blocks."""
        if self._after_cr and block.startswith(b"\n"):
            block = block[1:]
            self._after_cr = False
        if block:
            self._after_cr = block.endswith(b"\r")
        if b"\r" not in block:
            return block
        lines = block.splitlines()
        if block.endswith((b"\n", b"\r")):
            lines.append(b"")
        return b"\n".join(lines)  # a third of the time of `replace`

    def _detect_format(self) -> bool:
        """Decide by its beginning what the body is; return false while that is not possible."""
        head = _LEADING.sub(b"", self._buffer)
        self._buffer = bytearray(head)
        name = head.partition(b"\n")[0].partition(b":")[0]
        if name == head and any(field.startswith(name) for field in (*_FIELDS, _BOM)):
            return False
        self._in_lines = not head.startswith(_BARE)
        self.is_text = self._in_lines and name not in _FIELDS
        return True

    def _leave_lines(self, data: list[bytes], lines: list[bytes], rest: bytes) -> Iterable[bytes]:
        """Continue as bare JSON from a line that is, which ends an event before it."""
        events = [b"\n".join(data)] if data else []
        if lines[0].startswith(DONE):
            return [*events, DONE]
        self._in_lines = False
        return [*events, *self.feed(b"\n".join([*lines, rest]))]

    def _frame_objects(self, block: bytes) -> bytes:
        """Return the objects that a block of bare JSON completes as events; lines may follow."""
        objects, rest = self._bare.feed(block)
        if not objects and len(self._bare.incomplete) > self._max:
            raise EventTooLargeError(self._max)
        if rest:
            self._in_lines, self._after_cr = True, False
        return b"".join([b"data: %b\n\n" % _LINE_ENDS.sub(b" ", o) for o in objects]) + rest

    def _read_field(self, line: bytes, data: list[bytes]) -> bool:
        """Read a line that is not blank; return false if it is bare JSON."""
        if line.startswith(b"event: ") and line != ERROR_EVENT:
            return True
        if line.startswith(_BARE):
            return False
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event" and value.strip() == b"error":
            data.insert(0, ERROR_EVENT)
        elif name not in _FIELDS and len(self.unread) < _MAX_UNREAD:
            self.unread = (self.unread + line.strip() + b"\n")[:_MAX_UNREAD]
        return True
