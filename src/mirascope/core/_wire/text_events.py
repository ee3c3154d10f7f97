r"""Decodes only the text of an event that otherwise repeats another event.

Almost all events of a stream have nothing but a piece of text, and differ in nothing else. Between
the same bytes, a JSON string is always the same field of the same object. So of an event whose
other bytes are those of one that was decoded, only that string is decoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

if TYPE_CHECKING:
    from typing import Self

_TEXT: Final = re.compile(rb'"text": ?"')


class TextEvent:
    """An event whose last string is its text, as the bytes around that.

    Args:
        head: The bytes up to the text, with its first quote.
        tail: The bytes after the text, with its last quote, but without spaces.

    Example:
        >>> event = TextEvent.of(b'{"n":1,"text":"one"}')
        >>> event.text_of(b'{"n":1,"text":"two"   }'), event.text_of(b'{"n":2,"text":"two"}')
        ('two', None)
    """

    __slots__ = ("_head", "_start", "_tail")

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head, self._tail = head, tail
        self._start = len(head) - 1

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Return the event with this data; one that no other repeats if its text is not clear."""
        fields = [*_TEXT.finditer(data)]
        if len(fields) == 1:
            event = cls(data[: fields[0].end()], data[data.rfind(b'"') :].replace(b" ", b""))
            if event.text_of(data) is not None:
                return event
        return cls(data, b"")

    def text_of(self, data: bytes) -> str | None:
        """Return the text of an event that repeats this one; ``None`` if it does not.

        Only spaces may differ too: Anthropic pads its events with them, against listeners.
        """
        if not data.startswith(self._head):
            return None
        end = data.rfind(b'"')
        if data[end:].replace(b" ", b"") != self._tail:
            return None
        try:
            text: str = from_json(data[self._start : end + 1])
        except ValueError:  # it is more than a string, or has a lone surrogate
            return None
        return text
