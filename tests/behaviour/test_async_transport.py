"""What only the async transport of the default clients does, in its event loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from anyio import wait_all_tasks_blocked
from support.http_clients import FIVE, HEAD, read_head, talking

from mirascope.core._engine.response_source import BLOCKS
from mirascope.core._transports.async_transport import AsyncTransport
from mirascope.testing.loopback import Loopback, Response, Stall

SHORT = 0.5

pytestmark = pytest.mark.usefixtures("trusted")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        server.default = lambda: Response([b"Hello"])
        yield server


def client(http: Any, connections: int = 10, **options: Any) -> Any:
    return http.AsyncClient(transport=AsyncTransport(http, connections), **options)


def disconnected(server: Loopback) -> bool:
    return all(connection.disconnected.wait(0.5) for connection in server.connections)


def test_what_a_proxy_sends_before_tls_is_no_response(
    http: Any, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = HEAD + b"content-length: 4\r\n\r\nevil"

    def forge(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n" + forged)
        with tls.wrap_socket(sock, server_side=True) as wrapped:
            read_head(wrapped)
            wrapped.sendall(HEAD + FIVE)

    async def main() -> None:
        async with client(http) as one:
            with pytest.raises(http.RemoteProtocolError):
                await one.get("https://api.example.test")

    with talking(forge) as url:
        monkeypatch.setenv("https_proxy", url)
        anyio.run(main)


@pytest.mark.parametrize(("port", "used"), [(0, False), (1, True)], ids=["same", "other"])
def test_a_port_may_need_no_proxy(
    http: Any, server: Loopback, monkeypatch: pytest.MonkeyPatch, port: int, *, used: bool
) -> None:
    async def main() -> None:
        async with client(http) as one:
            assert (await one.get(server.url)).text == ("proxied" if used else "Hello")

    reply = HEAD + b"content-length: 7\r\n\r\nproxied"
    with talking(lambda sock: read_head(sock) and sock.sendall(reply)) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", f"127.0.0.1:{port or server.url.rpartition(':')[2]}")
        anyio.run(main)


def test_what_was_received_while_the_loop_was_blocked_is_in_time(http: Any) -> None:
    steps = [threading.Event() for _ in range(2)]

    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(HEAD + b"content-length: 5\r\n\r\nHe")
        for step, piece in zip(steps, [b"l", b"lo"], strict=True):
            step.wait(5)
            sock.sendall(piece)

    def block() -> None:
        steps[0].set()
        time.sleep(SHORT * 1.5)

    async def main(url: str) -> bytes:
        body = b""
        timeout = http.Timeout(5, read=SHORT)
        async with client(http, timeout=timeout) as one, one.stream("GET", url) as response:
            async for block_of_body in response.aiter_raw():
                body += block_of_body
                if body == b"He":
                    asyncio.get_running_loop().call_soon(block)
                elif body == b"Hel":
                    asyncio.get_running_loop().call_later(SHORT / 2, steps[1].set)
        return body

    with talking(talk) as url:
        assert anyio.run(main, url) == b"Hello"


def test_a_connection_on_which_a_request_is_incomplete_is_not_reused(http: Any) -> None:
    done = threading.Event()
    heads: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        heads.append(read_head(sock))
        sock.sendall(HEAD + FIVE)
        if len(heads) == 1:  # it does not read the body
            done.wait(5)

    async def main(url: str) -> None:
        async with client(http) as one:
            assert (await one.post(url, content=b"x" * 2**24)).text == "Hello"
            done.set()
            assert (await one.get(url)).text == "Hello"

    with talking(talk) as url:
        anyio.run(main, url)
    assert [head.split()[0] for head in heads] == [b"POST", b"GET"]


def test_a_second_task_that_reads_a_response_gets_an_error(http: Any, server: Loopback) -> None:
    server.queue = [Response([b"x", Stall()])]

    async def main() -> None:
        async with client(http) as one, one.stream("GET", server.url) as response:
            blocks = response.extensions[BLOCKS]
            assert await anext(blocks) == b"x"
            first = asyncio.ensure_future(anext(blocks))
            await wait_all_tasks_blocked()
            with pytest.raises(RuntimeError):
                await anext(blocks)
            with pytest.raises(http.ReadError):
                await asyncio.wait_for(first, 5)

    anyio.run(main)


def test_an_idle_connection_that_expired_is_not_reused(http: Any, server: Loopback) -> None:
    async def main() -> None:
        async with client(http) as one:
            await one.get(server.url)
            one._transport._idle[0].expires_at = 0.0
            await one.get(server.url)

    anyio.run(main)
    assert len(server.connections) == 2


def test_closing_wakes_what_waits_for_a_connection(http: Any, server: Loopback) -> None:
    server.default = lambda: Response([b"x", Stall()])

    async def main() -> None:
        one = client(http, connections=1, timeout=None)
        response = await one.send(one.build_request("GET", server.url), stream=True)
        waiting = asyncio.ensure_future(one.get(server.url))
        await wait_all_tasks_blocked()
        await one.aclose()
        with pytest.raises(http.ConnectError):
            await asyncio.wait_for(waiting, 5)
        with pytest.raises(http.ReadError):
            await response.aread()

    anyio.run(main)
    assert len(server.connections) == 1
    assert disconnected(server)


def test_a_connection_that_opens_while_the_client_is_closed_is_closed(
    http: Any, tls: ssl.SSLContext
) -> None:
    opening, closed, ended = threading.Event(), threading.Event(), threading.Event()

    def talk(sock: socket.socket) -> None:
        opening.set()
        closed.wait(5)
        try:
            with tls.wrap_socket(sock, server_side=True) as wrapped:
                head = read_head(wrapped)
        except OSError:
            head = b""
        if not head:
            ended.set()

    async def main(url: str) -> None:
        one = client(http)
        request = asyncio.ensure_future(one.get(url.replace("http", "https")))
        await anyio.to_thread.run_sync(opening.wait, 5)
        await asyncio.wait_for(one.aclose(), 5)
        closed.set()
        with pytest.raises(http.ConnectError):
            await request
        assert await anyio.to_thread.run_sync(ended.wait, 5)

    with talking(talk) as url:
        anyio.run(main, url)


@pytest.mark.parametrize("warm", [False, True], ids=["new", "reused"])
def test_a_request_can_be_cancelled_at_any_point(
    http: Any, server: Loopback, *, warm: bool
) -> None:
    async def cancel(iterations: int) -> None:
        async with client(http, connections=1) as one:
            if warm:
                await one.get(server.url)
            task = asyncio.ensure_future(one.post(server.url, content=b"x" * 2**20))
            for _ in range(iterations):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert (await one.get(server.url)).text == "Hello"

    async def main() -> None:
        # With a task factory, connections open without Happy Eyeballs, of which CPython leaves the
        # socket to the garbage collector if it is cancelled in the very iteration of its success.
        loop = asyncio.get_running_loop()
        loop.set_task_factory(
            lambda loop, work, **options: asyncio.Task(work, loop=loop, **options)
        )
        for iterations in range(30):
            await cancel(iterations)

    anyio.run(main)
    assert disconnected(server)


def test_a_response_that_another_thread_drops_closes(http: Any, server: Loopback) -> None:
    server.queue = [Response([b"x", Stall()])]

    async def main() -> None:
        async with client(http, connections=1) as one:
            dropped = [await one.send(one.build_request("GET", server.url), stream=True)]

            def drop() -> None:
                dropped.clear()
                gc.collect()

            await anyio.to_thread.run_sync(drop)
            assert await anyio.to_thread.run_sync(disconnected, server)
            assert (await one.get(server.url)).text == "Hello"

    anyio.run(main)


@pytest.mark.parametrize("uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_an_end_of_tls_without_a_goodbye_is_an_end(
    http: Any, tls: ssl.SSLContext, *, uvloop: bool
) -> None:
    if uvloop:
        pytest.importorskip("uvloop")

    def talk(sock: socket.socket) -> None:
        with tls.wrap_socket(sock, server_side=True) as wrapped:
            read_head(wrapped)
            wrapped.sendall(HEAD + b"connection: close\r\n\r\nHello")
            socket.socket.shutdown(wrapped, socket.SHUT_RDWR)

    async def main(url: str) -> None:
        async with client(http) as one:
            assert (await one.get(url.replace("http", "https"))).text == "Hello"

    with talking(talk) as url:
        anyio.run(main, url, backend_options={"use_uvloop": uvloop})
