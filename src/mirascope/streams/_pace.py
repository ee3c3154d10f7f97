"""Operators that change the pace of a stream.

Each reads its source in a thread or a task, because what is received decides what is given when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Iterable
from typing import Final, cast, overload

from typing_extensions import TypeVar, override

from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.streams._items import AnyItems, AsyncItems, Items, Source, Stream, SyncItems
from mirascope.streams._split import checked
from mirascope.streams._texts import (
    TextItem,
    TextT,
    chunk_of,
    is_item,
    is_rich,
    only_text,
    text_of,
    with_text,
    words_of,
)
from mirascope.streams._transform import Timed, timed

T = TypeVar("T")

_WEIGHT: Final = 0.2
"""Of the newest gap in the mean of the gaps between texts."""

_MAX_WAITING: Final = 1024
"""How many words wait at most; then all are given at once."""


class _Smooth(Timed[TextT, TextT]):
    """Gives each word at its time: the words of a text fill the time until the next text."""

    def __init__(self, max_delay: float) -> None:
        self._max_delay = max_delay
        self._waiting: deque[tuple[float, TextT]] = deque()  # when it is due, and the item
        self._gap = 0.0  # the mean time between texts
        self._last: float | None = None  # when the newest text was received
        self._free = 0.0  # from when on the next word may be given

    @override
    def feed(self, item: TextT) -> Iterable[TextT]:
        now = self.clock()
        parts = _parts(item)
        if is_rich(item) or len(self._waiting) + len(parts) > _MAX_WAITING:
            return (*self._all(), *parts)
        if has_text(item):
            self._measure(now)
        for part in parts:
            due = min(max(now, self._free), now + self._max_delay)
            self._waiting.append((due, part))
            self._free = due + self._gap / len(parts)
        return self.expire(now)

    def _measure(self, now: float) -> None:
        if self._last is not None:
            gap = min(now - self._last, self._max_delay)
            self._gap += _WEIGHT * (gap - self._gap)
        self._last = now

    def _all(self) -> list[TextT]:
        items = [item for _, item in self._waiting]
        self._waiting.clear()
        self.due, self._free = None, 0.0
        return items

    @override
    def expire(self, now: float) -> list[TextT]:
        items: list[TextT] = []
        while self._waiting and self._waiting[0][0] <= now:
            items.append(self._waiting.popleft()[1])
        self.due = self._waiting[0][0] if self._waiting else None
        return items


def has_text(item: TextItem) -> bool:
    """Return whether an item has text or reasoning."""
    return bool(text_of(item)) or (not isinstance(item, str) and bool(item[0].reasoning))


def _parts(item: TextT) -> list[TextT]:
    """Return an item in parts, of which each has a word, and the last one all but the words."""
    text = text_of(item)
    if isinstance(item, str):
        return cast("list[TextT]", words_of(text))
    reasoning = item[0].reasoning
    if (text and reasoning) or not (text or reasoning):
        return [item]
    *first, last = words_of(text or reasoning)
    if not first:
        return [item]
    if text:
        return [*(only_text(item, word) for word in first), with_text(item, last)]
    return [*(only_text(item, "", word) for word in first), with_text(item, "", last)]


@overload
def smooth(stream: Stream[TextT], *, max_delay: float = 0.5) -> Items[TextT]: ...
@overload
def smooth(stream: Iterable[TextT], *, max_delay: float = 0.5) -> SyncItems[TextT]: ...
@overload
def smooth(stream: AsyncIterable[TextT], *, max_delay: float = 0.5) -> AsyncItems[TextT]: ...
def smooth(stream: Source[TextT], *, max_delay: float = 0.5) -> AnyItems[TextT]:
    """Yield the items of a stream word by word, at an even pace.

    The words of a large chunk are spread over the expected time until the next chunk. Each word has
    a chunk of the same type; the last of them has everything else. A tool, or a delta of its call,
    is never delayed: it is yielded at once, together with the words before it.

    Args:
        stream: A stream, or an iterable of its items or of texts.
        max_delay (float): The longest delay of a word in seconds. At most 1024 words wait; a thread
            or a task reads at most 16 items ahead of them.

    Returns:
        The items: iterate them once.

    Raises:
        ValueError: ``max_delay`` is not greater than 0.

    Example:
        >>> list(smooth(["To be, or not", " to be"]))
        ['To ', 'be, ', 'or ', 'not', ' to ', 'be']
    """
    if not max_delay > 0:
        raise ValueError(f"`max_delay` is {max_delay}; it must be a number of seconds above 0")
    return timed(cast("Source[TextT]", checked(stream)), _Smooth[TextT](max_delay))


class _Throttle(Timed[T, T]):
    def __init__(self, seconds: float, *, joins: bool) -> None:
        self._seconds = seconds
        self._joins = joins
        self._waiting: list[T] = []  # one or none
        self._next = 0.0  # from when on the next item may be given

    @override
    def feed(self, item: T) -> Iterable[T]:
        now = self.clock()
        if not self._joins:
            self._waiting = [item]
        elif (joined := self._joined(item)) is not None:
            self._waiting = [joined]
        else:
            return self._now(now, item)
        if now >= self._next:
            return self._now(now)
        self.due = self._next
        return ()

    def _joined(self, item: T) -> T | None:
        """Return the waiting item with another one; ``None`` if that is given by itself."""
        if isinstance(item, str):
            return cast("T", "".join(cast("list[str]", self._waiting)) + item)
        if not is_item(item):
            return item
        if is_rich(item) or not has_text(item):
            return None
        before = chunk_of(self._waiting[0]) if self._waiting else None
        if before is None:
            return cast("T", item)
        chunk, _ = item
        if before.content and chunk.reasoning:
            return None
        text, reasoning = before.content + chunk.content, before.reasoning + chunk.reasoning
        return cast("T", with_text(item, text, reasoning))

    def _now(self, now: float, *last: T) -> list[T]:
        items = [*self._waiting, *last]
        self._waiting, self.due = [], None
        self._next = now + self._seconds
        return items

    @override
    def expire(self, now: float) -> list[T]:
        return self._now(now)

    @override
    def finish(self) -> list[T]:
        return self._now(self.clock())


@overload
def throttle(stream: Stream[T], seconds: float) -> Items[T]: ...
@overload
def throttle(stream: Iterable[T], seconds: float) -> SyncItems[T]: ...
@overload
def throttle(stream: AsyncIterable[T], seconds: float) -> AsyncItems[T]: ...
def throttle(stream: Source[T], seconds: float) -> AnyItems[T]:
    """Yield at most one item of a stream in each period; items in between are joined.

    Texts are joined to one text, and chunks to one chunk with their text. Other items, such as the
    partial values of a structured stream, are not joined: the newest one is yielded. The last item
    is always yielded. Items that cannot be joined, such as those with tools, are yielded at once.

    Args:
        stream: A stream, or an iterable.
        seconds (float): The shortest time between two items. A thread or a task reads the stream,
            at most 16 items ahead.

    Returns:
        The items: iterate them once.

    Raises:
        ValueError: ``seconds`` is not greater than 0.

    Example:
        >>> list(throttle(iter(["To", " be", ", or", " not"]), 0.5))
        ['To', ' be, or not']
    """
    if not seconds > 0:
        raise ValueError(f"`seconds` is {seconds}; it must be above 0")
    joins = not isinstance(stream, BaseStructuredStream)
    return timed(stream, _Throttle[T](seconds, joins=joins))
