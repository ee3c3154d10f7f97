"""However a stream is left, the server sees the connection end, within half a second."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from itertools import cycle
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from cases import Case, Driver
from loopback import Abort, Answer, Fault, Loopback, Reset, Stall, dripping

from mirascope import Timeout, errors

HALF_A_SECOND = 0.5


class LeaveError(Exception):
    """Raised by the loop of a test."""


def until_text(items: Any) -> None:
    """Read on until text has come."""
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


def endless(case: Case) -> Answer:
    return Answer(dripping([*case.begin, *[case.text("a")] * 10_000]))


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_leaving_closes(case: Case, server: Loopback, leave: Callable[[Any], None]) -> None:
    server.queue = [endless(case)]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    leave(stream)
    assert server.connections[0].hung_up.wait(HALF_A_SECOND)
    assert stream.state == "closed"
    assert set(stream.content) == {"a"}
    assert stream.end_time >= stream.start_time > 0


@pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
def test_leaving_closes_async(
    case: Case, server: Loopback, leave: Callable[[Any], Awaitable[None]]
) -> None:
    server.queue = [endless(case)]
    function = Driver(asynchronous=True).function(case)

    async def ask_and_leave() -> Any:
        stream = await function("fantasy")
        await leave(stream)
        hung_up = server.connections[0].hung_up
        assert await anyio.to_thread.run_sync(hung_up.wait, HALF_A_SECOND)
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
        assert server.connections[0].hung_up.wait(HALF_A_SECOND)
    finally:
        gc.enable()


def test_another_thread_can_close_a_stream_that_waits(case: Case, server: Loopback) -> None:
    server.queue = [Answer([*case.begin, case.text("a"), Stall()])]
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
    assert server.connections[0].hung_up.wait(HALF_A_SECOND)
    assert (stream.state, stream.content) == ("closed", "a")


def test_another_task_can_close_a_stream_that_waits(case: Case, server: Loopback) -> None:
    server.queue = [Answer([*case.begin, case.text("a"), Stall()])]
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
    assert server.connections[0].hung_up.wait(HALF_A_SECOND)
    assert (stream.state, stream.content) == ("closed", "a")


HELD_AT_EXIT = """
import asyncio
import os
from threading import Event, Thread
from cases import Driver
from providers import CASES

case = next(case for case in CASES if case.name == {name!r})

own = case.client(os.environ[case.url_variable], "a-secret-key")
streams = [
    Driver(asynchronous=False).function(case, client=client)("fantasy")
    for client in (None, None, own.__enter__())
]
held = [iter(stream) for stream in streams]
for items in held:
    while not next(items)[0].content:
        pass
for stream in streams:
    stream.on_end.append(lambda _, stream=stream: print(stream.state))
held.append(held)

begun = Event()

def read_on():
    for chunk, _ in Driver(asynchronous=False).function(case)("fantasy"):
        if chunk.content:
            begun.set()

Thread(target=read_on, daemon=True).start()
begun.wait()

async def ask():
    held.append(aiter(await Driver(asynchronous=True).function(case)("fantasy")))
    while not (await anext(held[-1]))[0].content:
        pass

loop = asyncio.new_event_loop()
loop.set_debug(False)
loop.run_until_complete(ask())
print("ready")
"""
HELD_AT_THE_END_OF_A_LOOP = """
import asyncio
from cases import Driver
from providers import CASES

case = next(case for case in CASES if case.name == {name!r})
held = []

async def ask():
    for _ in range(3):
        stream = await Driver(asynchronous=True).function(case)("fantasy")
        held.append(aiter(stream))
        while not (await anext(held[-1]))[0].content:
            pass

asyncio.run(ask(), debug=False)
print("ready")
"""
HELD_BY_A_CHILD_TOO = """
import os
import sys
from cases import Driver
from providers import CASES

case = next(case for case in CASES if case.name == {name!r})
stream = Driver(asynchronous=False).function(case)("fantasy")
items = iter(stream)
while not next(items)[0].content:
    pass
child = os.fork()
if not child:
    sys.exit()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
list(items)
print(stream.content)
"""


def begun(program: str, case: Case, *options: str) -> subprocess.Popen[str]:
    """Start a program that asks the server of a test."""
    return subprocess.Popen(
        [sys.executable, *options, "-c", program.format(name=case.name)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(HELD_AT_EXIT, "ready\n" + 3 * "closed\n", id="exit"),
        pytest.param(HELD_AT_THE_END_OF_A_LOOP, "ready\n", id="loop"),
    ],
)
def test_a_process_ends_at_once_and_quietly(
    case: Case, server: Loopback, program: str, printed: str
) -> None:
    if program is HELD_AT_THE_END_OF_A_LOOP and find_spec("aiohttp") is None:
        pytest.skip("the loop's end closes the generators of httpx at the same time as ours")
    server.default = lambda: Answer([*case.begin, case.text("a"), Stall()])
    with begun(program, case, "-X", "dev", "-W", "error") as process:
        assert process.communicate(timeout=120) == (printed, "")
    assert process.returncode == 0
    for connection in server.connections:
        assert connection.hung_up.wait(HALF_A_SECOND)


def test_a_child_that_exits_leaves_the_connection_to_its_parent(
    case: Case, server: Loopback
) -> None:
    child_ended = threading.Event()

    def script() -> Iterator[bytes]:
        yield from [*case.begin, case.text("a")]
        child_ended.wait(120)
        yield from [case.text("b"), *case.end(3, 2)]

    server.queue = [Answer(script())]
    with begun(HELD_BY_A_CHILD_TOO, case) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        child_ended.set()
        assert process.communicate(timeout=120)[0] == "ab\n"


def test_a_stream_that_is_never_iterated_sends_nothing(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stream = driver.ask(driver.function(case))
    assert stream.state == "pending"
    del stream
    gc.collect()
    assert server.connections == []


def test_what_streams_took_is_given_back(case: Case, driver: Driver, server: Loopback) -> None:
    script = [*case.begin, case.text("a"), *[case.text("b")] * 20]
    ends = [case.end(3, 2), [], [Abort()], [b"data: {not json}\n\n"]]
    answers = cycle(ends)
    server.default = lambda: Answer([*script, *next(answers)])
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
    kept = [each for each in server.connections if not each.hung_up.wait(HALF_A_SECOND)]
    assert len(kept) <= 2  # for another stream; one that was left may have come whole by then
    clocks = [each for each in threading.enumerate() if each.name == "mirascope-clocks"]
    assert len(clocks) <= 1


@pytest.mark.parametrize("fault", [Stall(), Abort(), Reset()], ids=["stall", "abort", "reset"])
def test_nothing_holds_a_stream_that_failed(
    case: Case, driver: Driver, server: Loopback, fault: Fault
) -> None:
    server.queue = [Answer([*case.begin, case.text("a"), fault])]
    function = driver.function(case, max_retries=0, timeout=Timeout(idle=0.2))
    attempt = driver.attempt(function)
    assert isinstance(attempt.error, errors.StreamConnectionError | errors.StreamTimeout)
    stream, error = weakref.ref(attempt.stream), weakref.ref(attempt.error)
    del attempt
    gc.collect()
    assert (stream(), error()) == (None, None)


def test_what_came_stays_readable(case: Case, server: Loopback) -> None:
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


def test_a_stream_can_be_closed_before_it_began(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stream = driver.ask(driver.function(case))
    stream.close()
    assert stream.state == "closed"
    with pytest.raises(errors.StreamConsumed):
        driver.read(stream)
    assert server.connections == []


def test_leaving_at_the_last_item_leaves_a_finished_stream(case: Case, server: Loopback) -> None:
    server.queue = [Answer(case.answer("Hello"))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    for chunk, _ in stream:
        if chunk.finish_reasons:
            break
    assert stream.construct_call_response().content == "Hello"


def test_another_thread_closes_before_the_response_has_begun(case: Case, server: Loopback) -> None:
    """The connection of a request ends too, and a later one has a connection of its own."""
    server.queue = [Answer(before=[Stall()]), Answer(case.answer("Emma"))]
    function = Driver(asynchronous=False).function(case)
    stream = function("fantasy")
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    while not server.requests:
        threading.Event().wait(0.01)
    stream.close()
    assert server.connections[0].hung_up.wait(HALF_A_SECOND)
    reader.join(HALF_A_SECOND)
    assert not reader.is_alive()
    assert stream.state == "closed"
    finished = function("fantasy")
    assert [chunk.content for chunk, _ in finished if chunk.content] == ["Emma"]
    finished.close()
    assert finished.state == "finished"
