"""Async calls of SDKs that are sync: their requests and reads run in worker threads.

A thread that waits is left behind when its task is cancelled, and its connection is shut down, so
that it ends too. The number of threads is not limited: each open stream may need one.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Self, TypeVar

import anyio
from anyio import to_thread
from typing_extensions import override

from mirascope.core._engine.closing import pending_request
from mirascope.core._engine.source import AsyncSource, Source, UserItem

T = TypeVar("T")


async def in_thread(send: Callable[[], T]) -> T:
    """Send a request in a worker thread; cancellation interrupts it."""
    with pending_request() as request:
        try:
            return await _run(send)
        except BaseException as error:
            if not isinstance(error, Exception):  # else the SDK may have reused the connection
                request.interrupt()
            raise


async def open_in_thread(open_source: Callable[[], Source]) -> AsyncSource:
    """Send a streaming request in a worker thread, and return the source of its response."""
    opened: list[Source] = []
    abandoned = False

    def send() -> Source:
        opened.append(source := open_source())
        if abandoned:
            source.abort()
        return source

    try:
        return ThreadedSource(await in_thread(send))
    except BaseException:
        abandoned = True
        for source in opened:
            source.abort()
        raise


class ThreadedSource(AsyncSource, AsyncIterator["bytes | UserItem"]):
    """A sync source that is read in worker threads.

    Args:
        source: The source; its `Source.abort` wakes a thread that reads it.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source.response)
        self._source = source
        self._blocks = iter(source)

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> bytes | UserItem:
        block: bytes | UserItem | None = await _run(partial(next, self._blocks, None))
        if block is None:
            raise StopAsyncIteration
        return block

    @override
    async def finish(self) -> None:
        try:
            await _run(self._source.finish)
        finally:
            self._source.abort()

    @override
    async def aclose(self) -> None:
        self._source.abort()


async def _run(work: Callable[[], T]) -> T:
    """Run work in a worker thread, which does not keep what it raises: that holds the stream."""
    results: list[T] = []
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised by the task
            failures.append(error)

    limiter = anyio.CapacityLimiter(math.inf)
    await to_thread.run_sync(attempt, abandon_on_cancel=True, limiter=limiter)
    while failures:
        raise failures.pop()
    return results.pop()
