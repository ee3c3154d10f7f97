"""A sync transport for ``httpx`` and ``httpx2`` on the standard library's ``http.client``.

It needs a fifth of the time of the libraries' own transport, which parses HTTP in pure Python. One
class serves both libraries. Everything that an SDK or a user can observe stays that of the library:
its exceptions, timeouts, redirects, cookies, decompression and trust store, and its handling of
the proxies of the environment.

A block of the body is yielded as soon as any bytes are received. A body that is read to its end
returns its connection to the pool; one that is closed early closes it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, Self

from typing_extensions import TypeVar

from mirascope.core._engine.closing import set_connection
from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._engine.response_source import BLOCKS
from mirascope.core._transports.connection_pool import Connection, Origin, Pool
from mirascope.core._transports.http_body import ChunkedBody, PlainBody
from mirascope.core._transports.mapped_errors import mapped_errors
from mirascope.core._transports.proxies import proxies

T = TypeVar("T")

_ALL_URLS: Final = "all://*"
"""Not ``all://``, which a proxy of the environment may use: those come first."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_CONNECTIONS: Final = 1000
_BLOCK: Final = 2**16


def sync_http_client(make: Callable[..., T], http: Any) -> T:
    """Return an HTTP client on a `SyncTransport`.

    If the environment has proxies, the library's own transport handles them and their exceptions.

    Args:
        make: Returns a client, given ``headers``, and ``transport`` or ``mounts`` and ``verify``.
        http: The HTTP library, ``httpx`` or ``httpx2``.
    """
    tls = http.create_ssl_context()
    transport = SyncTransport(http, tls)
    if proxies():
        return make(mounts={_ALL_URLS: transport}, verify=tls, headers=ACCEPT_ENCODING)
    return make(transport=transport, headers=ACCEPT_ENCODING)


class SyncTransport:
    """A thread-safe transport.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.
        tls: The TLS context.
        connections: The maximum number of open connections.
    """

    def __init__(self, http: Any, tls: ssl.SSLContext, connections: int = _CONNECTIONS) -> None:
        tls.set_alpn_protocols(["http/1.1"])
        self._http = http
        self._tls = tls
        self._pool = Pool(connections)

    def handle_request(self, request: Any) -> Any:
        """Send a request, and return the response once its headers are received."""
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        connection = self._connection(request.url, limits.get("pool"))
        try:
            if connection.sock is None:
                with mapped_errors(self._http, "ConnectTimeout", "ConnectError"):
                    name = request.extensions.get("sni_hostname")
                    connection.open(self._tls, name, limits.get("connect"))
            set_connection(connection.shut_down)
            self._send(connection, request, limits.get("write"))
            with mapped_errors(self._http, "ReadTimeout", "ReadError"):
                response = connection.receive(limits.get("read"))
            body = _body_type(self._http)(self._http, self._pool, connection, response, limits)
            return self._response(response, body)
        except BaseException:
            self._pool.drop(connection)
            raise

    def _connection(self, url: Any, seconds: float | None) -> Connection:
        if url.scheme not in _DEFAULT_PORTS:
            raise self._http.UnsupportedProtocol(f"{url.scheme!r} URLs are not supported")
        host = url.raw_host.decode("ascii")
        try:
            return self._pool.take(
                Origin(url.scheme, host, url.port or _DEFAULT_PORTS[url.scheme]), seconds
            )
        except TimeoutError as error:
            raise self._http.PoolTimeout(str(error)) from error

    def _send(self, connection: Connection, request: Any, seconds: float | None) -> None:
        """Send a request; if the server stops reading it, its response may have the reason."""
        if not _put_headers(connection, request):
            raise self._http.LocalProtocolError("the request line or a header is invalid")
        connection.raw_socket.settimeout(seconds)
        try:
            connection.endheaders()
            for part in _parts(request):
                connection.raw_socket.sendall(part)
        except TimeoutError as error:
            raise self._http.WriteTimeout(str(error)) from error
        except OSError:
            pass

    def _response(self, response: HTTPResponse, body: _Body) -> Any:
        return self._http.Response(
            response.status,
            headers=[(name.encode(), _unfolded(value)) for name, value in response.getheaders()],
            stream=body,
            extensions={
                "http_version": b"HTTP/1.%d" % (response.version % 10),
                "reason_phrase": response.reason.encode("latin-1"),
                "network_stream": body,
                BLOCKS: body,
            },
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Body:
    """The body of a response, to be read once; also the ``network_stream`` of the response.

    If another thread closes it while a read is blocked, that read is woken, and the reading thread
    closes the connection.
    """

    def __init__(
        self,
        http: Any,
        pool: Pool,
        connection: Connection,
        response: HTTPResponse,
        limits: dict[str, float | None],
    ) -> None:
        self._http = http
        self._pool = pool
        self._connection = connection
        self._response = response
        self._limits = limits
        self._limit = limits.get("read")
        self._body = _body(response)
        # Some of the body may be received with the headers. The response drops `fp` when it closes.
        self._receive_first: Callable[[int], bytes] = response.fp.read1
        self._lock = threading.RLock()  # the garbage collector may close it, too
        self._reading = False
        self._closing = False
        self._released = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks; a reader that sees `_closing` after it sets `_reading` does not read.

        So a thread that closes the body, and sees neither, can release the connection.
        """
        body, limits, limit = self._body, self._limits, self._limit
        sock, receive = self._connection.raw_socket, self._receive_first
        try:
            with mapped_errors(self._http, "ReadTimeout", "ReadError"):
                while not body.ended:
                    self._reading = True
                    if self._closing:
                        raise ConnectionAbortedError("the response was closed")
                    if limits.get("read") != limit:
                        limit = limits.get("read")
                        sock.settimeout(limit)
                    data = receive(_BLOCK)
                    self._reading = False
                    receive = sock.recv
                    if block := body.feed(data):
                        yield block
        finally:
            self._reading = False
            self.close()

    def close(self) -> None:
        self._closing = True
        with self._lock:
            if self._released:
                return
            if self._reading:
                self._connection.shut_down()
                return
            self._released = True
        self._response.close()
        if self._body.ended and not self._body.excess and not self._response.will_close:
            self._pool.keep(self._connection)
        else:
            self._pool.drop(self._connection)

    def get_extra_info(self, info: str) -> object:
        """Return what ``httpx`` documents of a network stream; ``None`` for anything else."""
        raw_socket = self._connection.raw_socket
        match info:
            case "socket":
                return raw_socket
            case "client_addr":
                return raw_socket.getsockname()
            case "server_addr":
                return raw_socket.getpeername()
            case _:
                return None


def _body(response: HTTPResponse) -> ChunkedBody | PlainBody:
    """Return the body that the head of a response announces."""
    if response.chunked and response.length is None:
        return ChunkedBody()
    return PlainBody(response.length)


@cache
def _body_type(http: Any) -> type[_Body]:
    """Return the subclass that an HTTP library recognizes as a stream."""
    return type("Body", (_Body, http.SyncByteStream), {})


def _put_headers(connection: Connection, request: Any) -> bool:
    """Write the request line and the headers; return false if they are invalid.

    The exceptions of the standard library are dropped: they contain the headers.
    """
    target = request.url.raw_path.decode("ascii")
    try:
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.raw:
            connection.putheader(name, value)
    except (ValueError, HTTPException):
        return False
    return True


def _parts(request: Any) -> Iterator[bytes]:
    """Yield the body of a request in parts; the write timeout applies to each."""
    chunked = "transfer-encoding" in request.headers
    for block in request.stream:
        for start in range(0, len(block), _BLOCK):
            part: bytes = block[start : start + _BLOCK]
            yield b"%x\r\n%b\r\n" % (len(part), part) if chunked else part
    if chunked:
        yield b"0\r\n\r\n"


def _unfolded(value: str) -> bytes:
    return value.replace("\r\n", "").strip().encode("latin-1")
