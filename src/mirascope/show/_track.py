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
    """Show a progress bar while you iterate a source, with ``for`` or ``async for``.

    For a stream, the bar counts chunks. For any other iterable, it counts elements. If the elements
    are responses, or streams that you read in the loop, the bar also adds up their tokens and
    costs. Several bars can be shown at once, for example for streams in several tasks.

    Bars are shown on standard error or in the notebook. If standard error is not a terminal, each
    bar is one line, printed at its end.

    Args:
        source: A stream, or an iterable, sync or async.
        description (str): The text before the bar.
        total (int | None): The expected number of chunks or elements. Default: unknown.
        console (rich.console.Console | None): Where to show it. Default: standard error, or the
            notebook.

    Returns:
        The same items: iterate them once.

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
    """An iterable that shows a progress bar while you iterate it, once; see `track`."""

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
