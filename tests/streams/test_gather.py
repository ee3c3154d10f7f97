"""One function over many inputs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
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
from mirascope.testing.loopback import Abort, Loopback, Response, Stall


@given(inputs=st.lists(st.integers(-3, 3), max_size=40), concurrency=st.integers(1, 8))
def test_rows_are_those_of_a_loop(inputs: list[int], concurrency: int) -> None:
    rows = list(streams.gather(lambda number: 6 / number, inputs, concurrency=concurrency))
    assert [row.input for row in rows] == inputs
    for row in rows:
        if row.input:
            assert (row.value, row.error) == (6 / row.input, None)
        else:
            assert row.value is None
            assert isinstance(row.error, ZeroDivisionError)


@given(inputs=st.lists(st.integers(-3, 3), max_size=40), concurrency=st.integers(1, 8))
def test_async_rows_are_those_of_a_loop(inputs: list[int], concurrency: int) -> None:
    running = 0

    async def divide(number: int) -> float:
        nonlocal running
        running += 1
        assert running <= concurrency
        await anyio.lowlevel.checkpoint()
        running -= 1
        return 6 / number

    async def run() -> list[Any]:
        return [row async for row in streams.gather(divide, inputs, concurrency=concurrency)]

    rows = anyio.run(run)
    assert [row.input for row in rows] == inputs
    assert [row.value for row in rows] == [6 / n if n else None for n in inputs]


def gathered(driver: Driver, function: Any, inputs: Any, **options: Any) -> list[Any]:
    async def run() -> list[Any]:
        return [row async for row in streams.gather(function, inputs, **options)]

    if driver.asynchronous:
        return anyio.run(run)
    return list(streams.gather(function, inputs, **options))


def test_streams_are_read_and_partial_ones_kept(
    case: Case, driver: Driver, server: Loopback
) -> None:
    cut_off = [*case.begin, case.text("Em"), Abort()]
    lock = threading.Lock()
    answers = iter([Response(case.response("Emma")), Response(cut_off), case.refusal(400)])

    def respond(_: Any) -> Response:
        with lock:
            return next(answers)

    server.respond = respond
    function = driver.function(case, max_retries=0)
    good, partial, refused = gathered(driver, function, ["a", "b", "c"], concurrency=1)
    assert (good.value.content, good.error) == ("Emma", None)
    assert (partial.value.content, partial.value.state) == ("Em", "failed")
    assert isinstance(partial.error, errors.StreamConnectionError)
    assert isinstance(refused.error, errors.BadRequest)


def test_plain_calls(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response.of_json(case.plain("Emma"))
    rows = gathered(driver, driver.function(case, stream=False), ["a"] * 30)
    assert [row.value.content for row in rows] == ["Emma"] * 30
    assert len(server.connections) <= 20


GENRES = ["fantasy", *["poetry"] * 8]


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "plain"])
def test_leaving_closes_what_runs(
    case: Case,
    driver: Driver,
    server: Loopback,
    streamed: bool,  # noqa: FBT001
) -> None:
    if not streamed:
        skip_on_httpx("the libraries' own transports do not expose the connection")
    stalled = Response([*case.begin, case.text("a"), Stall()])
    first = Response(case.response("Emma")) if streamed else Response.of_json(case.plain("Emma"))
    lock, all_came, count = threading.Lock(), threading.Event(), 0

    def respond(request: Any) -> Response:
        nonlocal count
        with lock:
            count += 1
            if count == 4:
                all_came.set()
        if b"fantasy" in request.body:
            return first
        return Response(before=[Stall()]) if not streamed else Response(stalled.script)

    server.respond = respond
    function = driver.function(case, stream=streamed, max_retries=0)

    def sync() -> None:
        for row in streams.gather(function, GENRES, concurrency=3):
            assert row.value.content == "Emma"
            assert all_came.wait(5)
            break

    async def asynchronous() -> None:
        async with streams.gather(function, GENRES, concurrency=3) as rows:
            row = await anext(rows)
            assert row.value.content == "Emma"
            assert await anyio.to_thread.run_sync(all_came.wait, 5)

    anyio.run(asynchronous) if driver.asynchronous else sync()
    stalling = [each for each in server.connections if each.requests]
    assert sum(each.disconnected.wait(2) for each in stalling) >= 3
    for thread in threading.enumerate():
        if thread.name == "mirascope-streams":
            thread.join(5)
            assert not thread.is_alive()


def test_inputs_are_taken_as_rows_are() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    for index, row in enumerate(streams.gather(str, inputs(), concurrency=2)):
        assert row.value == str(index)
        assert len(taken) <= index + 8 + 1


def test_inputs_that_fail_raise_after_the_rows() -> None:
    def inputs() -> Iterator[int]:
        yield 1
        raise LookupError

    rows: list[Any] = []
    with pytest.raises(LookupError):
        rows.extend(streams.gather(str, inputs()))
    assert [row.value for row in rows] == ["1"]


def test_the_wrong_kind_is_an_error(llm: ScriptedProvider) -> None:
    async def adouble(number: int) -> int:
        return 2 * number

    with pytest.raises(TypeError, match="not iterable"):
        list(streams.gather(adouble, [1]))  # type: ignore[call-overload]
    (row,) = streams.gather(lambda number: adouble(number), [1])  # type: ignore[misc]  # noqa: PLW0108
    assert isinstance(row.error, TypeError)
    with pytest.raises(ValueError, match="concurrency"):
        streams.gather(str, [1], concurrency=0)

    @openai.call("a-model", stream=True)
    def ask(genre: str) -> str:
        return genre

    for text in "ab":
        llm.reply(text.upper(), to=text)
    rows = streams.gather(ask, "ab")
    assert [row.value.content for row in rows if row.value] == ["A", "B"]
