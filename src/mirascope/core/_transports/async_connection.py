"""HTTP/1.1 connections on asyncio: h11 reads and writes the heads, `http_body` the bodies."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from copy import copy
from http import HTTPStatus
from http.client import HTTPException
from time import monotonic
from typing import Any, Final, NamedTuple, Self, TypeAlias, cast
from urllib.parse import SplitResult, unquote

import h11
from typing_extensions import override

from mirascope.core._transports.http_body import ChunkedBody, PlainBody

_MAX_HEAD: Final = 100 * 1024
_MAX_UNREAD: Final = 2**17
"""How many received bytes may wait for their reader until the server has to wait, too."""

_WITHOUT_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_BLOCK: Final = 2**16
_EYEBALLS_SECONDS: Final = 0.25
_KEEPALIVE_OPTIONS: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 60, "TCP_KEEPCNT": 5}
"""TCP keep-alive probes (seconds, seconds, count), so that routers keep a silent connection."""

Headers: TypeAlias = list[tuple[bytes, bytes]]


class ProxyRefusedError(Exception):
    """A proxy does not connect to the server."""


class InvalidRequestError(Exception):
    """A request is not HTTP."""


class Origin(NamedTuple):
    """A server, the name by which TLS knows it, and the proxy before it.

    Attributes:
        tls: The TLS context; ``None`` for a connection without TLS.
        name: The name of the server for TLS.
        proxy: The URL of an HTTP proxy.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    name: str
    proxy: SplitResult | None


class Connection(asyncio.Protocol):
    """A connection; `open` it first.

    Attributes:
        origin: The server.
        body: The body of the current response, once its headers are received.
        expires_at: When it is no longer kept if idle, on the monotonic clock.
        lost: Done when the connection is closed.
    """

    transport: asyncio.Transport

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.expires_at = 0.0
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._http = h11.Connection(h11.CLIENT)
        self.body: ChunkedBody | PlainBody = PlainBody(None)
        self._is_head = False
        self._received: list[bytes] = []
        self._unread = 0
        self._paused = False
        self._ended = False
        self._failure: OSError | None = None
        self._reader: asyncio.Future[None] | None = None
        self._waits_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sent: asyncio.Future[None] = self._loop.create_future()

    # Callbacks of the event loop.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(0)

    @override
    def data_received(self, data: bytes) -> None:
        self._received.append(data)
        if self._reader is not None:
            self._wake_reader()
        else:
            self._unread += len(data)
            if self._unread > _MAX_UNREAD and not self._paused:
                self._paused = True
                self.transport.pause_reading()

    @override
    def eof_received(self) -> None:
        self._ended = True
        self._wake_reader()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:  # uvloop reports an end of TLS without a goodbye by this alone
            self.eof_received()
        elif not self._ended:
            self._fail(exc if isinstance(exc, OSError) else ConnectionError(str(exc)))
        self.resume_writing()
        if not self.lost.done():
            self.lost.set_result(None)

    @override
    def pause_writing(self) -> None:
        self._sent = self._loop.create_future()

    @override
    def resume_writing(self) -> None:
        if not self._sent.done():
            self._sent.set_result(None)

    def _fail(self, failure: OSError) -> None:
        """End the connection for its reader, once that has read what was received before."""
        self._failure = self._failure or failure
        self._ended = True
        self._wake_reader()

    def _wake_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)

    # Opening and closing.

    async def open(self, seconds: float | None) -> Self:
        """Connect.

        Args:
            seconds: The timeout.

        Raises:
            OSError: The server cannot be reached, in time or at all.
            ProxyRefusedError: The proxy does not connect to it.
        """
        _, _, tls, name, proxy = self.origin
        try:
            async with asyncio.timeout(seconds):
                if proxy is None:
                    await self._connect(*self.origin[:2], tls, name)
                else:
                    await self._connect(proxy.hostname or "", proxy.port or 80, None, "")
                    if tls is not None:
                        await self._tunnel(tls, proxy)
        except UnicodeError as error:
            raise OSError(f"the host name is invalid ({error})") from None
        except BaseException:
            self.abort()
            raise
        return self

    async def _connect(self, host: str, port: int, tls: ssl.SSLContext | None, name: str) -> None:
        # uvloop does not know the option, and with eager tasks it fails before Python 3.12.8.
        loop, eyeballs = self._loop, dict[str, Any]()
        if isinstance(loop, asyncio.BaseEventLoop) and loop.get_task_factory() is None:
            eyeballs["happy_eyeballs_delay"] = _EYEBALLS_SECONDS
        await loop.create_connection(
            lambda: self,
            host,
            port,
            ssl=tls,
            server_hostname=name if tls else None,
            **eyeballs,
        )
        sock: socket.socket = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in _KEEPALIVE_OPTIONS.keys() & vars(socket):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_OPTIONS[option])

    async def _tunnel(self, tls: ssl.SSLContext, proxy: SplitResult) -> None:
        """Have the proxy connect to the server, and begin TLS with that."""
        host = f"[{self.origin.host}]" if ":" in self.origin.host else self.origin.host
        target = f"{host}:{self.origin.port}"
        await self.send(
            "CONNECT", target, [(b"host", target.encode()), *proxy_headers(proxy)], b"", None
        )
        response = await self.receive(None)
        if response.status_code // 100 != HTTPStatus.OK // 100:
            reason = response.reason.decode("latin-1")
            raise ProxyRefusedError(f"{response.status_code} {reason}")
        if self._received:  # which would be read as a response of the server, but without TLS
            raise HTTPException("the proxy sent data before TLS began")
        transport = await self._loop.start_tls(
            self.transport, self, tls, server_hostname=self.origin.name
        )
        if transport is None:
            raise ConnectionAbortedError("the connection was closed")
        self.connection_made(transport)

    def abort(self) -> None:
        """Close the connection at once, without a goodbye for which the server would not wait."""
        self.end_response()
        self._fail(ConnectionAbortedError("the connection was closed"))
        if hasattr(self, "transport"):
            self.transport.abort()

    # One exchange of a request and a response.

    async def send(
        self, method: str, target: str, headers: Headers, content: bytes, seconds: float | None
    ) -> None:
        """Send a request.

        Args:
            method: The method.
            target: The path and query, or what a proxy takes.
            headers: The headers, complete.
            content: The body.
            seconds: How long the server may take none of it.

        Raises:
            InvalidRequestError: The target or a header is invalid.
            TimeoutError: The server takes none of it.
        """
        data = self._encoded(method, target, headers, content)
        if data is None:  # the exception of h11 is dropped: it contains the headers
            raise InvalidRequestError("the request line or a header is invalid")
        for start in range(0, len(data), _BLOCK):  # TLS would take any amount at once
            self.transport.write(data[start : start + _BLOCK])
            await self._drain(seconds)
            if not self.is_open:
                return
            if self._received:  # an early response, perhaps an informational one
                self.transport.write(data[start + _BLOCK :])
                return

    async def _drain(self, seconds: float | None) -> None:
        """Wait until all that was written is sent, or something is received."""
        unsent = self.transport.get_write_buffer_size
        while (before := unsent()) and not (self._received or self._ended):
            waits = [self._sent, self.readable()]
            done, _ = await asyncio.wait(
                waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            self._reader = None
            if not done and unsent() == before:
                raise TimeoutError(f"the server took none of the request for {seconds} seconds")

    def _encoded(self, method: str, target: str, headers: Headers, content: bytes) -> bytes | None:
        self._http = h11.Connection(h11.CLIENT, _MAX_HEAD)
        self._is_head = method == "HEAD"
        self.body = PlainBody(None)
        try:
            head = h11.Request(method=method, target=target, headers=headers)
            events = [head, h11.Data(data=content), h11.EndOfMessage()]
            return b"".join([self._http.send(event) or b"" for event in events])
        except h11.LocalProtocolError:
            return None

    async def receive(self, seconds: float | None) -> h11.Response:
        """Return the head of the response to a request.

        Args:
            seconds: How long the server may send nothing, for this and all further reads.

        Raises:
            HTTPException: The response is not HTTP.
            OSError: The connection failed, or nothing was received in time.
        """
        if seconds is not None:
            self._start_timer(seconds, seconds)
        try:
            while not isinstance(event := self._http.next_event(), h11.Response):
                if event is h11.NEED_DATA:
                    while (data := self.take()) is None:
                        await self.readable()
                    if not data:
                        raise HTTPException("the server ended the connection without a response")
                    self._http.receive_data(data)
                elif not isinstance(event, h11.InformationalResponse):
                    raise HTTPException("the server changed the protocol")
        except h11.RemoteProtocolError as error:
            raise HTTPException(str(error)) from None
        self.body = self._announced_body(event)
        if rest := self._http.trailing_data[0]:
            self._received.insert(0, rest)
        return event

    def _announced_body(self, response: h11.Response) -> ChunkedBody | PlainBody:
        if self._is_head or response.status_code in _WITHOUT_BODY:
            return PlainBody(0)
        headers = dict(response.headers)
        if b"transfer-encoding" in headers:
            return ChunkedBody()
        length = headers.get(b"content-length")
        return PlainBody(None if length is None else int(length))

    def readable(self) -> asyncio.Future[None]:
        """Return a future that is done when `take` has something to return or raise."""
        if self._reader is not None and not self._reader.done():
            raise RuntimeError("another task is reading this response")
        self._waits_since = monotonic()
        self._reader = self._loop.create_future()
        return self._reader

    def take(self) -> bytes | None:
        """Return what was received: ``None`` for nothing yet, empty at the end of the connection.

        Raises:
            OSError: The connection failed, or nothing was received in time.
        """
        received = self._received
        if not received:
            if self._failure is not None:
                raise copy(self._failure)  # the traceback of its own would hold the reader
            return b"" if self._ended else None
        data = received[0] if len(received) == 1 else b"".join(received)
        received.clear()
        self._unread = 0
        if self._paused and self.is_open:
            self._paused = False
            self.transport.resume_reading()
        return data

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent: the response is complete, and nothing follows it."""
        complete = self.body.ended and not self.body.excess and self.is_idle
        return complete and self._http.our_state is not h11.MUST_CLOSE

    @property
    def is_idle(self) -> bool:
        """Whether it is open, and nothing is being sent or was received."""
        unsent = self.transport.get_write_buffer_size()
        return self.is_open and not self._received and not unsent

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it."""
        return not self._ended and not self.transport.is_closing()

    # The read timeout.

    def _start_timer(self, left: float, seconds: float) -> None:
        """Start a timer, which starts again for the rest of the wait that is going on when it ends.

        One timer per response costs less than one per read.
        """
        self._timer = self._loop.call_later(left, self._check, seconds)

    def _check(self, seconds: float) -> None:
        now = monotonic()
        left = seconds if self._reader is None else seconds - (now - self._waits_since)
        if left > 0:
            self._start_timer(left, seconds)
        else:
            self._fail(TimeoutError(f"the server sent nothing for {seconds} seconds"))

    def end_response(self) -> None:
        """Stop the read timeout."""
        if self._timer is not None:
            self._timer.cancel()


def proxy_headers(proxy: SplitResult) -> Headers:
    """Return the header with the credentials in the URL of a proxy, if there are any."""
    if proxy.username is None:
        return []
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return [(b"proxy-authorization", b"Basic " + base64.b64encode(credentials.encode()))]
