"""Three deadlines: a response that takes too long ends in time, and the error names which."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import chain
from math import inf, nan
from time import monotonic, sleep
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from support.cases import Attempt, Case, Driver
from support.fixtures import every_case, few

from mirascope import Timeout, errors
from mirascope.testing.loopback import Loopback, Request, Response, Stall, Wait, dripping

case = every_case


SOON = 0.25
LATE = 20.0
GENEROUS = 15.0
HALF_A_SECOND = 0.5


def ticking() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mirascope-watchdog"]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    for thread in ticking():
        thread.join(GENEROUS)
    assert ticking() == []


def on_a_warm_client(
    case: Case, driver: Driver, server: Loopback, **options: Any
) -> Callable[[str], Any]:
    """Return a function whose client has made a call before, in the same event loop.

    So no deadline depends on how long the machine takes to construct a client and to connect it.
    """
    server.queue.insert(0, Response(case.response("Hi")))
    first, function = driver.function(case), driver.function(case, **options)

    def call(genre: str) -> Any:
        assert list(first(genre))
        return function(genre)

    async def acall(genre: str) -> Any:
        assert [item async for item in await first(genre)]
        return await function(genre)

    return acall if driver.asynchronous else call


def timed_out(
    case: Case, driver: Driver, server: Loopback, timeout: float | Timeout, **options: Any
) -> tuple[Attempt, errors.StreamTimeout]:
    """Request what takes too long; check that it ended in time, and the connection with it."""
    function = on_a_warm_client(case, driver, server, timeout=timeout, **options)
    began = monotonic()
    tried = driver.attempt(function)
    elapsed = monotonic() - began
    assert isinstance(tried.error, errors.StreamTimeout)
    assert SOON <= elapsed < SOON + GENEROUS
    assert isinstance(tried.error, case.sdk_error)
    assert (tried.error.provider, tried.error.retryable) == (case.name, True)
    assert server.connections[-1].disconnected.wait(HALF_A_SECOND)
    assert len(server.requests) == 2
    return tried, tried.error


def test_a_response_that_stalls_on_a_user_supplied_client_times_out(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
    url, timeout = case.url(server.url), Timeout(first=LATE, idle=SOON)
    tried = Attempt()

    async def attempt() -> None:
        async with case.async_client(url, "a-key") as client:
            tried.stream = await driver.function(case, client=client, timeout=timeout)("fantasy")
            tried.items.extend([item async for item in tried.stream])

    with pytest.raises(errors.StreamTimeout) as caught:
        if driver.asynchronous:
            driver.run(attempt)
        with case.client(url, "a-key") as client:
            tried.stream = driver.function(case, client=client, timeout=timeout)("fantasy")
            tried.items.extend(tried.stream)
    assert (caught.value.clock, tried.stream.content) == ("idle", "Hello")
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)


def test_a_default_holds_for_a_user_supplied_client(
    case: Case, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard = Timeout(first=LATE, idle=SOON, total=inf)
    monkeypatch.setattr("mirascope.core._calls.prepared_call.STANDARD", standard)
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
    with case.client(case.url(server.url), "a-key") as client:
        stream = Driver(asynchronous=False).function(case, client=client)("fantasy")
        with pytest.raises(errors.StreamTimeout) as caught:
            list(stream)
    assert (caught.value.clock, stream.content) == ("idle", "Hello")


def test_deadlines_that_are_met_do_not_expire(case: Case, driver: Driver, server: Loopback) -> None:
    pieces = [*case.begin, *[case.text("a")] * 12, *case.end(3, 2)]
    server.queue = [Response(dripping(pieces, 0.2))]
    function = driver.function(case, timeout=Timeout(first=GENEROUS, idle=2, total=GENEROUS))
    stream, _ = driver.call_and_read(function)
    assert (stream.state, stream.content) == ("finished", "a" * 12)


def test_reads_may_be_longer_than_the_wait_for_the_first_output(
    case: Case, driver: Driver, server: Loopback
) -> None:
    begun = [*case.begin, case.text("Hel"), Wait(2.4)]
    server.queue = [Response([*begun, case.text("lo"), *case.end(3, 2)])]
    timeout = Timeout(first=2, idle=GENEROUS)
    function = on_a_warm_client(case, driver, server, timeout=timeout)
    assert driver.call_and_read(function)[0].content == "Hello"


def test_the_consumer_s_own_time_does_not_count_as_idle(case: Case, server: Loopback) -> None:
    resumed = threading.Event()

    def script() -> Iterator[bytes]:
        yield from [*case.begin, case.text("Hel")]
        assert resumed.wait(LATE)
        yield from [case.text("lo"), *case.end(3, 2)]

    server.queue = [Response(script())]
    timeout = Timeout(first=LATE, idle=0.5)
    stream = Driver(asynchronous=False).function(case, timeout=timeout)("fantasy")
    for chunk, _ in stream:
        if chunk.content and not resumed.is_set():
            sleep(0.6)
            resumed.set()
    assert (stream.state, stream.content) == ("finished", "Hello")


def test_a_server_that_lingers_after_the_finish_reason_is_waited_for_briefly(
    case: Case, driver: Driver, server: Loopback
) -> None:
    said = next(at for at, event in enumerate(case.end(3, 2)) if f'"{case.stop}"'.encode() in event)
    events = [*case.begin, case.text("Hello"), *case.end(3, 2)[: said + 1]]
    server.queue = [Response([*events, Stall()])]
    began = monotonic()
    stream, _ = driver.call_and_read(driver.function(case))
    assert monotonic() - began < 2 + GENEROUS
    assert (stream.state, stream.content) == ("finished", "Hello")
    assert stream.finish_reasons == [case.stop]
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_retry_has_to_fit_into_the_deadline(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    later = Response.of_json(case.error_body("Later."), 503, **{"retry-after": "60"})
    server.queue = [later, Response(case.response("Hello"))]
    with pytest.raises(errors.Overloaded):
        function = driver.function(case, stream=stream, timeout=Timeout(first=GENEROUS))
        driver.call_and_read(function) if stream else driver.call(function)
    now = Response.of_json(case.error_body("Now."), 503, **{"retry-after": "0"})
    yes = Response(case.response("Hello")) if stream else Response.of_json(case.plain("Hello"))
    server.queue = [now, now, yes]
    answer = driver.call_and_read(function)[0] if stream else driver.call(function)
    assert answer.content == "Hello"


def test_an_sdk_s_own_timeout_still_holds(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
    options = {"call_params": case.timeout(SOON), "timeout": Timeout(first=LATE, idle=LATE)}
    _, error = timed_out(case, driver, server, **options)
    assert (error.clock, error.phase) == (None, "mid")


def test_a_default_for_every_call(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timeout, "default", Timeout(idle=SOON, total=LATE))
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
    _, error = timed_out(case, driver, server, Timeout(total=GENEROUS))
    assert error.clock == "idle"


def test_an_outer_deadline_is_not_translated(case: Case, server: Loopback) -> None:
    function = Driver(asynchronous=True).function(case, timeout=Timeout(idle=LATE))

    async def read(run_out: Callable[[], object]) -> None:
        async for chunk, _ in await function("fantasy"):
            if chunk.content:
                run_out()

    async def by_asyncio() -> None:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(LATE) as deadline:
                soon = asyncio.get_running_loop().time() + 0.05
                await read(lambda: deadline.reschedule(soon))
        assert not isinstance(caught.value, errors.StreamError)

    async def by_anyio() -> None:
        def run_out() -> None:
            scope.deadline = anyio.current_time() + 0.05

        with anyio.move_on_after(LATE) as scope:
            await read(run_out)
        assert scope.cancelled_caught

    for within in (by_asyncio, by_anyio):
        server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
        anyio.run(within)
        assert server.connections[-1].disconnected.wait(HALF_A_SECOND)


def test_a_timeout_inside_a_longer_deadline_is_an_error(case: Case, server: Loopback) -> None:
    function = Driver(asynchronous=True).function(case, timeout=Timeout(first=SOON, idle=SOON))

    async def read() -> None:
        async for _ in await function("fantasy"):
            pass

    async def inside() -> None:
        with pytest.raises(errors.StreamTimeout), anyio.fail_after(LATE):
            async with asyncio.timeout(LATE):
                await read()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await anyio.lowlevel.checkpoint()

    for answer in (
        Response([*case.begin, case.text("Hello"), Stall()]),
        Response(before=[Stall()]),
    ):
        server.queue = [answer]
        anyio.run(inside)


def test_a_response_that_stalls_times_out_on_trio(case: Case, server: Loopback) -> None:
    pytest.importorskip("trio")
    if case.name == "mistral":
        pytest.skip("its SDK runs on asyncio only")
    function = Driver(asynchronous=True).function(case, timeout=Timeout(first=LATE, idle=SOON))
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]

    async def read() -> None:
        async for _ in await function("fantasy"):
            pass

    with pytest.raises(errors.StreamTimeout) as caught:
        anyio.run(read, backend="trio")
    assert caught.value.clock == "idle"


def test_many_streams_share_one_watchdog_thread(case: Case, server: Loopback) -> None:
    server.default = lambda: Response([*case.begin, case.text("a"), Stall()])
    function = Driver(asynchronous=False).function(case, timeout=Timeout(idle=LATE))
    streams = [function("fantasy") for _ in range(5)]
    for items in [iter(stream) for stream in streams]:
        while not next(items)[0].content:
            pass
        assert len(ticking()) == 1
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("seconds", [0, -1, nan, -inf])
def test_a_timeout_has_to_be_above_zero(case: Case, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"`idle`.*greater than zero"):
        Timeout(idle=seconds)
    with pytest.raises(ValueError, match="`total`"):
        case.call("requested-model", timeout=seconds)


@pytest.mark.parametrize("seconds", ["5", True, object()])
def test_a_timeout_has_to_be_a_number(case: Case, seconds: Any) -> None:
    with pytest.raises(TypeError, match=r"seconds.*mirascope\.Timeout"):
        case.call("requested-model", timeout=seconds)


STOPPED = """
import asyncio
import sys
from threading import Event, Thread
from support.cases import Driver
from mirascope import Timeout
from support.providers import case_of

case = case_of({name!r})
clocks = Timeout(first={seconds}, idle={seconds})
begun = [Event(), Event()]
opening = Event()
warm, awarm = (Driver(asynchronous=asynchronous).function(case) for asynchronous in (False, True))
ask, aask = (
    Driver(asynchronous=asynchronous).function(case, timeout=clocks, max_retries=0)
    for asynchronous in (False, True)
)
streams = []

def read_text():
    streams.append(ask("fantasy"))
    for chunk, _ in streams[-1]:
        if chunk.content:
            begun[0].set()
            print(chunk.content + "\\n", end="", flush=True)

def read_at_all():
    opening.wait()
    streams.append(ask("history"))
    list(streams[-1])

async def aread_text():
    stream = await aask("fantasy")
    streams.append(stream)
    async for chunk, _ in stream:
        if chunk.content:
            begun[1].set()
            print(chunk.content + "\\n", end="", flush=True)

async def aread_at_all():
    await asyncio.to_thread(opening.wait)
    stream = await aask("history")
    streams.append(stream)
    async for _ in stream:
        pass

async def aread():
    async for _ in await awarm("warm-up"):
        pass
    await asyncio.gather(aread_text(), aread_at_all(), return_exceptions=True)

list(warm("warm-up"))
threads = [Thread(target=target) for target in (read_text, read_at_all)]
threads.append(Thread(target=lambda: asyncio.run(aread())))
for thread in threads:
    thread.start()
for event in begun:
    event.wait()
opening.set()
for thread in threads:
    thread.join()
print(*sorted(stream.state + ":" + stream.content for stream in streams))
"""
STREAMS, WARM_UPS = 4, 2


@few
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_what_was_received_while_the_process_was_stopped_is_read(
    case: Case, server: Loopback
) -> None:
    stopped, went_on = threading.Event(), threading.Event()

    def without_retries(event: threading.Event, *pieces: bytes) -> Iterator[bytes]:
        assert event.wait(60)
        yield from pieces

    def answer(request: Request) -> Response:
        if b"warm-up" in request.body:
            return Response(case.response("Hi"))
        if b"history" in request.body:
            return Response(case.response("abc"), before=without_retries(stopped))
        begin = [*case.begin, case.text("a")]
        later = without_retries(went_on, case.text("c"), *case.end(3, 2))
        return Response(chain(begin, without_retries(stopped, case.text("b")), later))

    server.respond = answer
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED.format(name=case.name, seconds=3)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        wait_for(lambda: len(server.requests) == STREAMS + WARM_UPS)
        process.send_signal(signal.SIGSTOP)
        stopped.set()
        sent = WARM_UPS * len(case.response("Hi")) + 2 * len(case.response("abc"))
        sent += 2 * len([*case.begin, case.text("a"), case.text("b")])
        wait_for(lambda: sum(each.sent for each in server.connections) == sent)
        sleep(3.5)  # until all clocks are overdue
        process.send_signal(signal.SIGCONT)
        assert [process.stdout.readline() for _ in "aabb"] == ["a\n", "a\n", "b\n", "b\n"]
        went_on.set()
        assert process.communicate(timeout=240)[0].split()[2:] == STREAMS * ["finished:abc"]


def wait_for(happened: Callable[[], bool]) -> None:
    until = monotonic() + 60
    while not happened():
        assert monotonic() < until
        sleep(0.01)
