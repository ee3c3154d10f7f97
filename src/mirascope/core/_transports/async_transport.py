"""An async transport for ``httpx`` and ``httpx2`` on asyncio, which needs a third of the time.

One class serves both libraries. Everything that a user can observe stays that of the library: its
exceptions, timeouts, redirects, cookies, decompression and trust store, and the proxies of the
environment.

Where the libraries differ, this transport does what a stream needs:

- Received bytes are returned before the exception of a broken connection is raised.
- A body that is closed early closes its connection at once, without a TLS ``close_notify``, for
  which a server that keeps sending would not wait.
- So does a body that is dropped, as SDKs do if they are cancelled before they return it.
- A connection that was closed while the event loop did not run is not reused.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable
from functools import cache, cached_property
from time import monotonic
from typing import Any, Final, Self
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from typing_extensions import TypeVar

from mirascope.core._calls.default_clients import on_asyncio
from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._engine.response_source import BLOCKS
from mirascope.core._transports.async_connection import (
    Connection,
    InvalidRequestError,
    Origin,
    ProxyRefusedError,
    proxy_headers,
)
from mirascope.core._transports.mapped_errors import mapped_errors
from mirascope.core._transports.proxies import proxies

T = TypeVar("T")

_CONNECTIONS: Final = 1000
_IDLE_CONNECTIONS: Final = 100
_KEEPALIVE_SECONDS: Final = 5.0
"""How long an idle connection is kept, as in both libraries."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def async_transport(http: Any) -> AsyncTransport | None:
    """Return a transport for the running event loop with less overhead than the library's own.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.

    Returns:
        The transport; ``None`` if the library's own must be used: without asyncio, and for a proxy
        that is not connected to by plain HTTP.
    """
    if not on_asyncio() or any(not url.startswith("http://") for url in proxies().values()):
        return None
    return AsyncTransport(http)


def async_http_client(make: Callable[..., T], http: Any) -> T:
    """Return an HTTP client on that transport, or on the library's own.

    Args:
        make: Returns a client, given ``headers`` and perhaps ``transport``.
        http: The HTTP library, ``httpx`` or ``httpx2``.
    """
    transport = async_transport(http)
    if transport is None:
        return make(headers=ACCEPT_ENCODING)
    return make(transport=transport, headers=ACCEPT_ENCODING)


class AsyncTransport:
    """A transport for one event loop, which must close it before it ends.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.
        connections: The maximum number of connections in use.
    """

    def __init__(self, http: Any, connections: int = _CONNECTIONS) -> None:
        self._http = http
        self._proxies = {scheme: urlsplit(url) for scheme, url in proxies().items()}
        self._free = asyncio.Semaphore(connections)
        self._used: set[Connection] = set()
        self._idle: list[Connection] = []
        self._closed = False

    @cached_property
    def _tls(self) -> Any:
        context = self._http.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, and return the response once its headers are received."""
        content: bytes = await request.aread()
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        origin = self._origin(request)
        connection = await self._take(origin, limits.get("pool"), limits.get("connect"))
        try:
            await self._send(connection, request, content, limits.get("write"))
            with mapped_errors(self._http, "ReadTimeout", "ReadError"):
                response = await connection.receive(limits.get("read"))
        except BaseException:
            self._release(connection)
            raise
        body = _body_type(self._http)(self._http, self._release, connection)
        return self._http.Response(
            response.status_code,
            headers=response.headers.raw_items(),
            stream=body,
            extensions={
                "http_version": b"HTTP/" + response.http_version,
                "reason_phrase": response.reason,
                BLOCKS: body,
            },
        )

    def _origin(self, request: Any) -> Origin:
        url = request.url
        if url.scheme not in _DEFAULT_PORTS:
            raise self._http.UnsupportedProtocol(f"{url.scheme!r} URLs are not supported")
        host, port = url.raw_host.decode("ascii"), url.port or _DEFAULT_PORTS[url.scheme]
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        return Origin(
            host,
            port,
            self._tls if url.scheme == "https" else None,
            request.extensions.get("sni_hostname") or host,
            None if proxy is None or proxy_bypass(f"{host}:{port}") else proxy,
        )

    async def _take(
        self, origin: Origin, pool_seconds: float | None, connect_seconds: float | None
    ) -> Connection:
        """Return an idle connection, or a new one."""
        with mapped_errors(self._http, "PoolTimeout", "ConnectError"):
            async with asyncio.timeout(pool_seconds):
                await self._free.acquire()
        try:
            connection = await self._pop_idle(origin) or await self._open(origin, connect_seconds)
        except BaseException:
            self._free.release()
            raise
        self._used.add(connection)
        return connection

    async def _open(self, origin: Origin, seconds: float | None) -> Connection:
        connection = Connection(origin)
        try:
            with mapped_errors(self._http, "ConnectTimeout", "ConnectError"):
                if not self._closed:
                    await connection.open(seconds)
                if self._closed:
                    connection.abort()
                    raise ConnectionAbortedError("the transport was closed")
        except ProxyRefusedError as error:
            raise self._http.ProxyError(str(error)) from error
        return connection

    async def _pop_idle(self, origin: Origin) -> Connection | None:
        """Return an idle connection that the server has not closed.

        The event loop notices connections that were closed while it did not run: it polls in one
        iteration and runs the callbacks in the next.
        """
        if self._idle:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        now, found = monotonic(), None
        for connection in self._idle[:]:
            if connection.expires_at < now or not connection.is_idle:
                connection.abort()
            elif found is None and connection.origin == origin:
                found = connection
            else:
                continue
            self._idle.remove(connection)
        return found

    async def _send(
        self, connection: Connection, request: Any, content: bytes, seconds: float | None
    ) -> None:
        """Send a request; if the server stops reading it, its response may have the reason."""
        target, headers = request.url.raw_path.decode("ascii"), request.headers.raw
        origin = connection.origin
        if origin.proxy is not None and origin.tls is None:
            target = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}{target}"
            headers = [*headers, *proxy_headers(origin.proxy)]
        try:
            with mapped_errors(self._http, "WriteTimeout", "WriteError"):
                await connection.send(request.method, target, headers, content, seconds)
        except InvalidRequestError as error:
            raise self._http.LocalProtocolError(str(error)) from error

    def _release(self, connection: Connection) -> None:
        """Keep a connection whose response is complete for another request; close any other."""
        connection.end_response()
        if connection not in self._used:  # it was released when the transport was closed
            return
        self._used.remove(connection)
        self._free.release()
        keeps = not self._closed and len(self._idle) < _IDLE_CONNECTIONS
        if keeps and connection.is_reusable:
            connection.expires_at = monotonic() + _KEEPALIVE_SECONDS
            self._idle.append(connection)
        else:
            connection.abort()

    async def aclose(self) -> None:
        """Close all connections; reads of them fail, and so do requests that have none yet."""
        self._closed = True
        used, idle = self._used.copy(), self._idle.copy()
        self._idle.clear()
        for connection in idle:
            connection.abort()
        for connection in used:
            self._release(connection)
        if connections := [*idle, *used]:
            await asyncio.wait([connection.lost for connection in connections])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Body:
    """The body of a response, to be read once."""

    def __init__(
        self, http: Any, release: Callable[[Connection], object], connection: Connection
    ) -> None:
        self._http = http
        self._connection = connection
        self._body = connection.body
        self._release = release
        loop = asyncio.get_running_loop()
        self._dropped = weakref.finalize(self, _release_soon, loop, release, connection)
        self._dropped.atexit = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        connection, body = self._connection, self._body
        try:
            while not body.ended:
                while (data := connection.take()) is None:
                    await connection.readable()
                if block := body.feed(data):
                    return block
        except BaseException:
            self._close()
            with mapped_errors(self._http, "ReadTimeout", "ReadError"):
                raise
        self._close()
        raise StopAsyncIteration

    def _close(self) -> None:
        if self._dropped.detach():
            self._release(self._connection)

    async def aclose(self) -> None:
        self._close()


def _release_soon(
    loop: asyncio.AbstractEventLoop,
    release: Callable[[Connection], object],
    connection: Connection,
) -> None:
    """Release the connection of a body that was dropped, in whatever thread."""
    with contextlib.suppress(RuntimeError):  # the event loop may have ended
        loop.call_soon_threadsafe(release, connection)


@cache
def _body_type(http: Any) -> type[_Body]:
    """Return the subclass that an HTTP library recognizes as a stream."""
    return type("Body", (_Body, http.AsyncByteStream), {})
