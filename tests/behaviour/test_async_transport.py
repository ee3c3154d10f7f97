"""The read timeout of the default async clients' transport, with both libraries that it serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from mirascope.core._transports.async_transport import AsyncTransport
from mirascope.testing.loopback import Loopback, Response, Stall, Wait, dripping

SHORT = 0.8


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def http(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        server.default = lambda: Response([b"Hello"])
        yield server


def run(http: Any, use: Callable[[Any], Awaitable[None]]) -> None:
    """Use a client of which a read may take a short time, in an event loop."""

    @asynccontextmanager
    async def client() -> AsyncIterator[Any]:
        timeout = http.Timeout(30, read=SHORT)
        async with http.AsyncClient(transport=AsyncTransport(http), timeout=timeout) as client:
            yield client

    async def main() -> None:
        async with client() as one:
            await use(one)

    anyio.run(main)


def test_a_silent_body_ends_with_a_timeout(http: Any, server: Loopback) -> None:
    server.queue = [Response([b"Hello", Stall()])]
    received: list[bytes] = []

    async def use(client: Any) -> None:
        async with client.stream("GET", server.url) as response:
            with pytest.raises(http.ReadTimeout):
                async for block in response.aiter_raw():
                    received.append(block)  # noqa: PERF401  # a comprehension would lose it

    run(http, use)
    assert received == [b"Hello"]
    assert server.connections[0].disconnected.wait(0.5)


def test_each_read_has_the_whole_time(http: Any, server: Loopback) -> None:
    server.queue = [Response(dripping(repeat(b"x", 4), SHORT / 3))]

    async def use(client: Any) -> None:
        assert (await client.get(server.url)).text == "xxxx"

    run(http, use)


def test_the_time_of_the_consumer_does_not_count(http: Any, server: Loopback) -> None:
    server.queue = [Response([b"one", Wait(SHORT * 1.5), b"two"])]
    received: list[bytes] = []

    async def use(client: Any) -> None:
        async with client.stream("GET", server.url) as response:
            async for block in response.aiter_raw():
                if not received:
                    await anyio.sleep(SHORT * 1.25)
                received.append(block)

    run(http, use)
    assert received == [b"one", b"two"]


def test_a_reused_connection_has_a_timeout_again(http: Any, server: Loopback) -> None:
    async def use(client: Any) -> None:
        assert (await client.get(server.url)).text == "Hello"
        server.queue = [Response(before=[Stall()])]
        with pytest.raises(http.ReadTimeout):
            await client.get(server.url)

    run(http, use)
    assert len(server.connections) == 1
