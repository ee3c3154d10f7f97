"""Progress of streams, and of loops over them.

All bars that are shown at the same time share one display, which begins with the first of them and
ends with the last.
"""

from __future__ import annotations

import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Final, Generic, TypeVar, cast

from rich.console import Console

from mirascope.show._bars import Bar, Display

T = TypeVar("T")

_LOCK: Final = threading.Lock()
_DISPLAYS: Final[dict[Console | None, Display]] = {}


def track(
    source: Iterable[T] | AsyncIterable[T],
    description: str = "",
    *,
    total: int | None = None,
    console: Console | None = None,
) -> Tracked[T]:
    """Return what iterates a source, with ``for`` or ``async for``, and shows its progress.

    Of a stream the bar counts the chunks. Of any other iterable it counts the elements; where they
    are streams that are read in the loop, or responses, it adds up their tokens and costs. Bars
    that are shown at the same time, as of streams in several tasks, are one below the other.

    They are on standard error or in the notebook. Where that is no terminal, each is one line, at
    its end.

    Args:
        source: A stream, or an iterable, sync or async.
        description: What is before the bar.
        total: The number of chunks, or elements, that are expected; ``None`` if it is unknown.
        console: Where to show it.

    Example:
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> def main(genres: list[str]) -> None:
        ...     for stream in track(map(recommend, genres), "Books", total=len(genres)):
        ...         for chunk, _ in stream:
        ...             print(chunk.content, end="")
    """
    return Tracked(source, Bar(description, total), console)


class Tracked(Generic[T]):
    """A source whose progress is shown while it is iterated, once; see `track`."""

    def __init__(
        self, source: Iterable[T] | AsyncIterable[T], bar: Bar, console: Console | None
    ) -> None:
        self._source = source
        self._bar = bar
        self._console = console

    def __iter__(self) -> Iterator[T]:
        with ExitStack() as stack:
            display = stack.enter_context(_shown(self._bar, self._source, self._console))
            items = iter(cast("Iterable[T]", self._source))
            if isinstance(items, Generator):
                stack.callback(items.close)
            for item in items:
                self._bar.begin_item(item)
                yield item
                self._bar.end_item()
                display.counted()

    async def __aiter__(self) -> AsyncIterator[T]:
        async with AsyncExitStack() as stack:
            display = stack.enter_context(_shown(self._bar, self._source, self._console))
            items = aiter(cast("AsyncIterable[T]", self._source))
            if isinstance(items, AsyncGenerator):
                stack.push_async_callback(items.aclose)
            async for item in items:
                self._bar.begin_item(item)
                yield item
                self._bar.end_item()
                display.counted()


@contextmanager
def _shown(bar: Bar, source: object, console: Console | None) -> Generator[Display]:
    bar.begin(source)
    with _LOCK:
        display = _DISPLAYS.get(console)
        if display is None:
            display = _DISPLAYS[console] = Display(console)
        display.add(bar)
    try:
        yield display
    finally:
        bar.end()
        with _LOCK:
            if display.is_over:
                del _DISPLAYS[console]
            display.ended(bar)
