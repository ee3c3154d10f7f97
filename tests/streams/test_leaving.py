"""However an operator is left, the server sees its connections end."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from support.cases import Case, Driver
from support.everywhere import EVERYWHERE
from support.providers import case_of

from mirascope import streams
from mirascope.testing.conformance._leaving import LeaveError
from mirascope.testing.loopback import Loopback, Response, Stall, dripping


@pytest.fixture(params=["openai", "bedrock"] if EVERYWHERE else ["openai"])
def case(request: pytest.FixtureRequest) -> Case:
    """One that is read by itself, one in threads: operators see the same of every provider."""
    return case_of(request.param)


PATIENCE = 2
"""Seconds; it is over as soon as the connection ends, which takes milliseconds."""


def chained(stream: Any) -> Any:
    return streams.sentences(streams.smooth(streams.until(stream, "END")), max_latency=60)


def both_branches(stream: Any) -> Any:
    return streams.merge(*streams.tee(stream, buffer=4))


OPERATORS: dict[str, Callable[..., Any]] = {
    "text": streams.text,
    "words": streams.words,
    "lines": streams.lines,
    "sentences": streams.sentences,
    "sentences in time": lambda stream: streams.sentences(stream, max_latency=60, max_chars=200),
    "smooth": streams.smooth,
    "throttle": lambda stream: streams.throttle(stream, 0.001),
    "until": lambda stream: streams.until(stream, "END"),
    "until true": lambda stream: streams.until(stream, lambda item: item is None),
    "extract_reasoning": streams.extract_reasoning,
    "tee": lambda stream: streams.tee(stream, 1)[0],
    "both branches": both_branches,
    "merge": streams.merge,
    "race": streams.race,
    "chained": chained,
}


@pytest.fixture(params=OPERATORS.values(), ids=OPERATORS)
def operator(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param


def endless(case: Case) -> Response:
    return Response(dripping([*case.begin, *[case.text("To be. Or\nnot. ")] * 10_000]))


def is_left(server: Loopback) -> bool:
    return bool(server.connections) and all(
        connection.disconnected.wait(PATIENCE) for connection in server.connections
    )


def has_text(item: Any) -> bool:
    """Whether an item of any operator has text."""
    while isinstance(item, tuple):
        item = item[1] if isinstance(item[0], int) else item[0]
    return bool(str(item))


def by_break(items: Any) -> None:
    for item in items:
        if has_text(item):
            break


def by_an_exception(items: Any) -> None:
    with pytest.raises(LeaveError):
        for item in items:
            if has_text(item):
                raise LeaveError


def by_dropping(items: Any) -> None:
    while not has_text(next(items)):
        pass
    del items


def by_close(items: Any) -> None:
    run = iter(items)
    while not has_text(next(run)):
        pass
    items.close()
    items.close()
    assert list(run) == []


def by_with(items: Any) -> None:
    with items:
        while not has_text(next(items)):
            pass


def by_collecting_a_cycle(items: Any) -> None:
    held: list[Any] = [iter(items)]
    held.append(held)
    while not has_text(next(held[0])):
        pass
    del held, items
    gc.collect()


WAYS = [by_break, by_an_exception, by_dropping, by_close, by_with, by_collecting_a_cycle]


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_leaving_closes(
    case: Case,
    server: Loopback,
    operator: Callable[..., Any],
    leave: Callable[[Any], None],
) -> None:
    server.queue = [endless(case)]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    leave(operator(stream))
    assert is_left(server)
    assert stream.state == "closed"


async def by_break_async(items: Any) -> None:
    async for item in items:
        if has_text(item):
            break


async def by_an_exception_async(items: Any) -> None:
    with pytest.raises(LeaveError):
        async for item in items:
            if has_text(item):
                raise LeaveError


async def by_dropping_async(items: Any) -> None:
    while not has_text(await anext(items)):
        pass
    del items


async def by_aclose(items: Any) -> None:
    run = aiter(items)
    while not has_text(await anext(run)):
        pass
    await items.aclose()
    await items.aclose()
    assert [item async for item in run] == []


async def by_async_with(items: Any) -> None:
    async with items:
        while not has_text(await anext(items)):
            pass


async def by_cancellation(items: Any) -> None:
    started = asyncio.Event()

    async def read() -> None:
        async for item in items:
            if has_text(item):
                started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_a_cancel_scope(items: Any) -> None:
    with anyio.CancelScope() as scope:
        async for item in items:
            if has_text(item):
                scope.cancel()
    assert scope.cancelled_caught


ASYNC_WAYS: list[Callable[[Any], Awaitable[None]]] = [
    by_break_async,
    by_an_exception_async,
    by_dropping_async,
    by_aclose,
    by_async_with,
    by_cancellation,
    by_a_cancel_scope,
]


@pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
def test_leaving_closes_async(
    case: Case,
    server: Loopback,
    operator: Callable[..., Any],
    leave: Callable[[Any], Awaitable[None]],
) -> None:
    server.queue = [endless(case)]
    function = Driver(asynchronous=True).function(case)

    async def read_and_leave() -> Any:
        stream = await function("fantasy")
        await leave(operator(stream))
        assert await anyio.to_thread.run_sync(is_left, server)
        return stream

    assert anyio.run(read_and_leave).state == "closed"


def wait_for_text(case: Case, server: Loopback) -> None:
    while not (server.connections and server.connections[0].sent > len(case.begin)):
        threading.Event().wait(0.01)


def test_another_thread_closes_what_stalls(
    case: Case, server: Loopback, operator: Callable[..., Any]
) -> None:
    server.queue = [Response([*case.begin, case.text("To be. Or\nnot. "), Stall()])]
    items = operator(Driver(asynchronous=False).function(case)("fantasy"))
    ended = threading.Event()

    def read() -> None:
        list(items)
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    wait_for_text(case, server)
    items.close()
    assert ended.wait(PATIENCE)
    thread.join()
    assert is_left(server)
    assert threads_end()


def test_another_task_closes_what_stalls(
    case: Case, server: Loopback, operator: Callable[..., Any]
) -> None:
    server.queue = [Response([*case.begin, case.text("To be. Or\nnot. "), Stall()])]
    function = Driver(asynchronous=True).function(case)

    async def read_and_close() -> None:
        items = operator(await function("fantasy"))

        async def read() -> None:
            async for _ in items:
                pass

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.to_thread.run_sync(wait_for_text, case, server)
                await items.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    anyio.run(read_and_close)
    assert is_left(server)


def threads_end() -> bool:
    """Return whether the threads of operators end."""
    mine = [each for each in threading.enumerate() if each.name == "mirascope-streams"]
    for thread in mine:
        thread.join(PATIENCE)
    return not any(thread.is_alive() for thread in mine)


def test_a_stalled_stream_is_left_by_break(
    case: Case, server: Loopback, operator: Callable[..., Any]
) -> None:
    server.queue = [Response([*case.begin, *[case.text("To be. Or\nnot. ")] * 3, Stall()])]
    by_break(operator(Driver(asynchronous=False).function(case)("fantasy")))
    assert is_left(server)
    assert threads_end()


def test_an_event_loop_that_ends_closes(
    case: Case,
    server: Loopback,
    operator: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An iterator that is still held then is closed, without a word."""
    server.queue = [endless(case)]
    function = Driver(asynchronous=True).function(case)
    held: list[Any] = []

    async def read_and_return() -> None:
        held.append(operator(await function("fantasy")))
        while not has_text(await anext(held[0])):
            pass

    anyio.run(read_and_return)
    assert is_left(server)
    assert caplog.records == []


def test_the_end_leaves_no_threads(
    case: Case, server: Loopback, operator: Callable[..., Any]
) -> None:
    server.queue = [Response(case.response("To be. ", "Or\n", "not."))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    for _ in operator(stream):
        pass
    assert stream.state == "finished"
    assert threads_end()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the HTTP library's own generators
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_leaving_closes_on_trio(case: Case, server: Loopback, operator: Callable[..., Any]) -> None:
    pytest.importorskip("trio")
    if case.name == "mistral":
        pytest.skip("its SDK runs on asyncio only")
    server.queue = [endless(case)]
    function = Driver(asynchronous=True).function(case)

    async def read_and_leave() -> None:
        stream = await function("fantasy")
        async with operator(stream) as items:
            while not has_text(await anext(items)):
                pass
        assert stream.state == "closed"

    anyio.run(read_and_leave, backend="trio")
    assert is_left(server)
