"""Several streams as one.

Each stream is read by a thread or a task of its own.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Generator,
    Iterable,
    Sequence,
)
from typing import Any, Generic, overload

from typing_extensions import TypeVar, override

from mirascope.streams._items import (
    AnyItems,
    AsyncItems,
    Items,
    Operator,
    Source,
    Stream,
    SyncItems,
    items_of,
    reraise,
)
from mirascope.streams._pipe import (
    AsyncPipe,
    Ended,
    Got,
    Pipe,
    aread_all,
    areaders,
    read_all,
    readers,
)

T = TypeVar("T")
R = TypeVar("R")


class Several(Operator[R], Generic[T, R]):
    """An operator that reads several sources through a pipe."""

    def __init__(self, sources: Sequence[Source[T]]) -> None:
        self.sources = self._sources = sources
        self._pipe: Pipe[Any] | AsyncPipe[Any] | None = None

    @override
    def wake(self) -> None:
        if self._pipe is not None:
            self._pipe.close()


class _Merge(Several[T, tuple[int, T]]):
    @override
    def run(self) -> Generator[tuple[int, T]]:
        self._pipe = pipe = Pipe[T](len(self._sources), 1)
        left = len(self._sources)
        with readers(pipe, read_all, self._sources):
            while left and (entry := pipe.take()):
                if isinstance(entry, Got):
                    yield entry.reader, entry.item
                else:
                    left -= 1
                    _check(entry)

    @override
    async def arun(self) -> AsyncGenerator[tuple[int, T]]:
        self._pipe = pipe = AsyncPipe[T](len(self._sources), 1)
        left = len(self._sources)
        async with areaders(pipe, aread_all, self._sources):
            while left and (entry := await pipe.take()):
                if isinstance(entry, Got):
                    yield entry.reader, entry.item
                else:
                    left -= 1
                    _check(entry)


def _check(entry: Ended) -> None:
    if entry.error is not None:
        entry.error.add_note(f"this is the error of stream {entry.reader} of `merge`")
    reraise(entry.error)


@overload
def merge(*streams: Stream[T]) -> Items[tuple[int, T]]: ...
@overload
def merge(*streams: Iterable[T]) -> SyncItems[tuple[int, T]]: ...
@overload
def merge(*streams: AsyncIterable[T]) -> AsyncItems[tuple[int, T]]: ...
def merge(*streams: Source[T]) -> AnyItems[tuple[int, T]]:
    """Yield the items of several streams as they arrive, each with the index of its stream.

    If a stream fails, the others are closed and its error is raised.

    Args:
        streams: Streams or iterables: all sync, or all async. A thread or a task reads each of
            them, at most one item ahead.

    Returns:
        Pairs of an index, starting at 0, and an item: iterate them once.

    Raises:
        TypeError: Some are sync and some are async.

    Example:
        >>> sorted(merge(["a", "b"], ["c"]))
        [(0, 'a'), (0, 'b'), (1, 'c')]
    """
    return items_of(_Merge(streams), *streams)
