"""How a body is split into records: the interface, and newline-delimited JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from mirascope.core._wire.json_text import is_json
from mirascope.core._wire.sse import MAX_EVENT_BYTES, EventTooLargeError

_MAX_UNREAD: Final = 4 * 1024
_RECORD: Final = (b"{", b"[")


class Framing(Protocol):
    """A push decoder from the bytes of a body to its records, each the bytes of a JSON object.

    A stream makes a new one for each attempt of its request.
    """

    @property
    def is_text(self) -> bool:
        """Whether the body is not in this framing at all, such as a page of HTML."""
        ...

    @property
    def unread(self) -> bytes:
        """The beginning of the data that belongs to no record, for an error's message."""
        ...

    @property
    def cut_off(self) -> bytes:
        """The beginning of a record that is not complete; ``b""`` if a plain response cannot be."""
        ...

    def feed(self, block: bytes) -> Iterable[bytes]:
        """Return the records that this block of bytes completes; empty ones are skipped."""
        ...

    def missing_terminator(self) -> bytes:
        """Return the bytes to feed at the end of the body, to complete the last record."""
        ...


class NDJSONDecoder:
    r"""Newline-delimited JSON: one record a line. Blank lines are skipped.

    Args:
        max_record_bytes: The maximum size of one record.

    Example:
        >>> decoder = NDJSONDecoder()
        >>> decoder.feed(b'{"a": 1}\n{"a"')
        [b'{"a": 1}']
        >>> decoder.feed(b': 2}')
        []
        >>> decoder.feed(decoder.missing_terminator())
        [b'{"a": 2}']
    """

    __slots__ = ("_lines", "_max", "_rest", "_size", "is_text", "unread")

    def __init__(self, max_record_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_record_bytes
        self._rest: list[bytes] = []
        self._size = 0
        self._lines = 0
        self.is_text = False
        self.unread = b""

    @property
    def cut_off(self) -> bytes:
        """The line that is not complete."""
        return b"".join(self._rest)

    def feed(self, block: bytes) -> list[bytes]:
        """Return the lines that this block of bytes completes.

        Raises:
            EventTooLargeError: A line is larger than the maximum.
        """
        first, newline, others = block.partition(b"\n")
        self._rest.append(first)
        self._size += len(first)
        if self._size > self._max:
            raise EventTooLargeError(self._max)
        if not newline:
            return []
        *lines, rest = others.split(b"\n")
        lines.insert(0, b"".join(self._rest))
        self._rest, self._size = [rest], len(rest)
        return [line for each in lines if (line := each.strip()) and self._is_record(line)]

    def missing_terminator(self) -> bytes:
        """Return the newline that the last line lacks, unless the line is a record cut off."""
        line = self.cut_off.strip()
        is_text = not self._lines and not line.startswith(_RECORD)
        return b"\n" if is_text or is_json(line) else b""

    def _is_record(self, line: bytes) -> bool:
        """Return whether a line is in this framing, which the first line decides for all."""
        self._lines += 1
        if self._lines == 1:
            self.is_text = not line.startswith(_RECORD)
        if self.is_text and len(self.unread) < _MAX_UNREAD:
            self.unread = (self.unread + line + b"\n")[:_MAX_UNREAD]
        return not self.is_text
