"""Operators that turn items into others, one stream to one: their interface and their drivers.

A `Transform` is pure: items go in, items come out. A `Timed` one also has a due time. The drivers
of the first read the source where the consumer is. Those of the second read it in a thread or a
task, at most `READ_AHEAD` items ahead, because they have to wait for two things at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable
from time import monotonic
from typing import Final, Generic

from typing_extensions import TypeVar, override

from mirascope.streams._items import (
    AnyItems,
    AsyncRun,
    Operator,
    Source,
    aclose_source,
    aiterate,
    items_of,
    reading,
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

In = TypeVar("In")
Out = TypeVar("Out")

READ_AHEAD: Final = 16
"""How many items a thread or a task reads ahead of the consumer."""


class Transform(ABC, Generic[In, Out]):
    """Turns items into others.

    Attributes:
        stopped: Whether no further item is wanted.
    """

    stopped = False

    @abstractmethod
    def feed(self, item: In) -> Iterable[Out]:
        """Read an item; return those that it completes."""

    def finish(self) -> Iterable[Out]:
        """Return the items that the end of the source completes."""
        return ()


class Timed(Transform[In, Out]):
    """Turns items into others, some of them when they are due.

    Attributes:
        due: When `expire` is to be called, on the clock.
        clock: Returns the time, in seconds.
    """

    due: float | None = None
    clock: Callable[[], float] = staticmethod(monotonic)

    @abstractmethod
    def expire(self, now: float) -> Iterable[Out]:
        """Return the items that are due."""


def transformed(source: Source[In], transform: Transform[In, Out]) -> AnyItems[Out]:
    """Return the items of a source after a transform."""
    return items_of(_Run(source, transform), source)


def timed(source: Source[In], transform: Timed[In, Out]) -> AnyItems[Out]:
    """Return the items of a source after a timed transform, each in time."""
    return items_of(_TimedRun(source, transform), source)


class _Run(Operator[Out], Generic[In, Out]):
    def __init__(self, source: Source[In], transform: Transform[In, Out]) -> None:
        self.sources = (source,)
        self._source = source
        self._transform = transform

    @override
    def run(self) -> Generator[Out]:
        transform, feed = self._transform, self._transform.feed
        failure: Exception | None = None
        last: Iterable[Out] = ()
        with reading(self._source) as items:
            try:
                for item in items:
                    last = feed(item)
                    if transform.stopped:
                        break
                    yield from last
                    last = ()
            except Exception as error:  # noqa: BLE001  # raised after what was received
                failure = error
        if not transform.stopped:
            last = transform.finish()
        yield from last
        reraise(failure)

    @override
    def arun(self) -> AsyncRun[Out]:
        return _AsyncRun(aiterate(self._source), self._transform)


class _AsyncRun(AsyncIterator[Out], Generic[In, Out]):
    """The async driver."""

    def __init__(self, items: AsyncIterator[In], transform: Transform[In, Out]) -> None:
        self._items = items
        self._transform = transform
        self._ready: deque[Out] = deque()
        self._ended = False
        self._failure: Exception | None = None

    @override
    async def __anext__(self) -> Out:
        while not self._ready:
            if self._ended:
                failure, self._failure = self._failure, None
                reraise(failure)
                raise StopAsyncIteration
            try:
                await self._read()
            except BaseException:
                await self.aclose()
                raise
        return self._ready.popleft()

    async def _read(self) -> None:
        """Read one item, or the end."""
        transform = self._transform
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            self._ended = True
            self._ready.extend(transform.finish())
        except Exception as error:  # noqa: BLE001  # raised after what was received
            self._ended, self._failure = True, error
            self._ready.extend(transform.finish())
        else:
            self._ready.extend(transform.feed(item))
            if transform.stopped:
                self._ended = True
                await aclose_source(self._items)

    async def aclose(self) -> None:
        """Close the source; no item follows."""
        self._ended = True
        self._failure = None
        self._ready.clear()
        await aclose_source(self._items)


class _TimedRun(Operator[Out], Generic[In, Out]):
    def __init__(self, source: Source[In], transform: Timed[In, Out]) -> None:
        self.sources = (source,)
        self._source = source
        self._steps = _Steps(transform)
        self._pipe: Pipe[In] | AsyncPipe[In] | None = None

    @override
    def wake(self) -> None:
        if self._pipe is not None:
            self._pipe.close()

    @override
    def run(self) -> Generator[Out]:
        self._pipe = pipe = Pipe[In](1, READ_AHEAD)
        steps = self._steps
        with readers(pipe, read_all, [self._source]):
            while not (pipe.closed or steps.ended):
                yield from steps.next(pipe.take(steps.seconds()))
        steps.check()

    @override
    async def arun(self) -> AsyncGenerator[Out]:
        self._pipe = pipe = AsyncPipe[In](1, READ_AHEAD)
        steps = self._steps
        async with areaders(pipe, aread_all, [self._source]):
            while not (pipe.closed or steps.ended):
                for item in steps.next(await pipe.take(steps.seconds())):
                    yield item
        steps.check()


class _Steps(Generic[In, Out]):
    """What the timed drivers do.

    When a due time passes while the consumer is busy, what waits in the pipe is read first: it was
    received in time.
    """

    def __init__(self, transform: Timed[In, Out]) -> None:
        self._transform = transform
        self._overdue = 0
        self._source_ended = False
        self._failure: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self._source_ended and self._transform.due is None

    def seconds(self) -> float | None:
        """Return how long to wait for the next entry of the pipe."""
        due = self._transform.due
        return None if due is None else max(0.0, due - self._transform.clock())

    def next(self, entry: Got[In] | Ended | None) -> Iterable[Out]:
        """Return the items after an entry, or after its absence."""
        transform, now = self._transform, self._transform.clock()
        if isinstance(entry, Ended):
            self._source_ended, self._failure = True, entry.error
            return transform.finish()
        if entry is None:
            return transform.expire(now)
        items = transform.feed(entry.item)
        is_overdue = transform.due is not None and transform.due <= now
        self._overdue = self._overdue + 1 if is_overdue else 0
        if self._overdue < READ_AHEAD:
            return items
        self._overdue = 0
        return (*items, *transform.expire(now))

    def check(self) -> None:
        """Raise what the source failed with."""
        failure, self._failure = self._failure, None
        reraise(failure)
