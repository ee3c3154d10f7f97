"""Ten thousand streams that are broken off, in every way, leave no span open."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.cases import Case, Driver
from support.fixtures import few, only_everywhere
from support.in_memory import InMemory
from support.providers.openai import OPENAI
from support.spans import Spans, outcome, traced

from mirascope.core._observers.observation import Call, Observation
from mirascope.core._observers.registry import add_observer, observe, remove_observer
from mirascope.core.openai import OpenAIStream
from mirascope.testing.conformance._closing import endless
from mirascope.testing.conformance._leaving import ASYNC_WAYS, WAYS
from mirascope.testing.loopback import Loopback

IN_MEMORY = 10_000
REAL = 12
"""How often each way is taken with each provider."""


@pytest.fixture
def spans() -> Iterator[Spans]:
    with traced() as spans:
        yield spans


def a_call(case: Case) -> Call:
    """Return what observers read of a call."""
    calls: list[Call] = []

    def note(call: Call) -> Observation:
        calls.append(call)
        return Observation()

    add_observer(note)
    try:
        Driver(asynchronous=False).function(case)("fantasy")
    finally:
        remove_observer(note)
    return calls[0]


@only_everywhere
def test_ten_thousand_streams_leave_no_span_open(
    spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OPENAI.key_variable, "a-secret-key")
    call = a_call(OPENAI)
    pieces = [OPENAI.text("a")] * 3
    ways = [way for way in WAYS if way.__name__ != "by_collecting_a_cycle"]

    def break_off(number: int) -> None:
        request = InMemory(pieces)
        request.observations = observe(call)
        ways[number % len(ways)](OpenAIStream(stream=request))

    with ThreadPoolExecutor(4) as pool:
        assert len([*pool.map(break_off, range(IN_MEMORY), chunksize=100)]) == IN_MEMORY
    assert (spans.started, spans.open) == (IN_MEMORY, 0)
    assert Counter(map(outcome, spans.ended)) == {("UNSET", None, "closed"): IN_MEMORY}


@few
def test_real_streams_leave_no_span_open(case: Case, server: Loopback, spans: Spans) -> None:
    server.default = lambda: endless(case)
    function, afunction = (Driver(asynchronous=each).function(case) for each in (False, True))

    async def break_off_async(way: Any) -> None:
        await way(await afunction("fantasy"))

    async def break_all_off() -> None:
        await asyncio.gather(*(break_off_async(way) for way in ASYNC_WAYS * REAL))
        await asyncio.sleep(0)

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda way: way(function("fantasy")), WAYS * REAL)]
    asyncio.run(break_all_off())
    gc.collect()
    assert (spans.started, spans.open) == (REAL * (len(WAYS) + len(ASYNC_WAYS)), 0)
