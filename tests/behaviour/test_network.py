"""The network below the default clients: proxies, TLS, and servers that break in other ways.

All this the SDKs' own transports do; those that we put in their place have to do it too.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from support.cases import Case, Driver
from support.fixtures import every_case
from support.http_clients import NAME
from support.relay import Relay
from support.transports import skip_on_httpx

from mirascope import errors
from mirascope.core._transports.async_transport import async_transport
from mirascope.testing.loopback import Abort, Loopback, Response, Stall, Wait, dripping, unreachable

case = every_case

PROXY_VARIABLES = ("all_proxy", "http_proxy", "https_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def raw(*replies: bytes) -> Iterator[str]:
    """Serve, on each further connection, one of these, and close it; return the URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for reply in replies:
            sock, _ = listener.accept()
            with sock, sock.makefile("rb") as reader:
                length = 0
                while line := reader.readline().strip().lower():
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                reader.read(length)
                sock.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(5)
    listener.close()


def whole(events: list[bytes]) -> bytes:
    """Return an HTTP response with a body of known length."""
    body = b"".join(events)
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


def asked_to(case: Case, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(case.url_variable, case.url(url))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.usefixtures("trusted")
def test_a_certificate_authority_of_the_environment_is_trusted(
    case: Case,
    driver: Driver,
    server: Loopback,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.default = lambda: Response(case.response("Hello"))
    function = driver.function(case)
    with Relay(server.url, tls=tls) as relay:
        asked_to(case, f"https://127.0.0.1:{relay.port}", monkeypatch)
        stream, _ = driver.call_and_read(function)
    assert (stream.state, stream.content) == ("finished", "Hello")


def test_an_unknown_certificate_authority_is_not_trusted(
    case: Case,
    driver: Driver,
    server: Loopback,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with Relay(server.url, tls=tls) as relay:
        asked_to(case, f"https://127.0.0.1:{relay.port}", monkeypatch)
        attempt = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(attempt.error, errors.StreamConnectionError)
    assert isinstance(attempt.error, case.sdk_error)
    assert "certificate" in " ".join(map(str, causes(attempt.error)))
    assert server.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_rejected(
    case: Case,
    driver: Driver,
    server: Loopback,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Relay(server.url, tls=tls) as relay:
        asked_to(case, f"https://localhost:{relay.port}", monkeypatch)
        attempt = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(attempt.error, errors.StreamConnectionError)
    assert server.requests == []


@pytest.mark.usefixtures("trusted")
def test_stopping_closes_the_connection_over_tls(
    case: Case,
    driver: Driver,
    server: Loopback,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.queue = [Response(dripping([*case.begin, *[case.text("a")] * 10_000], 0.001))]
    function = driver.function(case)

    async def ask_and_leave() -> None:
        async for chunk, _ in await function("fantasy"):
            if chunk.content:
                break
        assert await anyio.to_thread.run_sync(server.connections[0].disconnected.wait, 0.5)

    with Relay(server.url, tls=tls) as relay:
        asked_to(case, f"https://127.0.0.1:{relay.port}", monkeypatch)
        if driver.asynchronous:
            anyio.run(ask_and_leave)
        else:
            for chunk, _ in function("fantasy"):
                if chunk.content:
                    break
            assert server.connections[0].disconnected.wait(0.5)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    case: Case,
    driver: Driver,
    server: Loopback,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variable: str,
) -> None:
    if (case.name, variable) == ("bedrock", "ALL_PROXY"):
        pytest.skip("botocore does not know that variable")
    server.default = lambda: Response(case.response("Hello"))
    with (
        Relay(server.url, tls=tls) as far,
        Relay(f"http://127.0.0.1:{far.port}", proxy=True) as proxy,
    ):
        monkeypatch.setenv(variable, f"http://user:pass%20word@127.0.0.1:{proxy.port}")
        asked_to(case, f"https://{NAME}:{far.port}", monkeypatch)
        stream, _ = driver.call_and_read(driver.function(case))
    assert (stream.state, stream.content) == ("finished", "Hello")
    requests = [head.splitlines()[0].partition(" HTTP/")[0] for head in proxy.heads]
    assert requests == [f"CONNECT {NAME}:{far.port}"]
    allowed = base64.b64encode(b"user:pass word").decode()
    assert f"proxy-authorization: basic {allowed.lower()}" in proxy.heads[0].lower()
    assert "a-secret-key" not in proxy.heads[0]


def test_a_proxy_without_tls_is_used(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.default = lambda: Response(case.response("Hello"))
    with Relay(server.url, proxy=True) as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        asked_to(case, f"http://{NAME}", monkeypatch)
        monkeypatch.setenv(case.key_variable, case.name)  # a new client, with this proxy
        stream, _ = driver.call_and_read(driver.function(case))
    assert (stream.state, stream.content) == ("finished", "Hello")
    assert server.requests[0].path.startswith(f"http://{NAME}/")


def test_what_needs_no_proxy_uses_none(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.default = lambda: Response(case.response("Hello"))
    with Relay(server.url, proxy=True) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "example.test,127.0.0.1")
        stream, _ = driver.call_and_read(driver.function(case))
    assert stream.content == "Hello"
    assert proxy.heads == []


def test_a_proxy_that_is_not_there_is_an_error(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unreachable() as url:
        monkeypatch.setenv("http_proxy", url)
        attempt = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(attempt.error, errors.StreamConnectionError)
    assert isinstance(attempt.error, case.sdk_error)
    assert server.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"220 mail.example.test ESMTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n",
    ],
    ids=["nothing", "no-http", "no-length", "too-little"],
)
def test_a_server_that_does_not_speak_http_is_an_error(
    case: Case, driver: Driver, server: Loopback, reply: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server
    with raw(reply) as url:
        asked_to(case, url, monkeypatch)
        attempt = driver.attempt(driver.function(case, max_retries=0))
    error: Any = attempt.error
    assert isinstance(error, errors.StreamConnectionError)
    assert isinstance(error, case.sdk_error)
    assert error.retryable
    for reported in causes(error):
        assert "a-secret-key" not in f"{reported!r} {reported} {vars(reported)}"


def test_a_pooled_connection_that_the_server_closed_is_not_used(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server
    function = driver.function(case, max_retries=0)
    texts: list[str] = []

    async def twice() -> None:
        for _ in range(2):
            texts.append("".join([chunk.content async for chunk, _ in await function("fantasy")]))
            time.sleep(0.05)  # noqa: ASYNC251  # the event loop is not to see it

    with raw(*[whole(case.response("Hello"))] * 2) as url:
        asked_to(case, url, monkeypatch)
        if driver.asynchronous:
            anyio.run(twice)
        else:
            for _ in range(2):
                texts.append("".join(chunk.content for chunk, _ in function("fantasy")))
                time.sleep(0.05)
    assert texts == ["Hello", "Hello"]


def test_what_was_received_before_a_connection_broke_is_in_the_stream(
    case: Case, driver: Driver, server: Loopback
) -> None:
    first = [*case.begin, case.text("a"), Wait(0.1)]
    rest = [*map(case.text, "bcd"), case.text("e")[:9]]
    server.queue = [Response([*first, *rest, Abort()])]
    texts, error = read_slowly(case, driver, server)
    assert "".join(texts) == "abcd"
    assert isinstance(error, errors.StreamConnectionError)


def test_a_response_whose_end_was_received_before_the_connection_broke_is_complete(
    case: Case, driver: Driver, server: Loopback
) -> None:
    begin, *rest = case.response("a", "b", "c")
    begins = len(case.begin)
    server.queue = [Response([begin, *rest[:begins], Wait(0.1), *rest[begins:], Abort()])]
    assert read_slowly(case, driver, server) == (["a", "b", "c"], None)


def read_slowly(case: Case, driver: Driver, server: Loopback) -> tuple[list[str], Exception | None]:
    """Read on when the server has ended the connection, after the first text."""
    function = driver.function(case, max_retries=0)
    texts: list[str] = []

    async def read() -> None:
        async for chunk, _ in await function("fantasy"):
            if chunk.content:
                texts.append(chunk.content)
                assert await anyio.to_thread.run_sync(server.connections[0].over.wait, 5)
                await anyio.sleep(0.01)  # until the event loop has seen it

    try:
        if driver.asynchronous:
            anyio.run(read)
        else:
            for chunk, _ in function("fantasy"):
                if chunk.content:
                    texts.append(chunk.content)
                    assert server.connections[0].over.wait(5)
    except errors.StreamError as error:
        return texts, error
    return texts, None


def test_a_long_prompt_is_sent(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    function: Callable[..., Any] = driver.function(case)
    prompt = "x" * 3 * 2**20

    async def ask_and_read() -> str:
        return "".join([chunk.content async for chunk, _ in await function(prompt)])

    if driver.asynchronous:
        assert anyio.run(ask_and_read) == "Hello"
    else:
        assert "".join(chunk.content for chunk, _ in function(prompt)) == "Hello"
    assert prompt.encode() in server.requests[0].body


def test_a_long_header_is_read(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"), headers={"x-note": "x" * 20_000})]
    stream, _ = driver.call_and_read(driver.function(case))
    assert stream.content == "Hello"


@pytest.mark.parametrize("http", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_a_proxy_that_is_not_http_is_handled_by_the_library(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")

    async def transport() -> object:
        return async_transport(http)

    assert anyio.run(transport) is None


@pytest.mark.parametrize("http", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_a_response_that_an_sdk_drops_closes(http: Any) -> None:
    skip_on_httpx("the libraries' own transports leave it open")

    async def drop(url: str) -> None:
        async with http.AsyncClient(transport=async_transport(http)) as client:
            response = await client.send(client.build_request("POST", url), stream=True)
            assert response.status_code == 200
            del response
            gc.collect()
            assert await anyio.to_thread.run_sync(server.connections[0].disconnected.wait, 0.5)

    with Loopback(lambda _: Response([Stall()])) as server:
        asyncio.run(drop(server.url), debug=True)


def test_nothing_is_left_running(case: Case, server: Loopback) -> None:
    server.default = lambda: Response([*case.begin, case.text("a"), Stall()])
    function = Driver(asynchronous=True).function(case)

    async def ask_and_leave() -> None:
        for _ in range(3):
            async for chunk, _ in await function("fantasy"):
                if chunk.content:
                    break
        with anyio.move_on_after(0.2):
            async for _ in await function("fantasy"):
                pass
        gc.collect()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            _, left = await asyncio.wait(left, timeout=1)
        assert not left

    asyncio.run(ask_and_leave())
    assert all(connection.disconnected.wait(0.5) for connection in server.connections)
