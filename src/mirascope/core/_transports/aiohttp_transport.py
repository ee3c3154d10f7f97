"""An async transport for ``httpx`` and ``httpx2`` on aiohttp, which needs a third of the time.

One class serves both libraries. Everything that a user can observe stays that of the library: its
exceptions, timeouts, redirects, cookies, decompression and trust store, and the proxies of the
environment. No exception of aiohttp is raised, not even as a cause: they hold the headers of the
request.

Where the libraries and aiohttp differ, this transport behaves as the libraries do:

- Received bytes are returned before the exception of a broken connection is raised.
- A body that is closed early closes its connection at once, without a TLS ``close_notify``, for
  which a server that keeps sending would not wait.
- So does a body that is dropped, as SDKs do if they are cancelled before they return it.
- A connection that was closed while the event loop did not run is not reused.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import weakref
from collections.abc import AsyncIterator, Callable
from functools import cache, cached_property
from time import monotonic
from typing import Any, Final, Self
from urllib.request import proxy_bypass

import aiohttp
from yarl import URL

from mirascope.core._engine.response_source import BLOCKS
from mirascope.core._transports.proxies import proxies

_BLOCK: Final = 2**16
_CONNECTIONS: Final = 1000
_MAX_HEADER: Final = 2**16
_KEEPALIVE_SECONDS: Final = 5.0
"""How long an idle connection is kept, as in both libraries."""

_AUTO_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_KEEPALIVE_OPTIONS: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 60, "TCP_KEEPCNT": 5}
"""TCP keep-alive probes (seconds, seconds, count), so that routers keep a silent connection."""

_EXCEPTION_MAP: Final[dict[type[Exception], str]] = {
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
"""Exceptions of aiohttp, and the names of those of both libraries; the first match counts."""

_MAPPED: Final = tuple(_EXCEPTION_MAP)


class AiohttpTransport:
    """A transport for one event loop, which must close it before it ends.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.
    """

    def __init__(self, http: Any) -> None:
        self._http = http
        self._proxies = proxies()

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        """The session, which is created by the first request."""
        tls = self._http.create_ssl_context()
        tls.set_alpn_protocols(["http/1.1"])
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls,
                limit=_CONNECTIONS,
                keepalive_timeout=_KEEPALIVE_SECONDS,
                resolver=aiohttp.ThreadedResolver(),
                socket_factory=_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            auto_decompress=False,
            read_bufsize=_BLOCK,
            max_field_size=_MAX_HEADER,
        )

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, and return the response once its headers are received."""
        content: bytes = await request.aread()
        await _run_pending_callbacks()
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        try:
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=io.BytesIO(content) if content else None,
                proxy=self._proxy(request.url.scheme, request.url.host),
                allow_redirects=False,
                server_hostname=request.extensions.get("sni_hostname"),
                timeout=_timeout(**limits),
            )
        except _MAPPED as error:
            failure = _mapped_error(self._http, error)
        else:
            body = _body_type(self._http)(self._http, response, limits.get("read"))
            return self._http.Response(
                response.status,
                headers=response.raw_headers,
                stream=body,
                extensions={
                    "http_version": b"HTTP/1.1",
                    "reason_phrase": (response.reason or "").encode(),
                    BLOCKS: body,
                },
            )
        raise failure  # outside of `except`, so that its context is not aiohttp's

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

    def __init__(
        self, http: Any, response: aiohttp.ClientResponse, read_timeout: float | None
    ) -> None:
        self._http = http
        self._content = response.content
        self._wait = _Wait(response, read_timeout)
        self._close = weakref.finalize(self, _release, response, _watch(response), self._wait)
        self._close.atexit = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._wait.since = monotonic()
        try:
            block = await self._content.readany()
            end: Exception = StopAsyncIteration()
        except _MAPPED as error:
            block = _unread(self._content)
            end = _mapped_error(self._http, error)
        except asyncio.CancelledError:
            self._close()
            raise
        self._wait.since = None
        if not block:
            self._close()
            raise end
        return block

    async def aclose(self) -> None:
        self._close()


class _Wait:
    """The wait for the next block, and its timeout.

    aiohttp starts a new timer for each block. One timer per response is enough: when it is due, it
    starts again for the rest of the wait that is going on then.

    Args:
        response: The response; aiohttp's own timeout of its reads is turned off.
        seconds: The read timeout.

    Attributes:
        since: When the wait started, on the monotonic clock; ``None`` between two waits.
    """

    def __init__(self, response: aiohttp.ClientResponse, seconds: float | None) -> None:
        self.since: float | None = None
        self._content = response.content
        self._timer: asyncio.TimerHandle | None = None
        protocol = response.connection and response.connection.protocol
        if seconds is not None and protocol is not None:
            protocol.read_timeout = None
            protocol.start_timeout()
            self._start_timer(seconds, seconds)

    def _start_timer(self, left: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(left, self._check, seconds)

    def _check(self, seconds: float) -> None:
        now = monotonic()
        left = seconds - (now - (self.since or now))
        if left > 0:
            self._start_timer(left, seconds)
        else:
            self._content.set_exception(aiohttp.SocketTimeoutError("the read timeout has expired"))

    def end(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()


def _watch(response: aiohttp.ClientResponse) -> Callable[[], object]:
    """Wake the reader of a body when its connection is closed; return a function that undoes this.

    If a chunk has no size, aiohttp closes the connection but does not wake the reader.
    """
    content, connection = response.content, response.connection
    protocol = None if connection is None else connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:
        return bool

    def wake_reader(_: object) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the connection was closed"))

    if closed not in _observed:
        _observed.add(closed)
        closed.add_done_callback(_observe)
    closed.add_done_callback(wake_reader)
    return lambda: closed.remove_done_callback(wake_reader)


_observed: Final[weakref.WeakSet[asyncio.Future[None]]] = weakref.WeakSet()


def _observe(closed: asyncio.Future[None]) -> None:
    """Retrieve the exception of a lost connection, which asyncio would log otherwise."""
    if not closed.cancelled():
        closed.exception()


def _release(response: aiohttp.ClientResponse, unwatch: Callable[[], object], wait: _Wait) -> None:
    """Close the connection of a response, unless the body has ended and it may be reused."""
    unwatch()
    wait.end()
    connection = response.connection
    with contextlib.suppress(RuntimeError):  # the event loop may have ended
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        response.close()


@cache
def _body_type(http: Any) -> type[_Body]:
    """Return the subclass that an HTTP library recognizes as a stream."""
    return type("Body", (_Body, http.AsyncByteStream), {})


def _unread(content: Any) -> bytes:
    """Return the received bytes, which aiohttp withholds once the connection is broken."""
    error = content.exception()
    content.set_exception(None)
    block: bytes = content.read_nowait(_BLOCK)
    content.set_exception(error)
    return block


async def _run_pending_callbacks() -> None:
    """Let the event loop notice connections that were closed while it did not run.

    It polls in one iteration and runs the callbacks in the next.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _socket(address: Any) -> socket.socket:
    family, kind, protocol, *_ = address
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE_OPTIONS.items():
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


def _mapped_error(http: Any, error: Exception) -> Exception:
    """Return the exception of an HTTP library for one of aiohttp.

    aiohttp raises one exception object for all connections that it closes: its traceback, which
    grows each time, is removed.
    """
    error.__traceback__ = None
    name = next(name for exception, name in _EXCEPTION_MAP.items() if isinstance(error, exception))
    failure: Exception = getattr(http, name)(str(error) or type(error).__name__)
    return failure
