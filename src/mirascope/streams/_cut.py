"""Operators that look for a text in the text of a stream, wherever its chunks begin and end.

The end of a text that may be the beginning of what is searched for is held back. It is given as
soon as that is decided, and before anything but text: a tool never waits.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence
from typing import cast, overload

from typing_extensions import TypeVar, override

from mirascope.streams._items import AnyItems, AsyncItems, Items, Source, Stream, SyncItems
from mirascope.streams._texts import Chunk, TextItem, TextT, only_text, text_of, with_text
from mirascope.streams._transform import Transform, transformed

T = TypeVar("T")
ItemT = TypeVar("ItemT", bound=tuple[Chunk, object])


class _Holding(Transform[TextT, TextT]):
    """Holds back the end of a text while it is undecided."""

    def __init__(self) -> None:
        self._held = ""
        self._before: TextT | None = None  # the item that the held text is of

    @override
    def feed(self, item: TextT) -> Iterable[TextT]:
        text = text_of(item)
        if not text:
            return (*self.finish(), item) if _is_mark(item) else (item,)
        self._before = item
        return self._read(item, self._held + text)

    @abstractmethod
    def _read(self, item: TextT, text: str) -> Iterable[TextT]:
        """Return the items for the text of an item, with the held text before it."""

    @override
    def finish(self) -> Iterable[TextT]:
        held, self._held = self._held, ""
        return (self._last(self._before, held),) if held and self._before is not None else ()

    def _last(self, before: TextT, held: str) -> TextT:
        """Return an item for the held text."""
        return only_text(before, held)

    def _split(self, item: TextT, text: str, size: int) -> str:
        """Hold back the last characters of a text, unless its item has more than text."""
        size = 0 if _is_mark(item) else size
        self._held = text[len(text) - size :]
        return text[: len(text) - size]


def _is_mark(item: TextItem) -> bool:
    """Return whether text must not move from before an item to after it."""
    if isinstance(item, str):
        return False
    chunk, tool = item
    return bool(tool is not None or chunk.tool_calls or chunk.reasoning or chunk.finish_reasons)


class _UntilMarker(_Holding[TextT]):
    def __init__(self, marker: str) -> None:
        super().__init__()
        self._marker = marker

    @override
    def _read(self, item: TextT, text: str) -> Iterable[TextT]:
        at = text.find(self._marker)
        if at >= 0:
            self.stopped, self._held = True, ""
            return (only_text(item, text[:at]),) if at else ()
        given = self._split(item, text, _overlap(text, self._marker))
        return () if isinstance(item, str) and not given else (with_text(item, given),)


def _overlap(text: str, marker: str) -> int:
    """Return how much of the end of a text is the beginning of a marker."""
    for size in range(min(len(text), len(marker) - 1), 0, -1):
        if text.endswith(marker[:size]):
            return size
    return 0


class _UntilTrue(Transform[T, T]):
    def __init__(self, predicate: Callable[[T], object]) -> None:
        self._predicate = predicate

    @override
    def feed(self, item: T) -> tuple[T]:
        self.stopped = bool(self._predicate(item))
        return (item,)


@overload
def until(stream: Stream[T], condition: str | Callable[[T], object]) -> Items[T]: ...
@overload
def until(stream: Iterable[T], condition: str | Callable[[T], object]) -> SyncItems[T]: ...
@overload
def until(stream: AsyncIterable[T], condition: str | Callable[[T], object]) -> AsyncItems[T]: ...
def until(stream: Source[T], condition: str | Callable[[T], object]) -> AnyItems[T]:
    """Yield the items of a stream until a condition is true; then close the stream.

    Args:
        stream: A stream, or an iterable.
        condition (str | Callable): A text ends the text of the stream like a stop sequence: the
            text itself is not yielded, and it is found even if it spans chunks. A function gets
            each item: the first item for which it returns true is the last one.

    Returns:
        The items: iterate them once.

    Raises:
        ValueError: The text is empty.
        TypeError: While iterating: ``condition`` is a text, but an item has no text.

    Example:
        >>> list(until(["To be, or", " not", " to be"], "or not"))
        ['To be, ']
    """
    if not isinstance(condition, str):
        return transformed(stream, _UntilTrue(condition))
    if not condition:
        raise ValueError("`condition` is an empty text; it must have at least one character")
    transform = _UntilMarker[TextItem](condition)
    return cast("AnyItems[T]", transformed(cast("Source[TextItem]", stream), transform))


class _Reasoning(_Holding[ItemT]):
    def __init__(self, tags: Sequence[str], *, inside: bool) -> None:
        super().__init__()
        names = "|".join(map(re.escape, tags))
        self._opening = re.compile(rf"(?<![`\"'])<({names})>", re.IGNORECASE)
        self._closing = re.compile(rf"</({names})>", re.IGNORECASE)
        self._tags = [[f"<{slash}{tag}>".lower() for tag in tags] for slash in ("", "/")]
        self._inside = inside
        self._previous = ""  # the character before the held text

    @override
    def _read(self, item: ItemT, text: str) -> list[ItemT]:
        runs = [(run, inside) for run, inside in self._runs(item, text) if run]
        last, inside = runs.pop() if runs else ("", False)
        items = [self._part(item, run, inside=inside) for run, inside in runs]
        chunk, _ = item
        items.append(
            with_text(item, "", chunk.reasoning + last) if inside else with_text(item, last)
        )
        return items

    def _runs(self, item: ItemT, text: str) -> Iterator[tuple[str, bool]]:
        """Yield the parts of a text between tags, and whether each is reasoning."""
        at = len(self._previous)
        text = self._previous + text
        while tag := (self._closing if self._inside else self._opening).search(text, at):
            yield text[at : tag.start()], self._inside
            self._inside = not self._inside
            at = tag.end()
        rest = text[at:]
        lowered = rest.lower()
        given = self._split(item, rest, max(_overlap(lowered, t) for t in self._tags[self._inside]))
        self._previous = text[: at + len(given)][-1:]
        yield given, self._inside

    def _part(self, item: ItemT, run: str, *, inside: bool) -> ItemT:
        return only_text(item, "", run) if inside else only_text(item, run)

    @override
    def _last(self, before: ItemT, held: str) -> ItemT:
        return self._part(before, held, inside=self._inside)


@overload
def extract_reasoning(
    stream: Stream[ItemT], *, tags: Sequence[str] = ..., start_with_reasoning: bool = False
) -> Items[ItemT]: ...
@overload
def extract_reasoning(
    stream: Iterable[ItemT], *, tags: Sequence[str] = ..., start_with_reasoning: bool = False
) -> SyncItems[ItemT]: ...
@overload
def extract_reasoning(
    stream: AsyncIterable[ItemT], *, tags: Sequence[str] = ..., start_with_reasoning: bool = False
) -> AsyncItems[ItemT]: ...
def extract_reasoning(
    stream: Source[ItemT],
    *,
    tags: Sequence[str] = ("think", "thinking"),
    start_with_reasoning: bool = False,
) -> AnyItems[ItemT]:
    """Move the text in ``<think>`` tags of a stream to ``chunk.reasoning``.

    The chunks keep their type. Text in tags moves from ``content`` to ``reasoning``, and the tags
    are removed, even if they span chunks. A chunk that has both becomes two items. The stream
    itself does not change: its ``content`` has the tags.

    Args:
        stream: A stream, or an iterable of ``(chunk, tool)`` items.
        tags (Sequence[str]): The names of the tags, in upper or lower case. A tag directly after a
            quote or a backtick is text.
        start_with_reasoning (bool): Whether the text begins with reasoning, because the server puts
            the opening tag into the prompt. Default: false.

    Returns:
        The items: iterate them once.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("deepseek-r1", stream=True)
        ... def add(task: str) -> str:
        ...     return task
        >>> with testing.provider() as llm:
        ...     llm.reply("<think>2 + 2</think>It is 4.", by=4)
        ...     items = list(extract_reasoning(add("2 + 2?")))
        >>> "".join(chunk.reasoning for chunk, _ in items)
        '2 + 2'
        >>> "".join(chunk.content for chunk, _ in items)
        'It is 4.'
    """
    return transformed(stream, _Reasoning[ItemT](tags, inside=start_with_reasoning))
