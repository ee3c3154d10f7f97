"""Our async transport reads any response as the HTTP library's own transport does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st
from support.http_clients import PortalClient, read_head, talking

from mirascope.core._transports.async_transport import AsyncTransport

TOKENS = st.text("abcXYZ-_09", min_size=1, max_size=12).map(str.encode)
VALUES = st.text("ab,;= \t\xe9\"'", max_size=30).map(lambda text: text.strip().encode("latin-1"))
FIELDS = st.lists(st.tuples(TOKENS.map(b"x-".__add__), VALUES, st.sampled_from([b"", b"\r\n "])))
PIECES = st.lists(st.binary(min_size=1, max_size=60), max_size=6)
EXTENSIONS = st.sampled_from([b"", b";a", b';a="b"', b" "])
TRAILERS = st.lists(st.sampled_from([b"x-end: 1\r\n", b"x: \r\n"]), max_size=2).map(b"".join)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Return an HTTP response, which may lack its end, or be followed by more."""
    status = draw(st.sampled_from([b"200 OK", b"404 Not Found", b"204 None", b"200", b"304 Same"]))
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.0"]))
    early = draw(st.sampled_from([b"", b"", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"]))
    fields = b"".join(b"%b: %b%b\r\n" % field for field in draw(FIELDS))
    pieces = draw(PIECES)
    body = b"".join(pieces)
    match draw(st.sampled_from(["length", "chunked", "until the end"])):
        case "length":
            fields += b"content-length: %d\r\n" % len(body)
        case "chunked":
            fields += b"transfer-encoding: chunked\r\n"
            chunks = [b"%x%b\r\n%b\r\n" % (len(it), draw(EXTENSIONS), it) for it in pieces]
            body = b"".join([*chunks, b"0\r\n", draw(TRAILERS), b"\r\n"])
    response = early + b"HTTP/%b %b\r\n%b\r\n%b" % (version, status, fields, body)
    cut = draw(st.one_of(st.none(), st.integers(0, len(response))))
    return response[:cut] + (draw(st.sampled_from([b"", b"more"])) if cut is None else b"")


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[str, list[list[bytes]], list[Any]]]:
    """The URL of a server, what it sends next in pieces, and clients on both transports."""
    replies: list[list[bytes]] = []

    def talk(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read_head(sock)
        for piece in replies.pop():
            sock.sendall(piece)

    async def make(transport: type[Any], *arguments: Any) -> Any:
        return httpx.AsyncClient(transport=transport(*arguments))

    with ExitStack() as entered:
        url = entered.enter_context(talking(talk))
        portal = entered.enter_context(start_blocking_portal())
        clients = [
            PortalClient(portal, portal.call(make, AsyncTransport, httpx)),
            PortalClient(portal, portal.call(make, httpx.AsyncHTTPTransport)),
        ]
        for client in clients:
            entered.callback(client.close)
        yield url, replies, clients


def outcome(client: Any, url: str) -> tuple[Any, ...]:
    """Return what is read of a response, and the class of the error that ends it."""
    body: list[bytes] = []
    try:
        with client.stream("GET", url, headers={"connection": "close"}) as response:
            read = response.response
            heads = read.status_code, read.reason_phrase, read.http_version, read.headers.raw
            body.extend(response.iter_raw())
            return heads, b"".join(body)
    except httpx.TransportError as error:
        return type(error), b"".join(body)


@given(responses(), st.lists(st.integers(1, 90), max_size=8))
def test_both_transports_read_the_same(
    stack: tuple[str, list[list[bytes]], list[Any]], response: bytes, sizes: list[int]
) -> None:
    url, replies, clients = stack
    pieces: list[bytes] = []
    rest = response
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    results = []
    for client in clients:
        replies[:] = [[*pieces, rest]]
        results.append(outcome(client, url))
    assert results[0] == results[1]
