"""What the transports of the default clients send and receive: one behaviour, sync and async."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from support.http_clients import FIVE, HEAD, read_head, replying, talking

from mirascope.core._transports.http_body import ChunkedBody
from mirascope.testing.loopback import Loopback, Response, unreachable


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        server.default = lambda: Response([b"Hello"])
        yield server


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
    with replying(HEAD + framing) as url:
        assert client.get(url).text == "Hello"


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", b"200 OK"), ("GET", b"204 No Content"), ("GET", b"304 Same")]
)
def test_a_response_that_can_have_no_body_has_none(client: Any, method: str, status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\ncontent-length: 5\r\n\r\n"
    with replying(head, HEAD + FIVE) as url:
        with client.stream(method, url) as response:
            assert b"".join(response.iter_raw()) == b""
        assert client.get(url).text == "Hello"  # on the same connection


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n", HEAD],
    ids=["old", "old-with-length", "new"],
)
def test_a_server_that_ends_its_connections_is_not_waited_for(client: Any, head: bytes) -> None:
    closing = head + b"connection: close\r\n\r\nHello"
    with replying(closing) as url:
        assert [client.get(url).text for _ in range(3)] == ["Hello"] * 3


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
    with replying(HEAD + framing) as url, pytest.raises(http.RemoteProtocolError):
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
    with replying(head) as url, pytest.raises(http.RemoteProtocolError):
        client.get(url)


def test_a_server_that_sends_no_http_is_disconnected_from(client: Any, http: Any) -> None:
    ended = threading.Event()

    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n")
        if not sock.recv(1):
            ended.set()

    with talking(talk) as url, pytest.raises(http.RemoteProtocolError) as caught:
        client.get(url)
    assert ended.wait(0.5)
    assert caught.value  # whose traceback holds the response


def test_response_headers_are_unchanged(client: Any) -> None:
    head = b"X-Two: 1\r\nx-two:2 \r\nX-Folded: a\r\n b\r\nX-Latin: \xe9\r\n"
    with replying(b"HTTP/1.1 299 Fine by me\r\n" + head + FIVE) as url:
        response = client.get(url)
    assert (response.status_code, response.reason_phrase) == (299, "Fine by me")
    assert response.http_version == "HTTP/1.1"
    assert response.headers.get_list("x-two") == ["1", "2"]
    assert response.headers["x-folded"] == "a b"
    assert response.headers.raw[3] == (b"X-Latin", b"\xe9")


def test_informational_responses_are_skipped(client: Any) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"
    with replying(b"HTTP/1.1 100 Continue\r\n\r\n" + hints * 2 + HEAD + FIVE) as url:
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
    bodies: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        head = read_head(sock)
        while not head.endswith(b"0\r\n\r\n"):
            head += sock.recv(2**16)
        bodies.append(head.partition(b"\r\n\r\n")[2])
        sock.sendall(HEAD + FIVE)

    with talking(talk) as url:
        client.post(url, content=iter([b"Hel", b"", b"lo"]))
    assert ChunkedBody().feed(bodies[0]) == b"Hello"


def test_an_informational_response_during_the_request_body_is_skipped(client: Any) -> None:
    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        unread = 2**24
        while unread and (block := sock.recv(2**16)):
            unread -= len(block)
        sock.sendall(HEAD + FIVE)

    with talking(talk) as url:
        assert client.post(url, content=b"x" * 2**24).text == "Hello"


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
    with replying(HEAD + chunked) as url, client.stream("GET", url) as response:
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


def test_an_address_of_ip_version_6_is_connected_to(client: Any) -> None:
    with talking(lambda sock: read_head(sock) and sock.sendall(HEAD + FIVE), "::1") as url:
        assert client.get(url).text == "Hello"


def test_a_server_that_is_not_there_is_an_error(client: Any, http: Any) -> None:
    with unreachable() as url, pytest.raises(http.ConnectError):
        client.get(url)
    with pytest.raises(http.ConnectError):
        client.get("http://no-such-host.invalid")
