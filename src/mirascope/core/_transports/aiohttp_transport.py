"""An async transport of ``httpx`` and ``httpx2`` on aiohttp, which needs a third of the time.

One class serves both libraries; which, it is told. What could be told apart stays the library's:
its errors, timeouts, redirects, cookies, decompression and trust store, and the proxies of the
environment. None of aiohttp's own errors gets out, not even as a cause: they hold the request's
headers.

Where the libraries and aiohttp differ, it is done as the libraries do:

- What has come is read before it is told that the connection broke.
- A body that is left early takes its connection with it at once, without a farewell over TLS, which
  a server that goes on talking would not hear.
- So does one that is dropped, as SDKs do when they are cancelled before they hand it over.
- A connection that was closed while the event loop did not run is not used again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import weakref
from collections.abc import AsyncIterator, Callable
from functools import cache, cached_property
from typing import Any, Final, Self
from urllib.request import proxy_bypass

import aiohttp
from yarl import URL

from mirascope.core._transports.proxies import proxies

_BLOCK: Final = 2**16
_CONNECTIONS: Final = 1000
_LONGEST_HEADER: Final = 2**16
_KEPT_SECONDS: Final = 5.0
"""How long a connection is kept for another request, as in both libraries."""

_ADDED_BY_AIOHTTP: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 60, "TCP_KEEPCNT": 5}
"""How TCP shows routers on the way, in seconds and times, that a silent connection lives."""

_MEANING: Final[dict[type[Exception], str]] = {
    aiohttp.ConnectionTimeoutError: "ConnectTimeout",
    TimeoutError: "ReadTimeout",
    aiohttp.ClientProxyConnectionError: "ProxyError",
    aiohttp.ClientHttpProxyError: "ProxyError",
    aiohttp.ClientConnectorError: "ConnectError",
    aiohttp.NonHttpUrlClientError: "UnsupportedProtocol",
    aiohttp.InvalidURL: "UnsupportedProtocol",
    aiohttp.ServerDisconnectedError: "RemoteProtocolError",
    aiohttp.ClientResponseError: "RemoteProtocolError",
    aiohttp.ClientPayloadError: "RemoteProtocolError",
    aiohttp.ClientError: "ReadError",
    OSError: "ReadError",
    ValueError: "LocalProtocolError",
}
"""What aiohttp's errors are called in both libraries; the first one that fits counts."""

_FAILURES: Final = tuple(_MEANING)


class AiohttpTransport:
    """A transport for one event loop, with which it has to be closed.

    Args:
        http: The library that it serves.
    """

    def __init__(self, http: Any) -> None:
        self._http = http
        self._proxies = proxies()

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        """The connections, of which there are none before the first request."""
        tls = self._http.create_ssl_context()
        tls.set_alpn_protocols(["http/1.1"])
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls,
                limit=_CONNECTIONS,
                keepalive_timeout=_KEPT_SECONDS,
                resolver=aiohttp.ThreadedResolver(),
                socket_factory=_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            auto_decompress=False,
            read_bufsize=_BLOCK,
            max_field_size=_LONGEST_HEADER,
        )

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, and return the response as its body begins."""
        content: bytes = await request.aread()
        await _look_around()
        try:
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=io.BytesIO(content) if content else None,
                proxy=self._proxy(request.url.scheme, request.url.host),
                allow_redirects=False,
                server_hostname=request.extensions.get("sni_hostname"),
                timeout=_timeout(**request.extensions.get("timeout", {})),
            )
        except _FAILURES as error:
            failure = _failure(self._http, error)
        else:
            return self._http.Response(
                response.status,
                headers=response.raw_headers,
                stream=_body_type(self._http)(self._http, response),
                extensions={
                    "http_version": b"HTTP/1.1",
                    "reason_phrase": (response.reason or "").encode(),
                },
            )
        raise failure  # here, where it does not hold aiohttp's

    def _proxy(self, scheme: str, host: str) -> str | None:
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        return None if proxy is None or proxy_bypass(host) else proxy

    async def aclose(self) -> None:
        """Close all connections."""
        if "_session" in vars(self):
            await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Body:
    """The body of a response, to be read once."""

    def __init__(self, http: Any, response: aiohttp.ClientResponse) -> None:
        self._http = http
        self._content = response.content
        self._close = weakref.finalize(self, _give_up, response, _watch(response))
        self._close.atexit = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        content = self._content
        try:
            block = await content.read(_BLOCK)
            end: Exception = StopAsyncIteration()
        except _FAILURES as error:
            block = _unread(content)
            end = _failure(self._http, error)
        except asyncio.CancelledError:
            self._close()
            raise
        if not block:
            self._close()
            raise end
        return block

    async def aclose(self) -> None:
        self._close()


def _watch(response: aiohttp.ClientResponse) -> Callable[[], object]:
    """Have who reads a body told that its connection is closed; return how to stop that.

    When a chunk has no size, aiohttp closes the connection and leaves its reader asleep.
    """
    content, connection = response.content, response.connection
    protocol = None if connection is None else connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:
        return bool

    def tell(_: object) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the connection was closed"))

    if closed not in _looked_at:
        _looked_at.add(closed)
        closed.add_done_callback(_look_at)
    closed.add_done_callback(tell)
    return lambda: closed.remove_done_callback(tell)


_looked_at: Final[weakref.WeakSet[asyncio.Future[None]]] = weakref.WeakSet()


def _look_at(closed: asyncio.Future[None]) -> None:
    """See why a connection was lost, which would otherwise be logged as what nobody saw."""
    if not closed.cancelled():
        closed.exception()


def _give_up(response: aiohttp.ClientResponse, unwatch: Callable[[], object]) -> None:
    """Close a connection, unless the body has ended and another request may have it."""
    unwatch()
    connection = response.connection
    with contextlib.suppress(RuntimeError):  # the event loop may have ended
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        response.close()


@cache
def _body_type(http: Any) -> type[_Body]:
    """Return the class of bodies that a library knows as such."""
    return type("Body", (_Body, http.AsyncByteStream), {})


def _unread(content: Any) -> bytes:
    """Return what has come, which a broken connection hides."""
    error = content.exception()
    content.set_exception(None)
    block: bytes = content.read_nowait(_BLOCK)
    content.set_exception(error)
    return block


async def _look_around() -> None:
    """Let the event loop see which connections have been closed while it did not run.

    It looks in one round and acts in the next.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _socket(address: Any) -> socket.socket:
    family, kind, protocol, *_ = address
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock


def _timeout(
    *,
    connect: float | None = None,
    read: float | None = None,
    pool: float | None = None,
    write: float | None = None,  # noqa: ARG001  # aiohttp has none
) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=pool, sock_connect=connect, sock_read=read)


def _failure(http: Any, error: Exception) -> Exception:
    """Say an error of aiohttp's as a library says it.

    aiohttp has one error for all connections that it closes. That must not hold what it passed.
    """
    error.__traceback__ = None
    name = next(name for kind, name in _MEANING.items() if isinstance(error, kind))
    failure: Exception = getattr(http, name)(str(error) or type(error).__name__)
    return failure
