"""One stream for several readers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import overload

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
)
from mirascope.streams._shared import AsyncShared, SyncShared

T = TypeVar("T")


class _Branch(Operator[T]):
    """One branch; it is left when it is dropped, even if it was never read."""

    def __init__(
        self, sync_shared: SyncShared[T], async_shared: AsyncShared[T], index: int
    ) -> None:
        self._sync = sync_shared
        self._async = async_shared
        self._index = index

    @override
    def run(self) -> Generator[T]:
        shared, index = self._sync, self._index
        try:
            while items := shared.next(index):
                yield items[0]
        finally:
            shared.leave(index)

    @override
    async def arun(self) -> AsyncGenerator[T]:
        shared, index = self._async, self._index
        try:
            while items := await shared.next(index):
                yield items[0]
        finally:
            await shared.aleave(index)

    @override
    def wake(self) -> None:
        self._sync.leave(self._index)
        self._async.leave(self._index)

    def __del__(self) -> None:
        self.wake()


@overload
def tee(stream: Stream[T], n: int = 2, *, buffer: int = 1024) -> tuple[Items[T], ...]: ...
@overload
def tee(stream: Iterable[T], n: int = 2, *, buffer: int = 1024) -> tuple[SyncItems[T], ...]: ...
@overload
def tee(
    stream: AsyncIterable[T], n: int = 2, *, buffer: int = 1024
) -> tuple[AsyncItems[T], ...]: ...
def tee(stream: Source[T], n: int = 2, *, buffer: int = 1024) -> tuple[AnyItems[T], ...]:
    """Return independent branches of a stream; each branch has all items.

    The stream is closed when the last branch is left, closed or dropped.

    Args:
        stream: A stream, or an iterable.
        n (int): The number of branches.
        buffer (int): The number of items that the fastest branch may be ahead of the slowest one.
            At the limit, the fastest branch waits. So read the branches in different threads or
            tasks, or read them in turn.

    Returns:
        A tuple of ``n`` branches: iterate each of them once.

    Raises:
        ValueError: ``n`` or ``buffer`` is less than 1.
        RuntimeError: While iterating: a branch would wait for a branch that the same thread or task
            reads.

    Example:
        >>> shown, kept = tee(["To be, ", "or not to be"])
        >>> list(zip(shown, kept))
        [('To be, ', 'To be, '), ('or not to be', 'or not to be')]
    """
    if n < 1 or buffer < 1:
        raise ValueError(f"`n` is {n} and `buffer` is {buffer}; both must be 1 or more")
    sync_shared, async_shared = SyncShared(stream, n, buffer), AsyncShared(stream, n, buffer)
    branches = (_Branch(sync_shared, async_shared, index) for index in range(n))
    return tuple(items_of(branch, stream) for branch in branches)
