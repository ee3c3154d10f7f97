"""What a script holds is what a socket receives."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.cases import Case

from mirascope.testing.loopback import (
    Abort,
    Loopback,
    Raw,
    Reset,
    Response,
    Stall,
    Wait,
    cut,
    dripping,
    in_pieces,
)

HEAD = (
    b"HTTP/1.1 200 Whatever\r\n"
    b"transfer-encoding: chunked\r\n"
    b"content-type: text/event-stream\r\n\r\n"
)
HALF_A_SECOND = 0.5


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


@pytest.fixture
def client(server: Loopback) -> Iterator[socket.socket]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        yield client


def ask(client: socket.socket, body: bytes = b"") -> None:
    head = f"POST /here HTTP/1.1\r\nX-Name: value\r\ncontent-length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)


def received(client: socket.socket, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return what is received, up to an end or that of the connection."""
    data = b""
    while not data.endswith(end) and (block := client.recv(4096)):
        data += block
    return data


def reported(server: Loopback, client: socket.socket, answer: Response) -> bytes:
    """Return all that is received of a response."""
    server.queue = [answer]
    ask(client)
    return received(client)


def test_each_piece_is_one_chunk_of_the_body(server: Loopback, client: socket.socket) -> None:
    data = reported(server, client, Response([b"one", b"", b"three"]))
    assert data == HEAD + b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"
    assert server.connections[0].sent == 2


def test_requests_are_recorded(server: Loopback, client: socket.socket) -> None:
    server.queue = [Response(), Response()]
    for body in (b'{"a": 1}', b'{"a": 2}'):
        ask(client, body)
        received(client)
    first, second = server.requests
    assert (first.method, first.path, first.headers["x-name"]) == ("POST", "/here", "value")
    assert (first.json, second.json) == ({"a": 1}, {"a": 2})
    assert first.connection is second.connection is server.connections[0]


def test_a_response_can_be_made_of_its_request(client: socket.socket, server: Loopback) -> None:
    server.respond = lambda request: Response([request.body])
    ask(client, b"echo")
    assert received(client) == HEAD + b"4\r\necho\r\n0\r\n\r\n"


def test_a_request_beyond_the_queue_is_an_error(client: socket.socket) -> None:
    ask(client)
    assert received(client).startswith(b"HTTP/1.1 400 ")


def test_a_response_may_be_an_error_with_headers(
    case: Case, server: Loopback, client: socket.socket
) -> None:
    data = reported(server, client, case.refusal(429, retry_after="1"))
    assert data.startswith(b"HTTP/1.1 429 ")
    assert b"\r\nretry-after: 1\r\n" in data
    assert b"\r\ncontent-type: application/json\r\n" in data


def test_the_content_length_may_be_wrong(server: Loopback, client: socket.socket) -> None:
    server.queue = [Response([b"short", Abort()], length=100)]
    ask(client)
    assert received(client).endswith(
        b"\r\ncontent-length: 100\r\ncontent-type: text/event-stream\r\n\r\nshort"
    )


def test_bytes_may_be_outside_of_the_framing(server: Loopback, client: socket.socket) -> None:
    data = reported(server, client, Response([b"one", Raw(b"no size\r\n")]))
    assert data == HEAD + b"3\r\none\r\nno size\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "stalling",
    [Response(before=[Stall()]), Response([b"one", Stall()])],
    ids=["before the head", "in the body"],
)
def test_a_stall_lasts_until_the_client_disconnects(
    server: Loopback, client: socket.socket, stalling: Response
) -> None:
    server.queue = [stalling]
    ask(client)
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        received(client)
    connection = server.connections[0]
    assert not connection.disconnected.is_set()
    client.close()
    assert connection.disconnected.wait(HALF_A_SECOND)


def test_a_wait_pauses_the_response(server: Loopback, client: socket.socket) -> None:
    server.queue = [Response([b"one", Wait(0.1), b"two"])]
    ask(client)
    assert received(client, b"one\r\n") == HEAD + b"3\r\none\r\n"
    client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(5)
    assert received(client) == b"3\r\ntwo\r\n0\r\n\r\n"


def test_a_script_runs_while_it_is_sent(server: Loopback, client: socket.socket) -> None:
    read = threading.Event()

    def script() -> Iterator[bytes]:
        yield b"one"
        assert read.wait(5)
        yield b"two"

    server.queue = [Response(script())]
    ask(client)
    received(client, b"one\r\n")
    read.set()
    assert received(client) == b"3\r\ntwo\r\n0\r\n\r\n"


def test_an_abort_ends_the_connection_in_the_middle(
    server: Loopback, client: socket.socket
) -> None:
    data = reported(server, client, Response([b"one", Abort(), b"never"]))
    assert data == HEAD + b"3\r\none\r\n"
    connection = server.connections[0]
    assert not connection.disconnected.is_set()
    client.close()
    assert connection.disconnected.wait(HALF_A_SECOND)


@pytest.mark.parametrize("answer", [Response([b"one", Reset()]), Response(before=[Reset()])])
def test_a_reset_resets_the_connection(
    server: Loopback, client: socket.socket, answer: Response
) -> None:
    server.queue = [answer]
    ask(client)
    with pytest.raises(ConnectionResetError):
        received(client)
    assert not server.connections[0].disconnected.is_set()


def test_a_connection_can_be_cut_from_outside(server: Loopback, client: socket.socket) -> None:
    server.queue = [Response([b"one", Stall()])]
    ask(client)
    received(client, b"one\r\n")
    server.connections[0].cut()
    assert received(client) == b""


def test_a_disconnect_is_seen_while_the_server_sends(
    server: Loopback, client: socket.socket
) -> None:
    server.queue = [Response(dripping([b"one"] * 1000))]
    ask(client)
    received(client, b"one\r\n")
    client.close()
    connection = server.connections[0]
    assert connection.disconnected.wait(HALF_A_SECOND)
    assert 0 < connection.sent < 1000


def test_a_disconnect_is_seen_between_responses(server: Loopback, client: socket.socket) -> None:
    reported(server, client, Response([b"one"]))
    assert not server.connections[0].disconnected.is_set()
    client.close()
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)


def test_the_server_s_end_closes_all_connections() -> None:
    with Loopback() as gone:
        port = int(gone.url.rpartition(":")[2])
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        gone.queue = [Response([b"one", Stall()])]
        ask(client)
        received(client, b"one\r\n")
    with client:
        assert b"never" not in received(client)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(
    ("size", "left"),
    [(0, []), (2, [b"on"]), (3, [b"one"]), (4, [b"one", b"t"]), (99, [b"one", b"two"])],
)
def test_pieces_can_be_cut_at_a_size(size: int, left: list[Any]) -> None:
    assert cut([b"one", b"two"], size) == left
    assert cut(in_pieces(b"onetwo", 3), size) == left


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /here HTTP/1.1\r\ncontent-le",
        b"POST /here HTTP/1.1\r\n",
        b"POST /here HTTP/1.1\r\ncontent-length: 5\r\n\r\n",
        b"POST /here HTTP/1.1\r\ncontent-length: 5\r\n\r\nbody",
    ],
)
def test_a_request_that_is_cut_off_is_none(
    server: Loopback, client: socket.socket, sent: bytes
) -> None:
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert server.requests == []
