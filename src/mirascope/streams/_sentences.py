"""Text in sentences, for speech.

A sentence ends at a stop, with the quotes and brackets that close after it, if whitespace follows,
and at a newline; at a stop of a script without spaces, whatever follows. It does not end at an
abbreviation, an initial, the number of a list item, or before a lower-case letter. Where that is
not certain, two sentences stay together: that sounds better than half of one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterable, Iterable, Iterator
from typing import Final, overload

from typing_extensions import override

from mirascope.streams._items import AnyItems, AsyncItems, Items, Source, Stream, SyncItems
from mirascope.streams._split import CONTEXT, Split, checked
from mirascope.streams._texts import TextItem, text_of
from mirascope.streams._transform import Timed, timed, transformed

_STOPS: Final = ".!?…‽"
_HARD_STOPS: Final = "。！？｡．।॥؟۔።"  # noqa: RUF001  # these are the characters
_CLOSERS: Final = "\"'”’»›)]}*_`」』）】》〉］｝"  # noqa: RUF001  # these are the characters

_OPENERS: Final = "([{\"'“‘«*_"  # noqa: RUF001  # the same

_SHORT: Final = 2
"""The length of the longest part of an abbreviation with several stops, such as Ph.D."""

_STOP_RUN: Final = (
    rf"(?<![{_STOPS}{_HARD_STOPS}])"
    rf"(?P<stops>[{_STOPS}{_HARD_STOPS}]++)[{re.escape(_CLOSERS)}]*+"
)
_LIST_NUMBER: Final = re.compile(r"[\s\-*#>(\[]*(?:\d{1,3}|[^\W\d_])")
_SPACES: Final = " \n\t\r\u00a0\u3000"
_ABBREVIATIONS: Final = """
    adm al approx bzw ca capt cf cmdr col cpt dept dr ed eds est fr gen gov hon lt maj messrs
    mlle mme mr mrs ms mt mx pres prof rep rev sen sgt sr sra srta st univ viz vs
"""
_BEFORE_NUMBERS: Final = """
    apr art aug ch dec eq feb fig figs jan jul jun mar no nos nov nr oct p pp para pt sec sect
    sep sept vol
"""


_NEVER_LAST: Final = frozenset(_ABBREVIATIONS.split())
_NOT_BEFORE_DIGITS: Final = frozenset(_BEFORE_NUMBERS.split())


class _Sentences(Split, Timed[TextItem, str]):
    boundary = re.compile(
        rf"{_STOP_RUN}(?P<space>\s*+)(?=\S)|(?<!\s)(?P<line>[^\S\n]*+\n\s*+)(?=\S)"
    )

    def __init__(self, max_latency: float | None, max_chars: int | None) -> None:
        super().__init__()
        self._max_latency = max_latency
        self._max_chars = max_chars
        self._received: deque[tuple[float, int]] = deque()  # when each text was, and its end
        self._end = 0  # of the text received so far
        self._given = 0  # characters of it
        self._midway = False  # whether the beginning of the sentence was given

    @override
    def feed(self, item: TextItem) -> list[str]:
        pieces = super().feed(item)
        if self._max_chars is not None:
            pieces = [part for piece in pieces for part in self._wrapped(piece, self._max_chars)]
            pieces += self._overflow(self._max_chars)
        if self._max_latency is not None:
            self._end += len(text_of(item))
            self._received.append((self.clock(), self._end))
            self._record(pieces, self._max_latency)
        return pieces

    @override
    def finish(self) -> list[str]:
        self.due = None
        return super().finish()

    # Where sentences end.

    @override
    def _undecided(self, buffer: str) -> int:
        unspaced = buffer.rstrip()
        unclosed = unspaced.rstrip(_CLOSERS)
        unstopped = unclosed.rstrip(_STOPS + _HARD_STOPS)
        return len(unstopped if len(unstopped) < len(unclosed) else unspaced)

    @override
    def _is_end(self, match: re.Match[str]) -> bool:
        ends = self._has_text(match) if match["line"] else self._ends_at_stop(match)
        self._midway = self._midway and not ends
        return ends

    def _has_text(self, match: re.Match[str]) -> bool:
        """Return whether the sentence has more than whitespace before a match."""
        if self._midway or match.string[self._start : match.start()].strip():
            return True
        return any(map(str.strip, self._parts))

    def _ends_at_stop(self, match: re.Match[str]) -> bool:
        stops, space, following = match["stops"], match["space"], match.string[match.end()]
        if not stops.isascii() and set(_HARD_STOPS).intersection(stops):
            return True
        if not space or "\n" in space:
            return bool(space)
        if following.islower():
            return False
        return stops != "." or not self._is_abbreviated(match.string, match.start(), following)

    def _is_abbreviated(self, buffer: str, at: int, following: str) -> bool:
        """Return whether the word before a stop is an abbreviation, an initial or a number."""
        before = buffer[max(0, at - CONTEXT) : at].rsplit(maxsplit=1)
        word = before[-1].lstrip(_OPENERS) if before else ""
        lowered = word.lower()
        if lowered in _NEVER_LAST or (lowered in _NOT_BEFORE_DIGITS and following.isdigit()):
            return True
        if len(word) == 1 and word.isupper() and word != "I":
            return True
        if "." in word and all(part.isalpha() and len(part) <= _SHORT for part in word.split(".")):
            return True
        begins = not (self._midway or any(map(str.strip, self._parts)))
        return begins and _LIST_NUMBER.fullmatch(buffer, self._start, at) is not None

    # What is given before a sentence ends.

    def _overflow(self, size: int) -> list[str]:
        """Take what is pending beyond a size."""
        pieces: list[str] = []
        while len(pending := self.pending) > size:
            pieces.append(self._give(_length(pending, size)))
        return pieces

    def _give(self, size: int) -> str:
        piece = self.take(size)
        self._midway = self._midway or not piece.isspace()
        return piece

    def _wrapped(self, piece: str, size: int) -> Iterator[str]:
        while len(piece) > size:
            at = _length(piece, size)
            yield piece[:at]
            piece = piece[at:]
        yield piece

    def _record(self, pieces: Iterable[str], max_latency: float) -> None:
        """Record what is given, and when the rest is due."""
        self._given += sum(map(len, pieces))
        while self._received and self._received[0][1] <= self._given:
            self._received.popleft()
        self.due = self._received[0][0] + max_latency if self._received else None

    @override
    def expire(self, now: float) -> list[str]:
        """Return what is due, and the rest of its last word, if that is received."""
        assert self._max_latency is not None  # noqa: S101  # for the type checkers
        pending, due = self.pending, 0
        while self._received and self._received[0][0] + self._max_latency <= now:
            due = self._received.popleft()[1] - self._given
        pieces: list[str] = []
        if due > 0 and not pending.isspace():
            at = _after_space(pending)
            pieces.append(self._give(at if at >= due else len(pending)))
        self._record(pieces, self._max_latency)
        return pieces


def _after_space(text: str) -> int:
    """Return the index after the last whitespace."""
    return max(map(text.rfind, _SPACES)) + 1


def _length(text: str, size: int) -> int:
    """Return how much of a text to take where no more than ``size`` fit: whole words, if any."""
    at = _after_space(text[:size])
    return at if text[:at].strip() else size


@overload
def sentences(
    stream: Stream[TextItem], *, max_latency: float | None = None, max_chars: int | None = None
) -> Items[str]: ...
@overload
def sentences(
    stream: Iterable[TextItem], *, max_latency: float | None = None, max_chars: int | None = None
) -> SyncItems[str]: ...
@overload
def sentences(
    stream: AsyncIterable[TextItem],
    *,
    max_latency: float | None = None,
    max_chars: int | None = None,
) -> AsyncItems[str]: ...
def sentences(
    stream: Source[TextItem], *, max_latency: float | None = None, max_chars: int | None = None
) -> AnyItems[str]:
    """Yield the text of a stream sentence by sentence, each with the whitespace after it.

    A newline ends a sentence too. Abbreviations, initials and decimal numbers do not.

    Args:
        stream: A stream, or an iterable of its items or of texts.
        max_latency (float | None): The longest time in seconds that a text waits for the end of its
            sentence. Then the received part is yielded, cut between words if possible. A thread or
            a task then reads the stream, at most 16 items ahead. Default: no limit.
        max_chars (int | None): The greatest length of a sentence in characters. A longer one is
            cut, between words if possible. Default: no limit.

    Raises:
        ValueError: ``max_latency`` is not greater than 0, or ``max_chars`` is less than 1.

    Example:
        >>> list(sentences(["Dr. Lee paid 3.", "50 euros. Why? ", "“No idea.” 好。"]))
        ['Dr. Lee paid 3.50 euros. ', 'Why? ', '“No idea.” ', '好。']
    """
    if max_latency is not None and not max_latency > 0:
        raise ValueError(f"`max_latency` is {max_latency}; it must be a number of seconds above 0")
    if max_chars is not None and max_chars < 1:
        raise ValueError(f"`max_chars` is {max_chars}; it must be 1 or more")
    split = _Sentences(max_latency, max_chars)
    source = checked(stream)
    return transformed(source, split) if max_latency is None else timed(source, split)
