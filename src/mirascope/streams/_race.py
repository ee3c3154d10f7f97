"""The first of several streams that has output.

Each stream is read by a thread or a task of its own until the race is decided. The winner's
iterator is handed over to the consumer, so that nothing is read ahead then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from typing import Generic, TypeAlias, cast, overload

from typing_extensions import TypeVar, override

from mirascope.streams._items import (
    AnyItems,
    AsyncItems,
    AsyncRun,
    Items,
    Source,
    Stream,
    SyncItems,
    aclose_source,
    aiterate,
    close_source,
    items_of,
    reading,
    reraise,
)
from mirascope.streams._merge import Several
from mirascope.streams._pipe import (
    AsyncPipe,
    Ended,
    Got,
    Pipe,
    areaders,
    readers,
)
from mirascope.streams._texts import TextItem, chunk_of, is_rich

T = TypeVar("T")
R = TypeVar("R")


_Run: TypeAlias = tuple[list[T], Iterator[T] | None]
"""What was read of a stream, and the rest of it, if it has output."""
_AsyncRun: TypeAlias = tuple[list[T], AsyncIterator[T] | None]


def _is_output(item: object) -> bool:
    """Return whether an item has something that a user would see."""
    if isinstance(item, str):
        return bool(item)
    chunk = chunk_of(item)
    return chunk is None or chunk.is_output or is_rich(cast("TextItem", item))


def _read_output(pipe: Pipe[_Run[T]], reader: int, source: Source[T]) -> None:
    """Read a source until it has output."""
    items, read = iter(cast("Iterable[T]", source)), list[T]()
    for item in items:
        read.append(item)
        if _is_output(item):
            if not pipe.offer(reader, (read, items)):
                close_source(items)
            return
    pipe.offer(reader, (read, None))


async def _aread_output(pipe: AsyncPipe[_AsyncRun[T]], reader: int, source: Source[T]) -> None:
    """Read an async source until it has output."""
    items, read = aiterate(source), list[T]()
    try:
        async for item in items:
            read.append(item)
            if _is_output(item):
                pipe.offer(reader, (read, items))
                return
    except BaseException:
        await aclose_source(items)
        raise
    pipe.offer(reader, (read, None))


class _Result(Generic[R]):
    """What is known of a race.

    Attributes:
        winner: The index and the run of the winner.
    """

    def __init__(self, count: int) -> None:
        self.winner: Got[R] | None = None
        self._left = count
        self._silent: Got[R] | None = None
        self._errors: list[tuple[int, Exception]] = []

    @property
    def is_decided(self) -> bool:
        """Whether there is a winner, or no stream is left."""
        return self.winner is not None or not self._left

    def record(self, entry: Got[R] | Ended, *, has_output: bool) -> None:
        """Record an entry of the pipe."""
        if isinstance(entry, Ended):
            self._left -= 1
            if entry.error is not None:
                self._errors.append((entry.reader, entry.error))
        elif has_output:
            self.winner = entry
        else:
            self._silent = self._silent or entry
        if self.winner is None and not self._left:
            self.winner = self._silent

    def check(self) -> None:
        """Raise the first error if every stream has failed, with the others as notes."""
        if self.winner is None and self._errors:
            (index, error), *others = sorted(self._errors, key=lambda each: each[0])
            error.add_note(f"all streams of `race` failed; this is the error of stream {index}")
            for index, other in others:
                error.add_note(f"stream {index}: {type(other).__name__}: {other}")
            self._errors.clear()
            reraise(error)


class _Race(Several[T, T]):
    @override
    def run(self) -> Generator[T]:
        self._pipe = pipe = Pipe[_Run[T]](len(self._sources), 1)
        result = _Result[_Run[T]](len(self._sources))
        with readers(pipe, _read_output, self._sources) as left:
            while not result.is_decided and (entry := pipe.take()):
                result.record(entry, has_output=isinstance(entry, Got) and bool(entry.item[1]))
            pipe.close()
            if result.winner is not None:
                del left[result.winner.reader]
            for lost in pipe.untaken():
                close_source(lost.item[1])
        result.check()
        if result.winner is not None:
            read, items = result.winner.item
            with reading(items or ()) as rest:
                yield from read
                yield from rest

    @override
    def arun(self) -> AsyncRun[T]:
        return _RaceRun(self._sources, self._set_pipe)

    def _set_pipe(self, pipe: AsyncPipe[_AsyncRun[T]]) -> None:
        self._pipe = pipe


class _RaceRun(AsyncIterator[T]):
    """The async driver: no async generator, because it reads the winner itself."""

    def __init__(
        self,
        sources: Sequence[Source[T]],
        set_pipe: Callable[[AsyncPipe[_AsyncRun[T]]], None],
    ) -> None:
        self._sources = sources
        self._set_pipe = set_pipe
        self._read: deque[T] | None = None
        self._items: AsyncIterator[T] | None = None

    @override
    async def __anext__(self) -> T:
        if self._read is None:
            self._read = deque()
            await self._decide(self._read)
        if self._read:
            return self._read.popleft()
        if self._items is None:
            raise StopAsyncIteration
        return await anext(self._items)

    async def _decide(self, read: deque[T]) -> None:
        """Run the race."""
        pipe = AsyncPipe[_AsyncRun[T]](len(self._sources), 1)
        self._set_pipe(pipe)
        result = _Result[_AsyncRun[T]](len(self._sources))
        async with areaders(pipe, _aread_output, self._sources) as left:
            while not result.is_decided and (entry := await pipe.take()):
                result.record(entry, has_output=isinstance(entry, Got) and bool(entry.item[1]))
            pipe.close()
            if result.winner is not None:
                del left[result.winner.reader]
                read.extend(result.winner.item[0])
                self._items = result.winner.item[1]
            for lost in pipe.untaken():
                await aclose_source(lost.item[1])
        result.check()

    async def aclose(self) -> None:
        """Close the winner."""
        items, self._items, self._read = self._items, None, deque()
        await aclose_source(items)


@overload
def race(*streams: Stream[T]) -> Items[T]: ...
@overload
def race(*streams: Iterable[T]) -> SyncItems[T]: ...
@overload
def race(*streams: AsyncIterable[T]) -> AsyncItems[T]: ...
def race(*streams: Source[T]) -> AnyItems[T]:
    """Yield the items of the first stream that has output: text, reasoning or a tool call.

    The other streams are closed before the first item is yielded. A stream that fails, or that ends
    without output, loses the race.

    Args:
        streams: Streams or iterables: all sync, or all async. A thread or a task reads each of them
            until its first output. Then your loop reads the winner.

    Returns:
        The items of the winner: iterate them once.

    Raises:
        TypeError: Some are sync and some are async.
        Exception: While iterating: all streams failed. This is the error of the first one; its
            notes have the errors of the others.

    Example:
        >>> "".join(race(["", "To be"], []))
        'To be'
    """
    return items_of(_Race(streams), *streams)
