r"""Decodes only the text of an event that otherwise repeats another event.

Almost all events of a stream add nothing but a piece of text, and differ in nothing else, except
for padding that some providers add against listeners. Between the same bytes, a JSON string is
always the same field of the same object. So of an event whose other bytes are those of one that was
decoded, only that string is decoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

if TYPE_CHECKING:
    from typing import Self

_TEXT: Final = re.compile(rb'"(?:content|text)": ?"((?:[^"\\]|\\.)*+)"')
_PADDING: Final = re.compile(rb'"(?:obfuscation|p)": ?"(\w*+)"|(?<!\s)( *+)\}\Z')
"""What varies after the text: letters in OpenAI's and Mistral's events, spaces in Anthropic's."""

_PADS: Final = (
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    b" ",
)


class TextEvent:
    """The bytes of an event around its text and its padding.

    Args:
        head: The bytes up to the text, with its first quote.
        tail: The bytes from the last quote of the text up to the padding.
        end: The bytes after the padding.
        pads: The bytes that the padding may have.

    Attributes:
        was_repeated: Whether another event has repeated it.

    Example:
        >>> event = TextEvent.of(b'{"n":1,"text":"one"}', "one")
        >>> event.text_of(b'{"n":1,"text":"two"   }'), event.text_of(b'{"n":2,"text":"two"}')
        ('two', None)
    """

    __slots__ = ("_end", "_head", "_pads", "_start", "_tail", "_tail_size", "was_repeated")

    def __init__(self, head: bytes, tail: bytes, end: bytes, pads: bytes) -> None:
        self._head, self._tail, self._end, self._pads = head, tail, end, pads
        self._start, self._tail_size = len(head) - 1, len(tail)
        self.was_repeated = False

    @classmethod
    def of(cls, data: bytes, text: str) -> Self:
        """Return the event with this data; without a clear place of its text, none repeats it."""
        texts = [*_TEXT.finditer(data)]
        if len(texts) == 1:
            start, stop = texts[0].span(1)
            if padding := _PADDING.search(data, stop):
                kind = padding.lastindex or 1
                before, after = padding.span(kind)
                event = cls(data[:start], data[stop:before], data[after:], _PADS[kind - 1])
                if event.text_of(data) == text:
                    event.was_repeated = False
                    return event
        return cls.unclear()

    @classmethod
    def unclear(cls) -> Self:
        """Return an event that none repeats."""
        return cls(b"", b"\0", b"", b"")  # JSON has no such byte

    def text_of(self, data: bytes) -> str | None:
        """Return the text of an event that repeats this one; ``None`` for none, or of another."""
        stop = data.rfind(self._tail)
        if stop <= self._start or not data.startswith(self._head):
            return None
        if data[stop + self._tail_size :].lstrip(self._pads) != self._end:
            return None
        try:
            text: str = from_json(data[self._start : stop + 1])
        except ValueError:  # it is more than a string, or has a lone surrogate
            return None
        self.was_repeated = True
        return text or None
