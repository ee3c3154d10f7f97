"""The ways for a consumer to stop reading a stream, sync and async."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, closing, suppress
from typing import Any, Final

import anyio


class LeaveError(Exception):
    """Raised by the loop of a consumer."""


def until_text(items: Any) -> None:
    """Read until text is received."""
    while not next(items)[0].content:
        pass


async def until_text_async(items: Any) -> None:
    """Read until text is received."""
    while not (await anext(items))[0].content:
        pass


def by_break(stream: Any) -> None:
    """Break out of the loop."""
    for chunk, _ in stream:
        if chunk.content:
            break


def by_an_exception(stream: Any) -> None:
    """Raise in the loop."""
    with suppress(LeaveError):
        for chunk, _ in stream:
            if chunk.content:
                raise LeaveError


def by_dropping_the_iterator(stream: Any) -> None:
    """Hold neither the stream nor its iterator."""
    items = iter(stream)
    until_text(items)
    del stream, items


def by_close(stream: Any) -> None:
    """Close, twice."""
    items = iter(stream)
    until_text(items)
    stream.close()
    stream.close()
    _is_over(list(items))


def by_with(stream: Any) -> None:
    """Leave a ``with`` block."""
    with stream:
        items = iter(stream)
        until_text(items)
    _is_over(list(items))


def by_return(stream: Any) -> None:
    """Return from a function inside the loop."""

    def first() -> Any:
        for chunk, _ in stream:
            if chunk.content:
                return chunk
        return None

    first()


def by_closing_a_generator_halfway(stream: Any) -> None:
    """Close a generator that is in the loop."""

    def consumer() -> Generator[Any]:
        for chunk, _ in stream:
            if chunk.content:
                yield chunk

    with closing(consumer()) as items:
        next(items)


def by_collecting_a_cycle(stream: Any) -> None:
    """Hold the iterator in a cycle, which the garbage collector finds."""
    held: list[Any] = [iter(stream)]
    held.append(held)
    until_text(held[0])
    del held
    gc.collect()


WAYS: Final[list[Callable[[Any], None]]] = [
    by_break,
    by_an_exception,
    by_dropping_the_iterator,
    by_close,
    by_with,
    by_return,
    by_closing_a_generator_halfway,
    by_collecting_a_cycle,
]


async def by_break_async(stream: Any) -> None:
    """Break out of the loop."""
    async for chunk, _ in stream:
        if chunk.content:
            break


async def by_an_exception_async(stream: Any) -> None:
    """Raise in the loop."""
    with suppress(LeaveError):
        async for chunk, _ in stream:
            if chunk.content:
                raise LeaveError


async def by_dropping_the_iterator_async(stream: Any) -> None:
    """Hold neither the stream nor its iterator."""
    items = aiter(stream)
    await until_text_async(items)
    del stream, items


async def by_aclose(stream: Any) -> None:
    """Close, twice."""
    items = aiter(stream)
    await until_text_async(items)
    await stream.aclose()
    await stream.aclose()
    _is_over([item async for item in items])


async def by_async_with(stream: Any) -> None:
    """Leave an ``async with`` block."""
    async with stream:
        items = aiter(stream)
        await until_text_async(items)
    _is_over([item async for item in items])


async def by_cancellation(stream: Any) -> None:
    """Cancel the task."""
    started = asyncio.Event()

    async def read() -> None:
        async for chunk, _ in stream:
            if chunk.content:
                started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    _is_cancelled(task.cancelled())


async def by_a_cancel_scope(stream: Any) -> None:
    """Cancel a scope of anyio."""
    with anyio.CancelScope() as scope:
        async for chunk, _ in stream:
            if chunk.content:
                scope.cancel()
    _is_cancelled(scope.cancelled_caught)


async def by_a_timeout(stream: Any) -> None:
    """Let a timeout of asyncio expire."""
    deadline = asyncio.timeout(None)
    with suppress(TimeoutError):
        async with deadline:
            async for chunk, _ in stream:
                if chunk.content and deadline.when() is None:
                    deadline.reschedule(asyncio.get_running_loop().time() + 0.01)
    _is_cancelled(deadline.expired())


async def by_closing_a_generator_halfway_async(stream: Any) -> None:
    """Close a generator that is in the loop."""

    async def consumer() -> AsyncGenerator[Any]:
        async for chunk, _ in stream:
            if chunk.content:
                yield chunk

    async with aclosing(consumer()) as items:
        await anext(items)


async def by_collecting_a_cycle_async(stream: Any) -> None:
    """Hold the iterator in a cycle, which the garbage collector finds."""
    held: list[Any] = [aiter(stream)]
    held.append(held)
    await until_text_async(held[0])
    del held
    gc.collect()


ASYNC_WAYS: Final[list[Callable[[Any], Awaitable[None]]]] = [
    by_break_async,
    by_an_exception_async,
    by_dropping_the_iterator_async,
    by_aclose,
    by_async_with,
    by_cancellation,
    by_a_cancel_scope,
    by_a_timeout,
    by_closing_a_generator_halfway_async,
    by_collecting_a_cycle_async,
]


def _is_over(left: list[Any]) -> None:
    if left:
        raise AssertionError(f"a stream that was closed yields {len(left)} more items")


def _is_cancelled(cancelled: bool) -> None:  # noqa: FBT001  # the only argument
    if not cancelled:
        raise AssertionError("the cancellation does not leave the loop: the stream swallows it")
