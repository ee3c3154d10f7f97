"""What operators return, and how they run: once, and closing what they read.

An operator is an `Operator`: it knows its sources and how to run over them, sync and async. The
object that users hold never holds the run that a loop iterates, so leaving the loop ends the run,
and the run closes its sources. An async run is no async generator, unless it only has tasks to end:
an event loop that ends closes all async generators at once, so none could close another.
"""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeAlias, cast

from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._engine.stream import BaseStream
from mirascope.core._engine.structured_stream import BaseStructuredStream, Elements

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Stream(Protocol[T_co]):
    """One of our streams, or of an operator over one: for ``for`` or ``async for``."""

    def __iter__(self) -> Iterator[T_co]: ...
    def __aiter__(self) -> AsyncIterator[T_co]: ...


Source: TypeAlias = Stream[T] | Iterable[T] | AsyncIterable[T]
"""What an operator reads."""


class AsyncRun(Protocol[T_co]):
    """An async iterator that can be closed."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...
    def __anext__(self) -> Awaitable[T_co]: ...
    def aclose(self) -> Awaitable[None]: ...


class Operator(ABC, Generic[T]):
    """What an operator does.

    Attributes:
        sources: What is closed with it.
    """

    sources: Sequence[object] = ()

    @abstractmethod
    def run(self) -> Generator[T]:
        """Yield the items."""

    @abstractmethod
    def arun(self) -> AsyncRun[T]:
        """Yield the items, async."""

    def wake(self) -> None:
        """End the waits of a run, from any thread: the operator is closed."""


class _Use:
    """Whether items were iterated or closed."""

    has_begun = False
    is_closed = False

    def check(self) -> None:
        if self.has_begun or self.is_closed:
            done = "closed" if self.is_closed else "iterated"
            raise errors.StreamConsumed(f"these items were {done} before; they are iterated once")


def _run_of(operator: Operator[T], use: _Use) -> Generator[T]:
    """Run an operator, if no other run has begun; this holds no items, which hold it."""
    use.check()
    use.has_begun = True
    yield from operator.run()


class SyncItems(Iterator[T_co]):
    """The items of an operator: iterate them once, with ``for`` or `next`.

    Leaving the loop closes what the operator reads, and so do `close` and ``with``.

    Raises:
        StreamConsumed: They were iterated or closed before.
    """

    def __init__(self, operator: Operator[T_co]) -> None:
        self._operator = operator
        self._run: weakref.ref[Generator[T_co]] | None = None
        self._held: Generator[T_co] | None = None
        self._use = _Use()

    @override
    def __iter__(self) -> Iterator[T_co]:  # noqa: PYI034  # what the loop alone holds
        run, self._held = self._held or self._new_run(), None
        return run

    @override
    def __next__(self) -> T_co:
        if self._held is None:
            self._held = self._new_run()
        return next(self._held)

    def _new_run(self) -> Generator[T_co]:
        """Return a run; until one begins, `iter` may be called again, as some callers do."""
        self._use.check()
        run = _run_of(self._operator, self._use)
        self._run = weakref.ref(run)
        return run

    def close(self) -> None:
        """Close the source now, from any thread; no more items follow."""
        self._use.is_closed = True
        run = self._run() if self._run is not None else None
        if run is not None:
            with suppress(ValueError):  # another thread is running it, and finds its sources closed
                run.close()
        self._operator.wake()
        for source in self._operator.sources:
            close_source(source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncItems(AsyncIterator[T_co]):
    """The items of an async operator: iterate them once, with ``async for`` or ``anext()``.

    Leaving the loop closes the source, and so do `aclose` and ``async with``.

    Raises:
        StreamConsumed: The items were already iterated or closed.
    """

    def __init__(self, operator: Operator[T_co]) -> None:
        self._aoperator = operator
        self._arun: weakref.ref[AsyncRun[T_co]] | None = None
        self._aheld: AsyncRun[T_co] | None = None
        self._ause = _Use()

    @override
    def __aiter__(self) -> AsyncIterator[T_co]:  # noqa: PYI034  # the same
        run, self._aheld = self._aheld or self._abegun(), None
        return cast("AsyncIterator[T_co]", run)

    @override
    async def __anext__(self) -> T_co:
        if self._aheld is None:
            self._aheld = self._abegun()
        return await self._aheld.__anext__()

    def _abegun(self) -> AsyncRun[T_co]:
        self._ause.check()
        self._ause.has_begun = True
        run = self._aoperator.arun()
        self._arun = weakref.ref(run)
        return run

    async def aclose(self) -> None:
        """Close the source now; no more items follow."""
        self._ause.is_closed = True
        run = self._arun() if self._arun is not None else None
        if run is not None:
            with suppress(RuntimeError):  # another task is running it
                await run.aclose()
        self._aoperator.wake()
        for source in self._aoperator.sources:
            await aclose_source(source)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Items(SyncItems[T_co], AsyncItems[T_co]):
    """The items of an operator: iterate them once, with ``for`` or ``async for`` like their source.

    At run time, they are `SyncItems` or `AsyncItems`, if the kind of the source is known.
    """

    def __init__(self, operator: Operator[T_co]) -> None:
        SyncItems[T_co].__init__(self, operator)
        AsyncItems[T_co].__init__(self, operator)


AnyItems: TypeAlias = SyncItems[T] | AsyncItems[T]
"""The items of an operator."""


def items_of(operator: Operator[T], *sources: object) -> AnyItems[T]:
    """Return the items of an operator: sync or async, as what it reads.

    Raises:
        TypeError: A source cannot be iterated, or one is sync and another async.
    """
    kinds = {kind for kind in map(is_async, sources) if kind is not None}
    if len(kinds) > 1:
        raise TypeError(
            "some of these streams are sync and some are async: pass streams of one kind"
        )
    if not kinds:
        return Items(operator)
    return AsyncItems(operator) if kinds.pop() else SyncItems(operator)


def is_async(source: object) -> bool | None:
    """Return whether a source is async; ``None`` if it may be either.

    Raises:
        TypeError: It cannot be iterated.
    """
    stream = stream_of(source)
    if stream is not None:
        return stream.is_async
    kinds = isinstance(source, Iterable), isinstance(source, AsyncIterable)
    if not any(kinds):
        hint = ": await it first" if hasattr(source, "__await__") else ""
        raise TypeError(f"expected a stream or an iterable, not {type(source).__name__}{hint}")
    return None if all(kinds) else kinds[1]


def stream_of(source: object) -> BaseStream[Any, Any, Any, Any] | None:
    """Return the stream that a source is, or reads as values; ``None`` for any other iterable."""
    if isinstance(source, BaseStructuredStream | Elements):
        return cast("BaseStructuredStream[object]", source).stream
    return cast("Any", source) if isinstance(source, BaseStream) else None


# Closing. A generator that another thread or task is running is closed by that one.


def close_source(source: object) -> None:
    """Close a source, or an iterator of it, although another thread may be reading it."""
    close = getattr(stream_of(source) or source, "close", None)
    if close is not None:
        with suppress(ValueError):
            close()


async def aclose_source(source: object) -> None:
    """Close an async source, although another task may be reading it."""
    close = getattr(stream_of(source) or source, "aclose", None)
    if close is not None:
        with suppress(RuntimeError):
            await close()


@contextmanager
def reading(source: Source[T]) -> Generator[Iterator[T]]:
    """Iterate a source in a block, at whose end the iterator is closed."""
    items = iter(cast("Iterable[T]", source))
    try:
        yield items
    finally:
        close_source(items)


def aiterate(source: Source[T]) -> AsyncIterator[T]:
    """Return the iterator of an async source."""
    return aiter(cast("AsyncIterable[T]", source))


def reraise(error: Exception | None) -> None:
    """Raise an error, if there is one, so that its own traceback does not keep it."""
    try:
        if error is not None:
            raise error
    finally:
        del error
