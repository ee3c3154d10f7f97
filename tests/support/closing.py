"""The ways for a consumer to stop reading a stream, sync and async."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from mirascope.testing.loopback import Response, dripping
from support.cases import Case


class LeaveError(Exception):
    """Raised by the loop of a test."""


def until_text(items: Any) -> None:
    """Read until text is received."""
    while not next(items)[0].content:
        pass


async def until_text_async(items: Any) -> None:
    while not (await anext(items))[0].content:
        pass


def by_break(stream: Any) -> None:
    for chunk, _ in stream:
        if chunk.content:
            break


def by_an_exception(stream: Any) -> None:
    with pytest.raises(LeaveError):
        for chunk, _ in stream:
            if chunk.content:
                raise LeaveError


def by_dropping_the_iterator(stream: Any) -> None:
    items = iter(stream)
    until_text(items)
    del stream, items


def by_close(stream: Any) -> None:
    items = iter(stream)
    until_text(items)
    stream.close()
    stream.close()
    assert list(items) == []


def by_with(stream: Any) -> None:
    with stream:
        items = iter(stream)
        until_text(items)
    assert list(items) == []


def by_return(stream: Any) -> None:
    def first() -> Any:
        for chunk, _ in stream:
            if chunk.content:
                return chunk
        return None

    assert first() is not None


def by_closing_a_generator_halfway(stream: Any) -> None:
    def consumer() -> Any:
        for chunk, _ in stream:
            if chunk.content:
                yield chunk

    items = consumer()
    next(items)
    items.close()


def by_collecting_a_cycle(stream: Any) -> None:
    held: list[Any] = [iter(stream)]
    held.append(held)
    until_text(held[0])
    del held
    gc.collect()


WAYS: list[Callable[[Any], None]] = [
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
    async for chunk, _ in stream:
        if chunk.content:
            break


async def by_an_exception_async(stream: Any) -> None:
    with pytest.raises(LeaveError):
        async for chunk, _ in stream:
            if chunk.content:
                raise LeaveError


async def by_dropping_the_iterator_async(stream: Any) -> None:
    items = aiter(stream)
    await until_text_async(items)
    del stream, items


async def by_aclose(stream: Any) -> None:
    items = aiter(stream)
    await until_text_async(items)
    await stream.aclose()
    await stream.aclose()
    assert [item async for item in items] == []


async def by_async_with(stream: Any) -> None:
    async with stream:
        items = aiter(stream)
        await until_text_async(items)
    assert [item async for item in items] == []


async def by_cancellation(stream: Any) -> None:
    started = asyncio.Event()

    async def read() -> None:
        async for chunk, _ in stream:
            if chunk.content:
                started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_a_cancel_scope(stream: Any) -> None:
    with anyio.CancelScope() as scope:
        async for chunk, _ in stream:
            if chunk.content:
                scope.cancel()
    assert scope.cancelled_caught


async def by_a_timeout(stream: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as deadline:
            async for chunk, _ in stream:
                if chunk.content and deadline.when() is None:
                    deadline.reschedule(asyncio.get_running_loop().time() + 0.01)


async def by_closing_a_generator_halfway_async(stream: Any) -> None:
    async def consumer() -> Any:
        async for chunk, _ in stream:
            if chunk.content:
                yield chunk

    items = consumer()
    await anext(items)
    await items.aclose()


async def by_collecting_a_cycle_async(stream: Any) -> None:
    held: list[Any] = [aiter(stream)]
    held.append(held)
    await until_text_async(held[0])
    del held
    gc.collect()


ASYNC_WAYS: list[Callable[[Any], Awaitable[None]]] = [
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


def endless(case: Case) -> Response:
    return Response(dripping([*case.begin, *[case.text("a")] * 10_000]))
