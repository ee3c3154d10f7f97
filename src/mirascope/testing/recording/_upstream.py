"""The way to the real provider while a recording is made.

A request goes on with the headers of the client, so with its key. What is received goes to the
client at once, and is kept with its moment. Plain ``http.client`` is used, so that what is recorded
does not depend on an SDK's transport. Proxies of the environment are used for ``https``.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from mirascope.testing import loopback
from mirascope.testing.recording._exchange import (
    KEPT_HEADERS,
    Arrival,
    RecordedResponse,
    RecordingError,
)

_CONNECT_SECONDS: Final = 30.0
_PIECE: Final = 65536
_TOGETHER: Final = 0.001
"""Pieces that arrive within so many seconds are one arrival."""
_WATCH_SECONDS: Final = 0.05
_NOT_FORWARDED: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "keep-alive", "te", "upgrade"}
    | {"proxy-authorization", "proxy-connection", "trailer", "transfer-encoding"}
)
_FAILURES: Final = (OSError, http.client.HTTPException, zlib.error)


class LiveExchange:
    """One request that goes to the real provider.

    Args:
        received: The request of the client.
        url: Where it goes.
        response: Where the response is kept.

    Attributes:
        over: Set when the response is complete, or the client or the provider has ended it.
        headers: The headers of the response, those that occur twice twice.
        failure: Why there is no response, if there is none.
    """

    def __init__(self, received: loopback.Request, url: str, response: RecordedResponse) -> None:
        self.over = threading.Event()
        self.headers: list[tuple[str, str]] = []
        self.failure = ""
        self._received = received
        self._url = url
        self._kept = response
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._http: http.client.HTTPConnection | None = None
        self._live: http.client.HTTPResponse | None = None
        self._decode = _decoder(None)
        self._reading = True  # until the response is open: this thread may be in `open`

    def open(self) -> bool:
        """Send the request and receive the head of the response; return whether there is one.

        Raises:
            RecordingError: The body will be compressed in a way that cannot be read.
        """
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            live = self._live = self._request()
            self._decode = _decoder(live.getheader("content-encoding"))
        except (*_FAILURES, RecordingError) as error:
            self.failure = f"{type(error).__name__}: {error}"
            self.end(broken=True)
            self._close()
            if isinstance(error, RecordingError):
                raise
            return False
        self.headers = live.getheaders()
        with self._lock:
            if not self.over.is_set():
                self._kept.status, self._kept.at = live.status, self._seconds()
                self._kept.headers |= {
                    name: value for name in KEPT_HEADERS if (value := live.getheader(name))
                }
            self._reading = False
        return True

    def response(self) -> loopback.Response:
        """Return the response to the client, which is sent as it is received."""
        dropped = {*_NOT_FORWARDED, "content-encoding"}
        headers = {n.lower(): v for n, v in self.headers if n.lower() not in dropped}
        return loopback.Response(self.body(), self._kept.status or 0, headers)

    def body(self) -> Iterator[bytes | loopback.Fault]:
        """Yield the body as it is received, and how it ends."""
        with self._lock:
            self._reading = True
        live = self._live
        assert live is not None, "it is open"  # noqa: S101  # the type checkers cannot know
        try:
            while piece := live.read1(_PIECE):
                if data := self._decode(piece):
                    self._keep(data)
                    yield data
            broken = bool(live.length)  # which counts what is missing
        except _FAILURES:
            broken = True
        except GeneratorExit:  # the client has disconnected
            self.end(cut=True)
            raise
        finally:
            self._close()
        self.end(broken=broken)
        if broken:
            yield loopback.Abort()

    def close_unread(self) -> None:
        """Close the connection to the provider, unless another thread reads, which closes it."""
        with self._lock:
            if not self._reading:
                self._close()

    def _close(self) -> None:
        for each in (self._live, self._http):
            if each is not None:
                with suppress(*_FAILURES):
                    each.close()

    def end(self, *, cut: bool = False, broken: bool = False) -> None:
        """End the exchange, unless it has ended, and the connection to the provider."""
        with self._lock:
            if self.over.is_set():
                return
            if cut:
                self._kept.cut = self._seconds()
            elif broken:
                self._kept.broken = self._seconds()
            self.over.set()
        if self._socket is not None:
            with suppress(OSError):  # it is closed; a socket under TLS is shut down without TLS
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _seconds(self) -> float:
        return time.monotonic() - self._start

    def _keep(self, data: bytes) -> None:
        now, arrivals = self._seconds(), self._kept.arrivals
        with self._lock:
            if self.over.is_set():
                return
            if arrivals and now - arrivals[-1].at < _TOGETHER:
                arrivals[-1] = Arrival(arrivals[-1].at, arrivals[-1].data + data)
            else:
                arrivals.append(Arrival(now, data))

    def _watch(self) -> None:
        """End the exchange when the client disconnects."""
        try:
            while not self.over.is_set():
                self._received.connection.watch(_WATCH_SECONDS)
        except (OSError, ValueError, loopback.DisconnectedError):
            self.end(cut=True)

    def _request(self) -> http.client.HTTPResponse:
        connection = self._http = _connection(self._url)
        connection.connect()
        sock: socket.socket = connection.sock
        sock.settimeout(None)  # the client decides how long it waits
        self._socket = sock
        parts = urlsplit(self._url)
        headers = {n: v for n, v in self._received.headers.items() if n not in _NOT_FORWARDED}
        headers |= {"accept-encoding": "identity", "connection": "close"}
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        self._start = time.monotonic()
        method, body = self._received.method, self._received.body
        connection.request(method, target, body or None, headers)
        return connection.getresponse()


def _decoder(encoding: str | None) -> Callable[[bytes], bytes]:
    """Return what decodes a body: providers may compress though ``identity`` is requested.

    Raises:
        RecordingError: The encoding is none of HTTP's common ones.
    """
    if encoding in {None, "", "identity"}:
        return lambda data: data
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress  # gzip or zlib, by its header
    raise RecordingError(
        f"the provider sent a body with the unsupported content encoding {encoding!r}"
    )


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
    context = _tls()
    proxy = getproxies().get("https") or getproxies().get("all")
    if not proxy or proxy_bypass(host):
        return http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=context)
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    connection = http.client.HTTPSConnection(
        through.hostname or "", through.port or 80, timeout=_CONNECT_SECONDS, context=context
    )
    connection.set_tunnel(host, port or 443, _proxy_headers(through.username, through.password))
    return connection


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    import base64  # noqa: PLC0415  # few proxies want it

    credential = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(credential).decode()}"}


def _tls() -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, or certifi's if there are none."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        with suppress(ImportError):
            import certifi  # noqa: PLC0415  # only where the system has no authorities

            context.load_verify_locations(certifi.where())
    return context
