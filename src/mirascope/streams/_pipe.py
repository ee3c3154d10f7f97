"""Pipes with a bound, through which threads or tasks pass what they read to a consumer.

A reader reads its next item only when fewer than ``limit`` of its items wait. Whatever ends the
consumer's block ends the readers: tasks are cancelled; threads find the pipe and their sources
closed. A thread that is blocked in a read of something that cannot be interrupted, such as a
generator that sleeps, ends with that read; threads are daemons, so none delays the exit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import (
    Callable,
    Coroutine,
    Generator,
    Sequence,
)
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Generic, NamedTuple, TypeAlias

import anyio
from typing_extensions import TypeVar

from mirascope import errors
from mirascope.streams._items import (
    Source,
    aclose_source,
    aiterate,
    close_source,
    reading,
)
from mirascope.streams._tasks import Signal, Task, start_thread, stop

T = TypeVar("T")
R = TypeVar("R")


class Got(NamedTuple, Generic[T]):
    """An item.

    Attributes:
        reader: The index of its reader.
        item: The item.
    """

    reader: int
    item: T


class Ended(NamedTuple):
    """The end of a reader.

    Attributes:
        reader: Its index.
        error: What it failed with.
    """

    reader: int
    error: Exception | None


class Pipe(Generic[T]):
    """A pipe between threads.

    Args:
        readers: The number of readers.
        limit: How many items of each may wait.

    Attributes:
        closed: Whether the consumer is gone.
    """

    def __init__(self, readers: int, limit: int) -> None:
        self._changed = threading.Condition()
        self._entries: deque[Got[T] | Ended] = deque()
        self._waiting = [0] * readers
        self._limit = limit
        self.closed = False

    def offer(self, reader: int, item: T) -> bool:
        """Add an item; return whether the consumer is there."""
        with self._changed:
            if not self.closed:
                self._entries.append(Got(reader, item))
                self._waiting[reader] += 1
                self._changed.notify_all()
            return not self.closed

    def put(self, reader: int, item: T) -> bool:
        """Add an item and wait until the next one may be read; return whether it is wanted."""
        with self._changed:
            self.offer(reader, item)
            while self._waiting[reader] >= self._limit and not self.closed:
                self._changed.wait()
            return not self.closed

    def end(self, reader: int, error: Exception | None) -> None:
        """Mark the end of a reader."""
        with self._changed:
            self._entries.append(Ended(reader, error))
            self._changed.notify_all()

    def take(self, seconds: float | None = None) -> Got[T] | Ended | None:
        """Return the next entry; ``None`` after so many seconds without one, or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self.closed, seconds)
            if self.closed or not self._entries:
                return None
            entry = self._entries.popleft()
            if isinstance(entry, Got):
                self._waiting[entry.reader] -= 1
                self._changed.notify_all()
            return entry

    def untaken(self) -> list[Got[T]]:
        """Return the items that were not taken."""
        return [entry for entry in self._entries if isinstance(entry, Got)]

    def close(self) -> None:
        """End the waits, from any thread."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


class AsyncPipe(Generic[T]):
    """A pipe between tasks of one event loop; see `Pipe`."""

    def __init__(self, readers: int, limit: int) -> None:
        self._changed = Signal()
        self._entries: deque[Got[T] | Ended] = deque()
        self._waiting = [0] * readers
        self._limit = limit
        self.closed = False

    def offer(self, reader: int, item: T) -> bool:
        """Add an item; see `Pipe.offer`."""
        if not self.closed:
            self._entries.append(Got(reader, item))
            self._waiting[reader] += 1
            self._changed.set()
        return not self.closed

    async def put(self, reader: int, item: T) -> bool:
        """Add an item and wait until the next one may be read; see `Pipe.put`."""
        self.offer(reader, item)
        while self._waiting[reader] >= self._limit and not self.closed:
            await self._changed.wait()
        return not self.closed

    def end(self, reader: int, error: Exception | None) -> None:
        """Mark the end of a reader."""
        self._entries.append(Ended(reader, error))
        self._changed.set()

    async def take(self, seconds: float | None = None) -> Got[T] | Ended | None:
        """Return the next entry; see `Pipe.take`."""
        if not (self._entries or self.closed):
            with anyio.move_on_after(seconds):
                while not (self._entries or self.closed):
                    await self._changed.wait()
        if self.closed or not self._entries:
            return None
        entry = self._entries.popleft()
        if isinstance(entry, Got):
            self._waiting[entry.reader] -= 1
            self._changed.set()
        return entry

    def untaken(self) -> list[Got[T]]:
        """Return the items that were not taken."""
        return [entry for entry in self._entries if isinstance(entry, Got)]

    def close(self) -> None:
        """End the waits."""
        self.closed = True
        self._changed.set()


_CANCELLED: Final = "the thread or the task that reads this stream was cancelled"

# Readers. One reads its source and puts what it reads into the pipe.

Read: TypeAlias = Callable[[Pipe[R], int, Source[T]], None]
AsyncRead: TypeAlias = Callable[[AsyncPipe[R], int, Source[T]], Coroutine[Any, Any, None]]


def read_all(pipe: Pipe[T], reader: int, source: Source[T]) -> None:
    """Read a source to its end."""
    with reading(source) as items:
        for item in items:
            if not pipe.put(reader, item):
                break


async def aread_all(pipe: AsyncPipe[T], reader: int, source: Source[T]) -> None:
    """Read a source to its end, async."""
    items = aiterate(source)
    try:
        async for item in items:
            if not await pipe.put(reader, item):
                break
    finally:
        await aclose_source(items)


@contextmanager
def readers(
    pipe: Pipe[R], read: Read[R, T], sources: Sequence[Source[T]]
) -> Generator[dict[int, Source[T]]]:
    """Read sources in threads, which the end of the block ends, with the sources in its value."""
    left = dict(enumerate(sources))

    def run(reader: int, source: Source[T]) -> None:
        error: Exception | None = None
        try:
            read(pipe, reader, source)
        except Exception as caught:  # noqa: BLE001  # the consumer raises it
            error = caught
        except BaseException:
            pipe.end(reader, errors.StreamError(_CANCELLED))
            raise
        pipe.end(reader, error)

    try:
        for reader, source in enumerate(sources):
            start_thread(partial(run, reader, source))
        yield left
    finally:
        pipe.close()
        for source in left.values():
            close_source(source)


class areaders(Generic[R, T]):  # noqa: N801  # like the sync one, which is a function
    """Read sources in tasks, which the end of the block ends; see `readers`.

    It is no generator, which an event loop that ends would close while the block is being left.
    """

    def __init__(
        self, pipe: AsyncPipe[R], read: AsyncRead[R, T], sources: Sequence[Source[T]]
    ) -> None:
        self._pipe = pipe
        self._read = read
        self._sources = sources
        self._left = dict(enumerate(sources))
        self._tasks: list[Task] = []

    async def __aenter__(self) -> dict[int, Source[T]]:
        for reader, source in enumerate(self._sources):
            self._tasks.append(Task(partial(self._run, reader, source)))
        return self._left

    async def __aexit__(self, *_: object) -> None:
        self._pipe.close()
        await stop(self._tasks)
        with anyio.CancelScope(shield=True):
            for source in self._left.values():
                await aclose_source(source)

    async def _run(self, reader: int, source: Source[T]) -> None:
        error: Exception | None = None
        try:
            await self._read(self._pipe, reader, source)
        except Exception as caught:  # noqa: BLE001  # the consumer raises it
            error = caught
        except BaseException:
            self._pipe.end(reader, errors.StreamError(_CANCELLED))
            raise
        self._pipe.end(reader, error)
