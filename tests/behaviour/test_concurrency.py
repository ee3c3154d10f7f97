"""Many streams at once, of all providers: each gets its own text, and nothing but that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import anyio
import pytest
from support.cases import Case, Driver
from support.providers import SERVERS

from mirascope.testing.loopback import Loopback, Request, Response, dripping

STREAMS = 500
THREADS = 50


def said(number: int) -> str:
    return f"this is for number {number} alone"


@pytest.fixture
def providers() -> Iterator[list[Case]]:
    """Providers that respond with the number in the prompt."""

    def answering(case: Case) -> Loopback:
        def answer(request: Request) -> Response:
            number = int(request.body.partition(b"Recommend a ")[2].partition(b" ")[0])
            words = [f"{word} " for word in said(number).split()]
            return Response(dripping(case.response(*words), 0.001))

        return Loopback(answer)

    servers = [answering(case) for case in SERVERS]
    with pytest.MonkeyPatch.context() as patch:
        for case, server in zip(SERVERS, servers, strict=True):
            server.__enter__()
            patch.setenv(case.key_variable, "a-secret-key")
            patch.setenv(case.url_variable, case.url(server.url))
        yield SERVERS
        for server in servers:
            server.__exit__()


def test_many_async_streams_at_once(providers: list[Case]) -> None:
    functions = [Driver(asynchronous=True).function(case) for case in providers]
    texts: dict[int, str] = {}

    async def read(number: int) -> None:
        stream = await functions[number % len(functions)](str(number))
        texts[number] = "".join([chunk.content async for chunk, _ in stream]).strip()
        assert (stream.state, stream.content.strip()) == ("finished", texts[number])

    async def read_all() -> None:
        async with anyio.create_task_group() as group:
            for number in range(STREAMS):
                group.start_soon(read, number)

    anyio.run(read_all)
    assert texts == {number: said(number) for number in range(STREAMS)}


def test_many_threads_at_once(providers: list[Case]) -> None:
    functions = [Driver(asynchronous=False).function(case) for case in providers]
    together = Barrier(THREADS)

    def read(number: int) -> str:
        together.wait(5)
        stream: Any = functions[number % len(functions)](str(number))
        return "".join(chunk.content for chunk, _ in stream).strip()

    with ThreadPoolExecutor(THREADS) as threads:
        texts = list(threads.map(read, range(THREADS)))
    assert texts == [said(number) for number in range(THREADS)]
