r"""Decodes Amazon's binary event streams (``application/vnd.amazon.eventstream``).

A frame is a prelude, headers, a payload of JSON and a checksum::

    total length | headers length | CRC of these two | headers | payload | CRC of all before
    4 bytes      | 4              | 4                | ...     | ...     | 4

A record is the payload below the type of its event, which only the headers have: Amazon's SDKs
present an event in the same way. An exception is a record too, and so is an unmodeled error, below
``error``. Headers repeat, so what they mean is cached.

Other APIs of Amazon send the events of a model's own API inside of frames, as base64: they are read
as server-sent events.

The first byte of a frame is that of a length, so it is small. A body that begins with a letter is
text, which servers and proxies send in place of a stream, and is read as one of `SSEDecoder`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Iterator
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812  # an exception class
from typing import Final
from zlib import crc32

from typing_extensions import override

from mirascope.core._engine.response_source import AsyncResponseSource, ResponseSource
from mirascope.core._wire.events import MalformedEventError
from mirascope.core._wire.json_fields import fields, text
from mirascope.core._wire.json_text import from_bytes
from mirascope.core._wire.sse import MAX_EVENT_BYTES, EventTooLargeError, SSEDecoder

_PRELUDE: Final = Struct("!III")
_CRC: Final = Struct("!I")
_LENGTH: Final = Struct("!H")
_FIXED_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""The sizes of the values of headers, by their type; other types begin with their length."""
_TEXT: Final = 7
_CHECKED: Final = 8
"""The size of the part of a prelude before its checksum."""
_OVERHEAD: Final = _PRELUDE.size + _CRC.size
_FIRST_LETTER: Final = 0x20


class EventStreamDecoder:
    r"""A push decoder: feed it bytes, get the records of the frames that they complete.

    Args:
        max_event_bytes: The maximum size of one frame.

    Example:
        >>> frame = bytes.fromhex(
        ...     "0000004100000029420336fc0b3a6576656e742d7479706507000470696e670d3a6d6573"
        ...     "736167652d747970650700056576656e747b2270223a20317ddddab6c5"
        ... )
        >>> decoder = EventStreamDecoder()
        >>> [*decoder.feed(frame[:20]), *decoder.feed(frame[20:])]
        [b'{"ping": {"p": 1}}']
    """

    __slots__ = ("_max", "_needed", "_parts", "_size", "_text")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._needed = 1
        self._text: SSEDecoder | None = None

    @property
    def is_text(self) -> bool:
        """Whether the body is neither frames nor JSON, such as a page of HTML."""
        return self._text is not None and self._text.is_text

    @property
    def unread(self) -> bytes:
        """The beginning of a body that is text."""
        return b"" if self._text is None else self._text.unread

    @property
    def cut_off(self) -> bytes:
        """The received part of a plain response in JSON."""
        return b"" if self._text is None else self._text.cut_off

    def missing_terminator(self) -> bytes:
        """Return what a body that is text lacks; an incomplete frame is cut off."""
        return b"" if self._text is None else self._text.missing_terminator()

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Yield the records that this block of bytes completes.

        Raises:
            MalformedEventError: A checksum is wrong, or the headers cannot be read.
            EventTooLargeError: A frame is larger than the limit.
        """
        if self._needed == 1 and block:
            self._needed = _PRELUDE.size
            if block[0] >= _FIRST_LETTER or block[:1].isspace():
                self._text = SSEDecoder(self._max)
        if self._text is not None:
            yield from self._text.feed(block)
            return
        self._parts.append(block)
        self._size += len(block)
        if self._size >= self._needed:
            yield from self._frames(b"".join(self._parts))

    def _frames(self, data: bytes) -> Iterator[bytes]:
        start, size, needed = 0, len(data), _PRELUDE.size
        while size - start >= needed:
            total, headers, checksum = _PRELUDE.unpack_from(data, start)
            if crc32(data[start : start + _CHECKED]) != checksum:
                raise MalformedEventError("the checksum of a frame's prelude is wrong")
            if total > self._max:
                raise EventTooLargeError(self._max)
            if total < headers + _OVERHEAD:
                raise MalformedEventError("a frame is shorter than its headers")
            if size - start < total:
                needed = total
                break
            yield _record(memoryview(data)[start : start + total], headers)
            start += total
        self._parts, self._size, self._needed = [data[start:]], size - start, needed


def _record(frame: memoryview, headers: int) -> bytes:
    """Return the record of a frame, given the length of its headers; one of no type is empty."""
    end = len(frame) - _CRC.size
    if crc32(frame[:end]) != _CRC.unpack_from(frame, end)[0]:
        raise MalformedEventError("the checksum of a frame is wrong")
    payload = _PRELUDE.size + headers
    name, report = _meaning(bytes(frame[_PRELUDE.size : payload]))
    return name and b"{%b: %b}" % (name, report or bytes(frame[payload:end]) or b"{}")


@lru_cache(maxsize=64)
def _meaning(headers: bytes) -> tuple[bytes, bytes]:
    """Return the name of a record in JSON, and that of an unmodeled error, which has no payload."""
    values = dict(_read_headers(headers))
    kind = values.get(":message-type", "event")
    if kind == "error":
        report = {"code": values.get(":error-code"), "message": values.get(":error-message")}
        return b'"error"', json.dumps(report).encode()
    name = values.get(f":{kind}-type")
    return json.dumps(name).encode() if name else b"", b""


def _read_headers(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and values of headers; only values that are text are decoded.

    Raises:
        MalformedEventError: They cannot be read.
    """
    position = 0
    try:
        while position < len(data):
            value = position + 2 + data[position]
            name, kind = data[position + 1 : value - 1].decode(), data[value - 1]
            size = _FIXED_SIZES.get(kind)
            if size is None:
                size, value = _LENGTH.unpack_from(data, value)[0], value + _LENGTH.size
            position = value + size
            yield name, data[value:position].decode() if kind == _TEXT else ""
    except (IndexError, UnicodeDecodeError, StructError) as error:
        raise MalformedEventError("the headers of a frame cannot be read") from error
    if position > len(data):
        raise MalformedEventError("the headers of a frame are cut off")


class FramedEventsSource(ResponseSource):
    """A response with a model's own events inside of frames, as server-sent events."""

    @override
    def __iter__(self) -> Iterator[bytes]:
        decoder = EventStreamDecoder()
        return (_unframed(decoder, block) for block in super().__iter__())


class AsyncFramedEventsSource(AsyncResponseSource):
    """A response with a model's own events inside of frames, async."""

    @override
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        decoder = EventStreamDecoder()
        async for block in super().__aiter__():
            yield _unframed(decoder, block)


def _unframed(decoder: EventStreamDecoder, block: bytes) -> bytes:
    """Return the server-sent events inside of the frames that a block of bytes completes."""
    return b"".join(map(_event_in, decoder.feed(block)))


def _event_in(record: bytes) -> bytes:
    event = fields(from_bytes(record) if record else None)
    if chunk := fields(event.get("chunk")):
        data = base64.b64decode(text(chunk.get("bytes"))).replace(b"\n", b" ")
    else:
        error = [{"type": kind, **fields(report)} for kind, report in event.items()]
        data = json.dumps({"type": "error", "error": error[0]}).encode() if error else b""
    return b"data: %b\n\n" % data
