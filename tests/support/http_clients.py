"""HTTP clients on our transports, sync and async with one interface, and servers of raw bytes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import trustme
from anyio.from_thread import BlockingPortal, start_blocking_portal

from mirascope.core._transports.async_transport import AsyncTransport
from mirascope.core._transports.sync_transport import SyncTransport

NAME = "api.example.test"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
FIVE = b"content-length: 5\r\n\r\nHello"


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def http(request: pytest.FixtureRequest) -> Any:
    """The HTTP library."""
    return request.param


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's end of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what the authority signs be trusted."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client(http: Any, asynchronous: bool) -> Iterator[Any]:  # noqa: FBT001
    with http_client(http, asynchronous=asynchronous) as client:
        yield client


@contextmanager
def http_client(
    http: Any, *, asynchronous: bool, connections: int = 1000, **options: Any
) -> Iterator[Any]:
    """Yield a client on one of our transports.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.
        asynchronous: Whether it is an async one, in the event loop of another thread.
        connections: The maximum number of connections in use.
        options: Further arguments of the client.
    """
    if not asynchronous:
        transport = SyncTransport(http, http.create_ssl_context(), connections)
        with http.Client(transport=transport, **options) as client:
            yield client
        return

    async def make() -> Any:
        return http.AsyncClient(transport=AsyncTransport(http, connections), **options)

    with start_blocking_portal(backend_options={"debug": True}) as portal:
        client = PortalClient(portal, portal.call(make))
        try:
            yield client
        finally:
            client.close()


class PortalClient:
    """An async client with the methods of a sync one."""

    def __init__(self, portal: BlockingPortal, client: Any) -> None:
        self.portal = portal
        self.client = client
        self.build_request = client.build_request

    def get(self, url: str, **options: Any) -> Any:
        return self.portal.call(partial(self.client.get, url, **options))

    def post(self, url: str, *, content: bytes | Iterator[bytes], **options: Any) -> Any:
        body = content if isinstance(content, bytes) else _pieces(content)
        return self.portal.call(partial(self.client.post, url, content=body, **options))

    def send(self, request: Any, *, stream: bool) -> PortalResponse:
        response = self.portal.call(partial(self.client.send, request, stream=stream))
        return PortalResponse(self.portal, response)

    @contextmanager
    def stream(self, method: str, url: str, **options: Any) -> Iterator[PortalResponse]:
        response = self.send(self.build_request(method, url, **options), stream=True)
        try:
            yield response
        finally:
            response.close()

    def close(self) -> None:
        self.portal.call(self.client.aclose)


class PortalResponse:
    """A response of an async client with the methods of a sync one."""

    def __init__(self, portal: BlockingPortal, response: Any) -> None:
        self.portal = portal
        self.response = response

    def iter_raw(self) -> Iterator[bytes]:
        blocks = self.response.aiter_raw()
        while block := self.portal.call(partial(anext, blocks, None)):
            yield block

    def close(self) -> None:
        self.portal.call(self.response.aclose)


async def _pieces(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@contextmanager
def talking(talk: Callable[[socket.socket], object], host: str = "127.0.0.1") -> Iterator[str]:
    """Serve connections, one after the other, with a function; return the URL."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock, contextlib.suppress(OSError):
                    talk(sock)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    listener.close()


def read_head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (block := sock.recv(1)):
        head += block
    return head


@contextmanager
def replying(*replies: bytes) -> Iterator[str]:
    """Serve one of these for each request of a connection, and close it after the last."""

    def talk(sock: socket.socket) -> None:
        for reply in replies:
            if read_head(sock):
                sock.sendall(reply)

    with talking(talk) as url:
        yield url
