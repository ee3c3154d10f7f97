"""However a consumer stops reading, the server sees the connection end, within half a second."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from support.cases import Case, Driver
from support.closing import ASYNC_WAYS, WAYS, by_break, by_break_async, endless, until_text

from mirascope import Timeout, errors
from mirascope.testing.loopback import Abort, Fault, Loopback, Reset, Response, Stall

HALF_A_SECOND = 0.5


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_stopping_closes_the_connection(
    case: Case, server: Loopback, leave: Callable[[Any], None]
) -> None:
    server.queue = [endless(case)]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    leave(stream)
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert stream.state == "closed"
    assert set(stream.content) == {"a"}
    assert stream.end_time >= stream.start_time > 0


@pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
def test_stopping_closes_the_connection_async(
    case: Case, server: Loopback, leave: Callable[[Any], Awaitable[None]]
) -> None:
    server.queue = [endless(case)]
    function = Driver(asynchronous=True).function(case)

    async def ask_and_leave() -> Any:
        stream = await function("fantasy")
        await leave(stream)
        disconnected = server.connections[0].disconnected
        assert await anyio.to_thread.run_sync(disconnected.wait, HALF_A_SECOND)
        return stream

    stream = anyio.run(ask_and_leave)
    assert stream.state == "closed"
    assert set(stream.content) == {"a"}


def test_a_dropped_stream_closes_without_the_garbage_collector(
    case: Case, server: Loopback
) -> None:
    server.queue = [endless(case)]
    gc.disable()
    try:
        items = iter(Driver(asynchronous=False).function(case)("fantasy"))
        until_text(items)
        del items
        assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    finally:
        gc.enable()


def test_another_thread_can_close_a_stream_that_waits(case: Case, server: Loopback) -> None:
    server.queue = [Response([*case.begin, case.text("a"), Stall()])]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    first, ended = threading.Event(), threading.Event()

    def read() -> None:
        for chunk, _ in stream:
            if chunk.content:
                first.set()
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert first.wait(5)
    stream.close()
    assert ended.wait(HALF_A_SECOND)
    thread.join()
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert (stream.state, stream.content) == ("closed", "a")


def test_another_task_can_close_a_stream_that_waits(case: Case, server: Loopback) -> None:
    server.queue = [Response([*case.begin, case.text("a"), Stall()])]
    function = Driver(asynchronous=True).function(case)

    async def read_and_close() -> Any:
        stream = await function("fantasy")
        first = anyio.Event()

        async def read() -> None:
            async for chunk, _ in stream:
                if chunk.content:
                    first.set()

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await first.wait()
                await stream.aclose()
        return stream

    stream = anyio.run(read_and_close)
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert (stream.state, stream.content) == ("closed", "a")


def test_a_stream_that_is_never_iterated_sends_nothing(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stream = driver.call(driver.function(case))
    assert stream.state == "pending"
    del stream
    gc.collect()
    assert server.connections == []


def test_streams_release_what_they_hold(case: Case, driver: Driver, server: Loopback) -> None:
    script = [*case.begin, case.text("a"), *[case.text("b")] * 20]
    ends = [case.end(3, 2), [], [Abort()], [b"data: {not json}\n\n"]]
    answers = cycle(ends)
    server.default = lambda: Response([*script, *next(answers)])
    function = driver.function(case, max_retries=0)
    turns = range(50)

    async def leave_all() -> None:
        for turn in turns:
            with contextlib.suppress(errors.StreamError):
                stream = await function("fantasy")
                await by_break_async(stream) if turn % 3 == 0 else [item async for item in stream]
        await anyio.lowlevel.checkpoint()  # for what breaking off left to the event loop
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def leave_all_in_turn() -> None:
        for turn in turns:
            with contextlib.suppress(errors.StreamError):
                by_break(function("fantasy")) if turn % 3 == 0 else list(function("fantasy"))

    driver.run(leave_all) if driver.asynchronous else leave_all_in_turn()
    assert len(server.requests) == len(turns)
    kept = [each for each in server.connections if not each.disconnected.wait(HALF_A_SECOND)]
    assert len(kept) <= 2  # for another stream; one that was left may have come whole by then
    deadlines = [each for each in threading.enumerate() if each.name == "mirascope-watchdog"]
    assert len(deadlines) <= 1


@pytest.mark.parametrize("fault", [Stall(), Abort(), Reset()], ids=["stall", "abort", "reset"])
def test_nothing_holds_a_stream_that_failed(
    case: Case, driver: Driver, server: Loopback, fault: Fault
) -> None:
    server.queue = [Response([*case.begin, case.text("a"), fault])]
    function = driver.function(case, max_retries=0, timeout=Timeout(idle=0.2))
    attempt = driver.attempt(function)
    assert isinstance(attempt.error, errors.StreamConnectionError | errors.StreamTimeout)
    stream, error = weakref.ref(attempt.stream), weakref.ref(attempt.error)
    del attempt
    gc.collect()
    assert (stream(), error()) == (None, None)


def test_what_was_received_stays_readable(case: Case, server: Loopback) -> None:
    server.queue = [endless(case)]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    by_break(stream)
    with pytest.raises(errors.StreamNotFinished, match="partial") as caught:
        stream.construct_call_response()
    assert isinstance(caught.value, case.sdk_error)
    with pytest.raises(errors.StreamNotFinished):
        _ = stream.message_param
    partial = stream.partial()
    assert partial.partial
    assert partial.content == stream.content == "a"
    assert partial.finish_reasons is None


def test_a_stream_can_be_closed_before_it_is_iterated(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stream = driver.call(driver.function(case))
    stream.close()
    assert stream.state == "closed"
    with pytest.raises(errors.StreamConsumed):
        driver.read(stream)
    assert server.connections == []


def test_a_loop_that_breaks_at_the_last_item_has_a_finished_stream(
    case: Case, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    for chunk, _ in stream:
        if chunk.finish_reasons:
            break
    assert stream.construct_call_response().content == "Hello"


def test_another_thread_closes_before_the_response_begins(case: Case, server: Loopback) -> None:
    """The connection of a request ends too, and a later one has a connection of its own."""
    pytest.importorskip("aiohttp")  # the libraries' own transports do not expose the connection
    server.queue = [Response(before=[Stall()]), Response(case.response("Emma"))]
    function = Driver(asynchronous=False).function(case)
    stream = function("fantasy")
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    while not server.requests:
        threading.Event().wait(0.01)
    stream.close()
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    reader.join(HALF_A_SECOND)
    assert not reader.is_alive()
    assert stream.state == "closed"
    finished = function("fantasy")
    assert [chunk.content for chunk, _ in finished if chunk.content] == ["Emma"]
    finished.close()
    assert finished.state == "finished"
