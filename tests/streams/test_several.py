"""Several streams at once, and one stream for several readers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Case, Driver
from support.transports import skip_on_httpx

from mirascope import errors, streams
from mirascope.core import openai
from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Abort, Fault, Loopback, Response, Stall

LISTS = st.lists(st.lists(st.integers(), max_size=20), max_size=4)


@given(sources=LISTS)
def test_merge_has_every_item_in_the_order_of_its_source(sources: list[list[int]]) -> None:
    merged = list(streams.merge(*map(iter, sources)))
    assert [[item for index, item in merged if index == n] for n in range(len(sources))] == sources


async def items(of: list[Any]) -> AsyncIterator[Any]:
    for item in of:
        yield item


@given(sources=LISTS)
def test_async_merge_has_every_item(sources: list[list[int]]) -> None:
    async def merge() -> list[tuple[int, int]]:
        return [item async for item in streams.merge(*map(items, sources))]

    merged = asyncio.run(merge())
    assert [[item for index, item in merged if index == n] for n in range(len(sources))] == sources


def read_all(
    driver: Driver, function: Callable[..., Any], count: int, operator: Callable[..., Any]
) -> tuple[list[Any], list[Any], Exception | None]:
    """Return the streams, the items of an operator over them, and its error."""
    made: list[Any] = []
    read: list[Any] = []

    async def aread() -> None:
        made.extend([await function("fantasy") for _ in range(count)])
        async for item in operator(*made):
            read.append(item)  # noqa: PERF401  # those before an error are kept

    def sync() -> None:
        made.extend(function("fantasy") for _ in range(count))
        for item in operator(*made):
            read.append(item)  # noqa: PERF402  # the same

    try:
        anyio.run(aread) if driver.asynchronous else sync()
    except Exception as error:  # noqa: BLE001  # the test checks it
        return made, read, error
    return made, read, None


def test_merge_closes_the_others_of_one_that_fails(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [
        Response([*case.begin, case.text("a"), Stall()]),
        Response([*case.begin, case.text("b"), Abort()]),
    ]
    function = driver.function(case, max_retries=0)
    made, _, error = read_all(driver, function, 2, streams.merge)
    assert isinstance(error, errors.StreamConnectionError)
    assert "of `merge`" in error.__notes__[0]
    assert sorted(stream.state for stream in made) == ["closed", "failed"]
    assert all(connection.disconnected.wait(2) for connection in server.connections)


@pytest.mark.parametrize(
    "loser", ["stalls", "stalls in the middle", "fails", "is cut off", "is empty"]
)
def test_race_closes_the_losers(case: Case, driver: Driver, server: Loopback, loser: str) -> None:
    if not driver.asynchronous and loser == "stalls":
        skip_on_httpx("the libraries' own transports do not expose the connection")
    lost: dict[str, Callable[[], Response]] = {
        "stalls": lambda: Response(before=[Stall()]),
        "stalls in the middle": lambda: Response([*case.begin, case.keepalive, Stall()]),
        "fails": lambda: case.refusal(400),
        "is cut off": lambda: Response([*case.begin, Abort()]),
        "is empty": lambda: Response(case.response()),
    }
    begun = threading.Event()

    def winning() -> Iterator[bytes | Fault]:
        yield from case.begin
        begun.wait(5)
        yield from (case.text("Emma"), *case.end(3, 2))

    def respond(request: Any) -> Response:
        with lock:
            first = not requests
            requests.append(request)
        if first:
            return Response(winning())
        begun.set()
        return lost[loser]()

    lock, requests = threading.Lock(), list[Any]()
    server.respond = respond
    made, read, error = read_all(driver, driver.function(case, max_retries=0), 2, streams.race)
    assert error is None
    assert "".join(chunk.content for chunk, _ in read) == "Emma"
    states = sorted(stream.state for stream in made)
    assert "finished" in states
    (connection,) = {id(r.connection): r.connection for r in requests[1:]}.values()
    if loser.startswith("stalls"):
        assert states == ["closed", "finished"]
        assert connection.disconnected.wait(2)


def test_losers_are_closed_before_the_first_item(llm: ScriptedProvider) -> None:
    @openai.call("a-model", stream=True)
    def ask() -> str:
        return "?"

    llm.stall()
    llm.reply("Emma")
    racers = [ask(), ask()]
    states = [sorted(r.state for r in racers) for _ in streams.race(*racers)]
    assert states[0] in (["closed", "open"], ["closed", "finished"])


def test_a_race_that_all_lose_raises(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: case.refusal(400, "Not today.")
    function = driver.function(case, max_retries=0)
    made, read, error = read_all(driver, function, 3, streams.race)
    assert read == []
    assert isinstance(error, errors.BadRequest)
    assert isinstance(error, case.sdk_error)
    assert len(error.__notes__) == 3
    assert {stream.state for stream in made} == {"failed"}


def test_an_empty_winner() -> None:
    assert list(streams.race([""], [""])) == [""]
    assert list(streams.race()) == []
    assert list(streams.merge()) == []


def test_streams_of_both_kinds_are_an_error(llm: ScriptedProvider) -> None:  # noqa: ARG001
    @openai.call("a-model", stream=True)
    def ask() -> str:
        return "?"

    @openai.call("a-model", stream=True)
    async def aask() -> str:
        return "?"

    one, other = ask(), anyio.run(aask)
    for operator in (streams.merge, streams.race):
        with pytest.raises(TypeError, match="some are async"):
            operator(one, other)
    with pytest.raises(TypeError, match="async for"):
        anyio.run(partial(read_async, streams.words(one)))
    with pytest.raises(TypeError, match="not iterable"):
        list(streams.words(other))
    coroutine = aask()
    with pytest.raises(TypeError, match="await it first"):
        streams.words(coroutine)  # type: ignore[call-overload]
    coroutine.close()


async def read_async(source: Any) -> list[Any]:
    return [item async for item in source]


def test_items_are_iterated_once() -> None:
    pieces = streams.words(["a b"])
    assert next(pieces) == "a "
    assert list(pieces) == ["b"]
    with pytest.raises(errors.StreamConsumed):
        list(pieces)
    closed = streams.words(["a b"])
    closed.close()
    with pytest.raises(errors.StreamConsumed):
        next(closed)


# Branches.


@given(source=st.lists(st.integers(), max_size=30), turns=st.lists(st.integers(0, 2), max_size=90))
def test_branches_have_every_item(source: list[int], turns: list[int]) -> None:
    branches = [iter(branch) for branch in streams.tee(source, 3)]
    read: list[list[int]] = [[], [], []]
    for turn in turns:
        read[turn] += [item for item in [next(branches[turn], None)] if item is not None]
    for taken, rest in zip(read, branches, strict=True):
        taken.extend(rest)
    assert read == [source] * 3


def test_a_branch_waits_for_the_last_one() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    fast, slow = streams.tee(source(), buffer=5)
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.extend(fast))
    slow_items = iter(slow)
    assert next(slow_items) == 0  # by this thread, which the other one then waits for
    thread.start()
    for number in range(1, 100):
        assert len(read) <= number + 6
        assert next(slow_items) == number
    assert list(slow_items) == []
    thread.join()
    assert taken == list(range(100))


def test_branches_of_one_thread_do_not_wait_for_ever() -> None:
    fast, slow = streams.tee(iter(range(100)), buffer=5)
    read: list[int] = []
    with pytest.raises(RuntimeError, match="5 items ahead"):
        read.extend(fast)
    assert read == list(range(5))
    assert list(slow) == list(range(100))


def test_branches_of_one_task_do_not_wait_for_ever() -> None:
    async def run() -> None:
        fast, slow = streams.tee(items(list(range(100))), buffer=5)
        with pytest.raises(RuntimeError, match="5 items ahead"):
            await read_async(fast)
        assert len(await read_async(slow)) == 100

    anyio.run(run)


def test_a_branch_that_is_dropped_is_not_waited_for() -> None:
    fast, _ = streams.tee(iter(range(100)), buffer=5)
    _.close()
    assert list(fast) == list(range(100))
    assert list(streams.tee(iter(range(100)), buffer=5)[0]) == list(range(100))


def test_the_last_branch_closes(case: Case, server: Loopback) -> None:
    server.queue = [Response([*case.begin, case.text("a"), Stall()])]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    one, other = map(iter, streams.tee(stream))
    next(one), next(other)
    del one
    assert stream.state == "open"
    del other
    assert stream.state == "closed"
    assert server.connections[0].disconnected.wait(2)


def test_a_cancelled_branch_does_not_end_the_other(case: Case, server: Loopback) -> None:
    first = [*case.begin, case.text("a")]
    go = threading.Event()

    def script() -> Iterator[bytes | Fault]:
        yield from first
        go.wait(5)
        yield from (case.text("b"), *case.end(3, 2))

    server.queue = [Response(script())]
    function = Driver(asynchronous=True).function(case)

    async def run() -> str:
        one, other = streams.tee(await function("fantasy"))
        with anyio.CancelScope() as scope:
            async for chunk, _ in one:
                if chunk.content:
                    scope.cancel()
        go.set()
        return "".join([text async for text in streams.text(other)])

    assert anyio.run(run) == "ab"


def test_every_branch_raises_the_error(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response([*case.begin, case.text("a"), Abort()])]

    async def aread(stream: Any) -> list[Any]:
        return await asyncio.gather(*map(read_async, streams.tee(stream)), return_exceptions=True)

    function = driver.function(case, max_retries=0)

    async def call_and_read() -> list[Any]:
        return await aread(await function("fantasy"))

    if driver.asynchronous:
        raised = anyio.run(call_and_read)
    else:
        raised = []
        for branch in streams.tee(function("fantasy")):
            with pytest.raises(errors.StreamConnectionError) as caught:
                list(branch)
            raised.append(caught.value)
    assert [type(error) for error in raised] == [errors.StreamConnectionError] * 2 or len(
        {id(error) for error in raised}
    ) == 1
