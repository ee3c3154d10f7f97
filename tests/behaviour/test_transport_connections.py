"""How the transports of the default clients keep connections: one behaviour, sync and async."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from itertools import repeat
from time import monotonic, sleep
from typing import Any

import pytest
from support.http_clients import FIVE, HEAD, http_client, replying, talking

from mirascope.core._engine.response_source import BLOCKS
from mirascope.core._transports.connection_pool import Origin, Pool
from mirascope.testing.loopback import Loopback, Response, Stall, Wait, dripping

SHORT = 0.6

pytestmark = pytest.mark.usefixtures("trusted")

synchronous = pytest.mark.parametrize("asynchronous", [False], ids=["sync"])
"""Marks what only the sync transport does."""


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        server.default = lambda: Response([b"Hello"])
        yield server


@pytest.fixture
def hasty(http: Any, asynchronous: bool) -> Iterator[Any]:  # noqa: FBT001
    """A client of which a read may take a short time."""
    timeout = http.Timeout(30, read=SHORT)
    with http_client(http, asynchronous=asynchronous, timeout=timeout) as client:
        yield client


def test_each_phase_has_its_timeout(client: Any, http: Any) -> None:
    def timeout(**phase: float) -> Any:
        return http.Timeout(5, **phase)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(http.ConnectTimeout):
            client.get(f"https://{at}", timeout=timeout(connect=0.1))
        with pytest.raises(http.ReadTimeout):
            client.get(f"http://{at}", timeout=timeout(read=0.1))
        with pytest.raises(http.WriteTimeout):
            client.post(f"http://{at}", content=b"x" * 2**24, timeout=timeout(write=0.1))


def test_the_write_timeout_holds_over_tls(client: Any, http: Any, tls: ssl.SSLContext) -> None:
    done = threading.Event()

    def take_nothing(sock: socket.socket) -> None:
        with tls.wrap_socket(sock, server_side=True):
            done.wait(5)

    timeout = http.Timeout(5, write=0.1)
    with talking(take_nothing) as url, pytest.raises(http.WriteTimeout):
        try:
            client.post(url.replace("http", "https"), content=b"x" * 2**24, timeout=timeout)
        finally:
            done.set()


def test_a_silent_body_ends_with_a_timeout(hasty: Any, http: Any, server: Loopback) -> None:
    server.queue = [Response([b"Hello", Stall()])]
    received: list[bytes] = []
    with hasty.stream("GET", server.url) as response, pytest.raises(http.ReadTimeout):
        received.extend(response.iter_raw())
    assert received == [b"Hello"]
    assert server.connections[0].disconnected.wait(0.5)


def test_each_read_has_the_whole_time(hasty: Any, server: Loopback) -> None:
    server.queue = [Response(dripping(repeat(b"x", 4), SHORT / 3))]
    assert hasty.get(server.url).text == "xxxx"


def test_the_time_of_the_consumer_does_not_count(hasty: Any, server: Loopback) -> None:
    server.queue = [Response([b"one", Wait(SHORT * 1.5), b"two"])]
    received: list[bytes] = []
    with hasty.stream("GET", server.url) as response:
        for block in response.iter_raw():
            if not received:
                sleep(SHORT * 1.25)
            received.append(block)
    assert received == [b"one", b"two"]


def test_a_reused_connection_has_a_timeout_again(hasty: Any, http: Any, server: Loopback) -> None:
    assert hasty.get(server.url).text == "Hello"
    server.queue = [Response(before=[Stall()])]
    with pytest.raises(http.ReadTimeout):
        hasty.get(server.url)
    assert len(server.connections) == 1


def test_a_server_waits_for_a_slow_reader(client: Any, server: Loopback) -> None:
    server.queue = [Response(repeat(b"x" * 2**16, 2**10))]
    with client.stream("GET", server.url) as response:
        assert next(response.iter_raw())
        sent, until = -1, monotonic() + 30
        while sent != (sent := server.connections[0].sent) and monotonic() < until:
            sleep(0.2)
        assert sent < 2**9
    assert server.connections[0].disconnected.wait(0.5)


@synchronous
def test_a_limit_that_changes_counts_from_the_next_read(
    client: Any, http: Any, server: Loopback
) -> None:
    server.queue = [Response([b"Hello", Stall()])]
    with client.stream("GET", server.url, timeout=60) as response:
        blocks = response.iter_raw()
        assert next(blocks) == b"Hello"
        response.request.extensions["timeout"]["read"] = 0.1
        with pytest.raises(http.ReadTimeout):
            next(blocks)
    assert server.connections[0].disconnected.wait(0.5)


def test_a_connection_serves_again_after_a_whole_body_only(client: Any, server: Loopback) -> None:
    for _ in range(20):
        assert client.get(server.url).text == "Hello"
    assert len(server.connections) == 1
    server.queue = [Response(dripping(repeat(b"x")))]
    with client.stream("GET", server.url) as response:
        assert next(response.iter_raw()).startswith(b"x")
    assert server.connections[0].disconnected.wait(0.5)
    assert client.get(server.url).text == "Hello"
    assert len(server.connections) == 2


def test_what_follows_a_body_is_no_response(client: Any) -> None:
    forged = HEAD + b"content-length: 4\r\n\r\nevil"
    chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n"
    with replying(chunked + forged, HEAD + FIVE) as url:
        assert [client.get(url).text for _ in range(3)] == ["Hello"] * 3


def test_no_more_connections_than_allowed(
    http: Any, server: Loopback, *, asynchronous: bool
) -> None:
    server.default = lambda: Response([b"x", Stall()])
    with http_client(http, asynchronous=asynchronous, connections=1) as client:
        with client.stream("GET", server.url), pytest.raises(http.PoolTimeout):
            client.get(server.url, timeout=http.Timeout(5, pool=0.1))
        server.default = lambda: Response([b"Hello"])
        assert client.get(server.url).text == "Hello"
        other = server.url.replace("127.0.0.1", "localhost")
        assert client.get(other).text == "Hello"
    assert all(connection.disconnected.wait(0.5) for connection in server.connections)


def test_a_thread_that_waits_for_a_connection_gets_it(
    http: Any, server: Loopback, *, asynchronous: bool
) -> None:
    texts: list[str] = []
    with http_client(http, asynchronous=asynchronous, connections=2) as client:
        threads = [
            threading.Thread(target=lambda: texts.append(client.get(server.url).text))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == ["Hello"] * 20
    assert len(server.connections) <= 2


def test_an_idle_connection_is_not_kept_for_ever() -> None:
    pool, origin = Pool(2), Origin("http", "127.0.0.1", 80)
    one = pool.take(origin, None)
    pool.keep(one)
    one.expires_at = 0.0
    assert pool.take(origin, None) is not one


def test_closing_the_client_closes_its_connections(
    http: Any, server: Loopback, *, asynchronous: bool
) -> None:
    server.queue = [Response([b"Hello"]), Response([b"Hello"]), Response([b"x", Stall()])]
    began, ended = threading.Event(), threading.Event()

    def read() -> None:
        with contextlib.suppress(http.TransportError), client.stream("GET", server.url) as response:
            for _ in response.iter_raw():
                began.set()
        ended.set()

    with http_client(http, asynchronous=asynchronous) as client:
        with client.stream("GET", server.url):
            client.get(server.url)  # on a second one, which is idle then
        thread = threading.Thread(target=read)
        thread.start()
        assert began.wait(5)
        client.close()
        assert ended.wait(0.5)
        thread.join()
    assert all(connection.disconnected.wait(0.5) for connection in server.connections)


@synchronous
def test_a_body_that_is_closed_before_it_is_read_is_an_error(
    http: Any, client: Any, server: Loopback
) -> None:
    server.queue = [Response([b"Hello", Stall()])]
    with client.stream("GET", server.url) as response:
        body = response.extensions[BLOCKS]
    with pytest.raises(http.ReadError):
        list(body)


def test_closing_a_response_wakes_who_reads_it(http: Any, client: Any, server: Loopback) -> None:
    server.queue = [Response([b"x", Stall()])]
    began, errors = threading.Event(), list[Exception]()
    response = client.send(client.build_request("GET", server.url), stream=True)

    def read() -> None:
        try:
            for _ in response.iter_raw():
                began.set()
        except http.TransportError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert began.wait(5)
    response.close()
    thread.join(0.5)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert server.connections[0].disconnected.wait(0.5)


@synchronous
def test_a_response_exposes_its_socket(client: Any, server: Loopback) -> None:
    with client.stream("GET", server.url) as response:
        wire = response.extensions["network_stream"]
        assert isinstance(wire.get_extra_info("socket"), socket.socket)
        assert wire.get_extra_info("server_addr")[1] == int(server.url.rpartition(":")[2])
        assert wire.get_extra_info("client_addr")[0] == "127.0.0.1"
        assert wire.get_extra_info("anything else") is None
