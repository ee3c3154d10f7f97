"""Text in pieces: as it is received, in words, in lines.

However the text is cut into chunks, the pieces are the same, and together they are the text. Each
piece has the whitespace that follows it, so a piece is complete when the next one begins.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Iterable
from typing import ClassVar, Final, overload

from typing_extensions import override

from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.streams._items import AnyItems, AsyncItems, Items, Source, Stream, SyncItems
from mirascope.streams._texts import CJK, TextItem, text_of
from mirascope.streams._transform import Transform, transformed

CONTEXT: Final = 32
"""How many characters before a boundary are needed to decide about it."""


class _Text(Transform[TextItem, str]):
    """The texts as they are."""

    @override
    def feed(self, item: TextItem) -> tuple[str, ...]:
        text = text_of(item)
        return (text,) if text else ()


class Split(Transform[TextItem, str]):
    """Splits a text at the boundaries that a pattern finds.

    The time per chunk does not depend on the length of the piece: only the end of the text before a
    boundary is searched, and each part of the text once.

    Attributes:
        boundary: Matches what ends a piece, and looks ahead to what shows that it does.
    """

    boundary: ClassVar[re.Pattern[str]]

    def __init__(self) -> None:
        self._parts: list[str] = []  # of the piece that is not complete, without the buffer
        self._buffer = ""  # the end of the text
        self._start = 0  # of that piece, in the buffer
        self._position = 0  # in the buffer: what precedes it is decided

    @override
    def feed(self, item: TextItem) -> list[str]:
        text = text_of(item)
        if not text:
            return []
        self._buffer = buffer = self._buffer + text
        pieces: list[str] = []
        for match in self.boundary.finditer(buffer, self._position):
            if self._is_end(match):
                pieces.append("".join((*self._parts, buffer[self._start : match.end()])))
                self._parts.clear()
                self._start = match.end()
        self._position = self._undecided(buffer)
        if (cut := self._position - CONTEXT) > CONTEXT:
            self._cut(cut)
        return pieces

    def _cut(self, at: int) -> None:
        """Drop the beginning of the buffer."""
        if at > self._start:
            self._parts.append(self._buffer[self._start : at])
        self._start = max(0, self._start - at)
        self._position -= at
        self._buffer = self._buffer[at:]

    def _undecided(self, buffer: str) -> int:
        """Return where the next boundary may begin."""
        return len(buffer.rstrip())

    def _is_end(self, match: re.Match[str]) -> bool:  # noqa: ARG002  # in a subclass
        """Return whether a match of the pattern is a boundary."""
        return True

    @property
    def pending(self) -> str:
        """The text of the piece that is not complete."""
        return "".join((*self._parts, self._buffer[self._start :]))

    def take(self, size: int) -> str:
        """Return the first characters of that piece, as a piece."""
        pending = self.pending
        buffered = min(len(self._buffer), len(pending) - size)
        self._start = len(self._buffer) - buffered
        self._parts = [pending[size : len(pending) - buffered]]
        return pending[:size]

    @override
    def finish(self) -> list[str]:
        pending = self.pending
        return [self.take(len(pending))] if pending else []


class _Words(Split):
    boundary = re.compile(
        rf"(?<=\S)\s++(?=\S)|(?<=[{CJK}])(?=\w)|(?<=\w)(?=[{CJK}])|(?<=[{CJK}][^\w\s])(?=\w)"
    )


class _Lines(Split):
    boundary = re.compile(r"\n")

    @override
    def _undecided(self, buffer: str) -> int:
        return len(buffer)


@overload
def text(stream: Stream[TextItem]) -> Items[str]: ...
@overload
def text(stream: Iterable[TextItem]) -> SyncItems[str]: ...
@overload
def text(stream: AsyncIterable[TextItem]) -> AsyncItems[str]: ...
def text(stream: Source[TextItem]) -> AnyItems[str]:
    """Yield the texts of a stream, without empty ones.

    Args:
        stream: A stream, or an iterable of its items or of texts.

    Example:
        >>> "-".join(text(["To be,", "", " or not to be"]))
        'To be,- or not to be'
    """
    return transformed(checked(stream), _Text())


@overload
def words(stream: Stream[TextItem]) -> Items[str]: ...
@overload
def words(stream: Iterable[TextItem]) -> SyncItems[str]: ...
@overload
def words(stream: AsyncIterable[TextItem]) -> AsyncItems[str]: ...
def words(stream: Source[TextItem]) -> AnyItems[str]:
    """Yield the text of a stream word by word, each word with the whitespace after it.

    A Chinese or Japanese character counts as a word.

    Args:
        stream: A stream, or an iterable of its items or of texts.

    Example:
        >>> list(words(["To b", "e, or", " not"]))
        ['To ', 'be, ', 'or ', 'not']
    """
    return transformed(checked(stream), _Words())


@overload
def lines(stream: Stream[TextItem]) -> Items[str]: ...
@overload
def lines(stream: Iterable[TextItem]) -> SyncItems[str]: ...
@overload
def lines(stream: AsyncIterable[TextItem]) -> AsyncItems[str]: ...
def lines(stream: Source[TextItem]) -> AnyItems[str]:
    r"""Yield the text of a stream line by line, each line with its ``\n``.

    Args:
        stream: A stream, or an iterable of its items or of texts.

    Example:
        >>> list(lines(["To be,\n", "or not\nto ", "be"]))
        ['To be,\n', 'or not\n', 'to be']
    """
    return transformed(checked(stream), _Lines())


def checked(stream: Source[TextItem]) -> Source[TextItem]:
    """Return a source that has text.

    Raises:
        TypeError: It has values instead.
    """
    if isinstance(stream, BaseStructuredStream):
        raise TypeError("a structured stream yields values, not text: pass its attribute `stream`")
    return stream
