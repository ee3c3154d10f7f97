"""A sync transport of ``httpx`` and ``httpx2`` on the standard library's HTTP.

It needs a fifth of the time of a library's own transport, whose HTTP is Python down to the byte.
One class serves both libraries; which, it is told. What the SDK, or the user, could tell apart
stays that library's: its errors, timeouts, redirects, cookies and decompression, its trust store,
and how it reaches the proxies of the environment.

A block of the body is handed over as soon as any of it has come. A body that is read to its end
gives its connection back; one that is left early takes it along.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from functools import cache
from http.client import HTTPException
from typing import Any, Final, Self

from typing_extensions import TypeVar

from mirascope.core._transports.connections import Connection, Origin, Pool, Response
from mirascope.core._transports.environment import proxies
from mirascope.core.base._opening import connected

T = TypeVar("T")

_ALL_URLS: Final = "all://*"
"""Not ``all://``, which may be that of a proxy of the environment: those are to go first."""

_PORTS: Final = {"http": 80, "https": 443}
_CONNECTIONS: Final = 1000
_BLOCK: Final = 2**16


def sync_http_client(make: Callable[..., T], http: Any) -> T:
    """Return an HTTP client on such a transport.

    Where the environment has proxies, the library's own transport reaches them, and what it says
    to need none.

    Args:
        make: Makes the client, given ``transport``, or ``mounts`` and ``verify``.
        http: The library that it is of, ``httpx`` or ``httpx2``.
    """
    tls = http.create_ssl_context()
    transport = SyncTransport(http, tls)
    if proxies():
        return make(mounts={_ALL_URLS: transport}, verify=tls)
    return make(transport=transport)


class SyncTransport:
    """A transport that any number of threads may use.

    Args:
        http: The library that it serves.
        tls: Which servers to trust.
        connections: How many there may be at once.
    """

    def __init__(self, http: Any, tls: ssl.SSLContext, connections: int = _CONNECTIONS) -> None:
        tls.set_alpn_protocols(["http/1.1"])
        self._http = http
        self._tls = tls
        self._pool = Pool(connections)

    def handle_request(self, request: Any) -> Any:
        """Send a request, and return the response as its body begins."""
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        connection = self._connection(request.url, limits.get("pool"))
        try:
            if connection.sock is None:
                with _told(self._http, "ConnectTimeout", "ConnectError"):
                    name = request.extensions.get("sni_hostname")
                    connection.open(self._tls, name, limits.get("connect"))
            connected(connection.hang_up)
            self._send(connection, request, limits.get("write"))
            with _told(self._http, "ReadTimeout", "ReadError"):
                response = connection.receive(limits.get("read"))
            body = _body_type(self._http)(self._http, self._pool, connection, response, limits)
            return self._response(response, body)
        except BaseException:
            self._pool.drop(connection)
            raise

    def _connection(self, url: Any, seconds: float | None) -> Connection:
        if url.scheme not in _PORTS:
            raise self._http.UnsupportedProtocol(f"no HTTP is spoken at {url.scheme!r} URLs")
        host = url.raw_host.decode("ascii")
        try:
            return self._pool.take(
                Origin(url.scheme, host, url.port or _PORTS[url.scheme]), seconds
            )
        except TimeoutError as error:
            raise self._http.PoolTimeout(str(error)) from error

    def _send(self, connection: Connection, request: Any, seconds: float | None) -> None:
        """Send a request, or as much of it as the server takes: it may say why not more."""
        if not _begin(connection, request):
            raise self._http.LocalProtocolError("the request's line or one of its headers")
        connection.wire.settimeout(seconds)
        try:
            connection.endheaders()
            for piece in _pieces(request):
                connection.wire.sendall(piece)
        except TimeoutError as error:
            raise self._http.WriteTimeout(str(error)) from error
        except OSError:
            pass

    def _response(self, response: Response, body: _Body) -> Any:
        return self._http.Response(
            response.status,
            headers=[(name.encode(), _unfolded(value)) for name, value in response.getheaders()],
            stream=body,
            extensions={
                "http_version": b"HTTP/1.%d" % (response.version % 10),
                "reason_phrase": response.reason.encode("latin-1"),
                "network_stream": body,
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
    """The body of a response, to be read once; also the connection below it.

    Only who reads ends it, or someone else while nobody reads. Who is asleep in a read is woken
    instead, and ends it then.
    """

    def __init__(
        self,
        http: Any,
        pool: Pool,
        connection: Connection,
        response: Response,
        limits: dict[str, float | None],
    ) -> None:
        self._http = http
        self._pool = pool
        self._connection = connection
        self._response = response
        self._limits = limits
        self._limit = limits.get("read")
        self._reading = threading.Lock()
        self._left = False
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            with _told(self._http, "ReadTimeout", "ReadError"):
                while block := self._read():
                    yield block
        finally:
            self.close()

    def _read(self) -> bytes:
        with self._reading:
            if self._left:
                raise ConnectionAbortedError("the response was closed")
            limit = self._limits.get("read")
            if limit != self._limit:
                self._limit = limit
                self._connection.wire.settimeout(limit)
            return self._response.read_block()

    def close(self) -> None:
        self._left = True
        if not self._reading.acquire(blocking=False):
            self._connection.hang_up()
            return
        try:
            if not self._ended:
                self._ended = True
                self._end()
        finally:
            self._reading.release()

    def _end(self) -> None:
        self._response.close()
        if self._response.leaves_connection:
            self._pool.keep(self._connection)
        else:
            self._pool.drop(self._connection)

    def get_extra_info(self, info: str) -> object:
        """Tell of the connection what ``httpx`` documents; ``None`` where that is unknown."""
        wire = self._connection.wire
        match info:
            case "socket":
                return wire
            case "client_addr":
                return wire.getsockname()
            case "server_addr":
                return wire.getpeername()
            case _:
                return None


@cache
def _body_type(http: Any) -> type[_Body]:
    """Return the class of bodies that a library knows as such."""
    return type("Body", (_Body, http.SyncByteStream), {})


@contextlib.contextmanager
def _told(http: Any, late: str, broken: str) -> Generator[None]:
    """Say errors of a connection as a library says them."""
    try:
        yield
    except TimeoutError as error:
        raise getattr(http, late)(str(error)) from error
    except HTTPException as error:
        raise http.RemoteProtocolError(str(error) or type(error).__name__) from error
    except OSError as error:
        raise getattr(http, broken)(str(error)) from error


def _begin(connection: Connection, request: Any) -> bool:
    """Tell whether what precedes a request's body is HTTP; the errors that say so tell secrets."""
    target = request.url.raw_path.decode("ascii")
    try:
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.raw:
            connection.putheader(name, value)
    except (ValueError, HTTPException):
        return False
    return True


def _pieces(request: Any) -> Iterator[bytes]:
    """Yield a request's body in pieces, each of which may take as long as a write may."""
    framed = "transfer-encoding" in request.headers
    for block in request.stream:
        for start in range(0, len(block), _BLOCK):
            piece: bytes = block[start : start + _BLOCK]
            yield b"%x\r\n%b\r\n" % (len(piece), piece) if framed else piece
    if framed:
        yield b"0\r\n\r\n"


def _unfolded(value: str) -> bytes:
    return value.replace("\r\n", "").strip().encode("latin-1")
