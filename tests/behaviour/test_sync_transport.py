"""The transport of the default sync clients, below the SDKs, with both libraries that it serves."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import httpx
import httpx2
import pytest

from mirascope.core._transports.connection_pool import Origin, Pool
from mirascope.core._transports.sync_transport import SyncTransport, sync_http_client
from mirascope.testing.loopback import Loopback, Response, Stall, dripping, unreachable

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
FIVE = b"content-length: 5\r\n\r\nHello"


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def http(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client(http: Any) -> Iterator[Any]:
    with sync_http_client(http.Client, http) as client:
        yield client


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        server.default = lambda: Response([b"Hello"])
        yield server


@contextmanager
def talking(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """Serve connections, one after the other, with a function; return the URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock, contextlib.suppress(OSError):
                    talk(sock)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    listener.close()


def read_head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (block := sock.recv(1)):
        head += block
    return head


@contextmanager
def saying(*replies: bytes) -> Iterator[str]:
    """Serve one of these for each request of a connection, and close it after the last."""

    def talk(sock: socket.socket) -> None:
        for reply in replies:
            if read_head(sock):
                sock.sendall(reply)

    with talking(talk) as url:
        yield url


@pytest.mark.parametrize(
    "framing",
    [
        FIVE,
        b"transfer-encoding: chunked\r\n\r\n2;x=y\r\nHe\r\n3\r\nllo\r\n0\r\ntrailer: 1\r\n\r\n",
        b"connection: close\r\n\r\nHello",
    ],
    ids=["length", "chunked", "until-the-end"],
)
def test_a_body_ends_where_its_framing_ends(client: Any, framing: bytes) -> None:
    with saying(HEAD + framing) as url:
        assert client.get(url).text == "Hello"


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 6\r\n\r\nHello",
        b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n",
        b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n",
        b"transfer-encoding: chunked\r\n\r\n4\r\nHello\r\n0\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n-5\r\nHello\r\n0\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n" + b"x" * 2**17,
        b"transfer-encoding: chunked\r\n\r\n5" + b"0" * 2**17,
    ],
)
def test_a_body_whose_framing_is_broken_is_an_error(client: Any, http: Any, framing: bytes) -> None:
    with saying(HEAD + framing) as url, pytest.raises(http.RemoteProtocolError):
        client.get(url)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"220 mail.example.test\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nlong: " + b"x" * 2**17,
        b"HTTP/1.1 200 OK\r\n" + b"many: x\r\n" * 2**10,
        b"",
    ],
    ids=["no-header", "no-status", "no-http", "too-long", "too-many", "nothing"],
)
def test_a_head_that_is_not_http_is_an_error(client: Any, http: Any, head: bytes) -> None:
    with saying(head) as url, pytest.raises(http.RemoteProtocolError):
        client.get(url)


def test_response_headers_are_unchanged(client: Any) -> None:
    head = b"X-Two: 1\r\nx-two:2 \r\nX-Folded: a\r\n b\r\nX-Latin: \xe9\r\n"
    with saying(b"HTTP/1.1 299 Fine by me\r\n" + head + FIVE) as url:
        response = client.get(url)
    assert (response.status_code, response.reason_phrase) == (299, "Fine by me")
    assert response.http_version == "HTTP/1.1"
    assert response.headers.get_list("x-two") == ["1", "2"]
    assert response.headers["x-folded"] == "a b"
    assert response.headers.raw[3] == (b"X-Latin", b"\xe9")


def test_informational_responses_are_skipped(client: Any) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"
    with saying(b"HTTP/1.1 100 Continue\r\n\r\n" + hints * 2 + HEAD + FIVE) as url:
        response = client.get(url)
    assert (response.status_code, response.text) == (200, "Hello")
    assert "link" not in response.headers


def test_request_headers_are_unchanged(client: Any) -> None:
    heads: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        heads.append(read_head(sock))
        sock.sendall(HEAD + FIVE)

    with talking(talk) as url:
        client.get(url, headers=[("X-Two", "1"), ("X-Two", "2"), ("user-agent", "me")])
    lines = heads[0].decode().splitlines()
    assert lines[0] == "GET / HTTP/1.1"
    assert [line for line in lines if "Two" in line] == ["X-Two: 1", "X-Two: 2"]
    names = [line.partition(":")[0].lower() for line in lines[1:] if line]
    assert [names.count(name) for name in ("host", "user-agent", "accept-encoding")] == [1, 1, 1]
    assert "user-agent: me" in lines


def test_an_invalid_header_is_not_quoted(client: Any, http: Any, server: Loopback) -> None:
    with pytest.raises(http.LocalProtocolError) as caught:
        client.get(server.url, headers={"authorization": "a-secret\r\nx: y"})
    assert "a-secret" not in f"{caught.value} {caught.value.__context__}"
    assert server.requests == []


def test_a_body_in_pieces_is_sent_in_chunks(client: Any) -> None:
    said: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        head = read_head(sock)
        while not head.endswith(b"0\r\n\r\n"):
            head += sock.recv(2**16)
        said.append(head.partition(b"\r\n\r\n")[2])
        sock.sendall(HEAD + FIVE)

    with talking(talk) as url:
        client.post(url, content=iter([b"Hel", b"", b"lo"]))
    assert said == [b"3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n"]


def test_an_error_response_during_the_request_body_is_read(client: Any) -> None:
    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 413 Too much\r\nconnection: close\r\n" + FIVE)
        sock.shutdown(socket.SHUT_RDWR)
        sock.recv(2**16)

    refusals = set[int]()
    with talking(talk) as url:
        for _ in range(5):  # the refusal may be lost with the connection
            with contextlib.suppress(httpx.TransportError, httpx2.TransportError):
                refusals.add(client.post(url, content=b"x" * 2**24).status_code)
    assert refusals <= {413}


@pytest.mark.parametrize("body", ["chunked", "length"])
def test_an_early_response_is_read_before_more_is_sent(client: Any, body: str) -> None:
    seen = threading.Semaphore(0)
    pieces = [b"He", b"l", b"lo"]
    late: list[bytes] = []
    framing = {
        "length": b"content-length: 5\r\n\r\n",
        "chunked": b"transfer-encoding: chunked\r\n\r\n5\r\n",
    }

    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(HEAD + framing[body])
        for piece in pieces:
            sock.sendall(piece)
            if not seen.acquire(timeout=5):
                late.append(piece)
        sock.sendall(b"\r\n0\r\n\r\n" if body == "chunked" else b"")

    blocks: list[bytes] = []
    with talking(talk) as url, client.stream("GET", url) as response:
        for block in response.iter_raw():
            blocks.append(block)
            seen.release()
    assert (blocks, late) == (pieces, [])


def test_chunks_that_were_received_together_are_one_block(client: Any) -> None:
    chunked = b"transfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100 + b"0\r\n\r\n"
    with saying(HEAD + chunked) as url, client.stream("GET", url) as response:
        assert b"".join(blocks := list(response.iter_raw())) == b"x" * 100
    assert len(blocks) < 10


def test_decompression_is_left_to_the_library(client: Any, server: Loopback) -> None:
    server.queue = [Response([gzip.compress(b"Hello")], headers={"content-encoding": "gzip"})]
    assert client.get(server.url).text == "Hello"
    assert "gzip" in server.requests[0].headers["accept-encoding"]


def test_redirects_and_cookies_are_left_to_the_library(client: Any, server: Loopback) -> None:
    server.queue = [Response([], 307, {"location": "/there", "set-cookie": "a=b"})]
    assert client.get(server.url).status_code == 307
    server.queue = [Response([], 307, {"location": "/there"})]
    assert client.post(server.url, content=b"x", follow_redirects=True).text == "Hello"
    there = server.requests[-1]
    assert (there.path, there.body, there.headers["cookie"]) == ("/there", b"x", "a=b")
    assert len(server.connections) == 1


def test_a_failed_request_is_not_sent_again(client: Any, http: Any) -> None:
    heads: list[bytes] = []
    with (
        talking(lambda sock: heads.append(read_head(sock))) as url,
        pytest.raises(http.RemoteProtocolError),
    ):
        client.get(url)
    assert len(heads) == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/only/a/path"])
def test_another_protocol_is_an_error(client: Any, http: Any, url: str) -> None:
    with pytest.raises(http.UnsupportedProtocol):
        client.get(url)


def test_a_server_that_is_not_there_is_an_error(client: Any, http: Any) -> None:
    with unreachable() as url, pytest.raises(http.ConnectError):
        client.get(url)
    with pytest.raises(http.ConnectError):
        client.get("http://no-such-host.invalid")


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
        assert next(response.iter_raw()) == b"x"
    assert server.connections[0].disconnected.wait(0.5)
    assert client.get(server.url).text == "Hello"
    assert len(server.connections) == 2


def test_what_follows_a_body_is_no_response(client: Any) -> None:
    forged = HEAD + b"content-length: 4\r\n\r\nevil"
    chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n"
    with saying(chunked + forged, HEAD + FIVE) as url:
        assert [client.get(url).text for _ in range(3)] == ["Hello"] * 3


def test_no_more_connections_than_allowed(http: Any, server: Loopback) -> None:
    server.default = lambda: Response([b"x", Stall()])
    transport = SyncTransport(http, http.create_ssl_context(), connections=1)
    with http.Client(transport=transport) as client:
        with client.stream("GET", server.url), pytest.raises(http.PoolTimeout):
            client.get(server.url, timeout=http.Timeout(5, pool=0.1))
        server.default = lambda: Response([b"Hello"])
        assert client.get(server.url).text == "Hello"
        other = server.url.replace("127.0.0.1", "localhost")
        assert client.get(other).text == "Hello"
    assert all(connection.disconnected.wait(0.5) for connection in server.connections)


def test_a_thread_that_waits_for_a_connection_gets_it(http: Any, server: Loopback) -> None:
    transport = SyncTransport(http, http.create_ssl_context(), connections=2)
    texts: list[str] = []
    with http.Client(transport=transport) as client:
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


def test_closing_the_client_closes_its_connections(http: Any, server: Loopback) -> None:
    server.queue = [Response([b"Hello"]), Response([b"Hello"]), Response([b"x", Stall()])]
    began, ended = threading.Event(), threading.Event()

    def read() -> None:
        with contextlib.suppress(http.TransportError), client.stream("GET", server.url) as response:
            for _ in response.iter_raw():
                began.set()
        ended.set()

    with sync_http_client(http.Client, http) as client:
        with client.stream("GET", server.url):
            client.get(server.url)  # on a second one, which is idle then
        thread = threading.Thread(target=read)
        thread.start()
        assert began.wait(5)
    assert ended.wait(0.5)
    thread.join()
    assert all(connection.disconnected.wait(0.5) for connection in server.connections)


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


def test_a_response_exposes_its_socket(client: Any, server: Loopback) -> None:
    with client.stream("GET", server.url) as response:
        wire = response.extensions["network_stream"]
        assert isinstance(wire.get_extra_info("socket"), socket.socket)
        assert wire.get_extra_info("server_addr")[1] == int(server.url.rpartition(":")[2])
        assert wire.get_extra_info("client_addr")[0] == "127.0.0.1"
        assert wire.get_extra_info("anything else") is None
