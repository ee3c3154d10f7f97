"""HTTP/1.1 connections of the standard library, and a pool of them for any number of threads."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import Any, Final, NamedTuple, cast

from mirascope.core._transports.chunked_body import ChunkedBody

_BLOCK: Final = 2**16
_IDLE_CONNECTIONS: Final = 100
_KEPT_ALIVE: Final = 5.0
"""How many seconds a connection is kept for another request, as in ``httpx``."""

_PROBES: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPALIVE": 60, "TCP_KEEPINTVL": 60, "TCP_KEEPCNT": 5}
"""When TCP asks whether the other side is still there; each system has some of these."""

_CUT_HEADERS: Final = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect)


class Origin(NamedTuple):
    """Whom to connect to."""

    scheme: str
    host: str
    port: int


class Response(HTTPResponse):
    """A response whose body is read by blocks."""

    @cached_property
    def _chunks(self) -> ChunkedBody:
        return ChunkedBody()

    def read_block(self) -> bytes:
        """Return what has come of the body, as soon as there is any; nothing at its end.

        Raises:
            HTTPException: It was cut off, or never was HTTP.
        """
        if self.length == 0:
            return b""
        if not self.chunked:
            block = self.read1(_BLOCK)
            if not block and self.length:
                raise HTTPException(f"the connection ended {self.length} bytes before the body")
            return block
        while not self._chunks.ended:
            if block := self._chunks.feed(self.fp.read1(_BLOCK)):
                return block
        return b""

    @property
    def leaves_connection(self) -> bool:
        """Tell whether another response can follow: this one is whole, and nothing came after."""
        if self.chunked and self.length is None:
            whole = self._chunks.ended and not self._chunks.excess
        else:
            whole = self.length == 0
        return whole and not self.will_close


class Connection(HTTPConnection):
    """A connection that is yet to be opened.

    Attributes:
        origin: To whom.
        wire: Its socket, when it was opened; `sock` is ``None`` while it reads a last response.
        until: When it is no longer to be kept, on the monotonic clock.
    """

    auto_open = 0
    response_class = Response
    wire: socket.socket

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin.host, origin.port)
        self.origin = origin
        self.until = 0.0

    def open(self, tls: ssl.SSLContext, name: str | None, seconds: float | None) -> None:
        """Connect.

        Args:
            tls: Which servers to trust.
            name: The server's name for TLS, if it is not the origin's.
            seconds: How long each step may take.
        """
        self.timeout = seconds
        self.connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in _PROBES.keys() & vars(socket):
            self.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _PROBES[option])
        if self.origin.scheme == "https":
            self.sock = tls.wrap_socket(self.sock, server_hostname=name or self.origin.host)
        self.wire = self.sock

    def receive(self, seconds: float | None) -> Response:
        """Return a response as its body begins; ``seconds`` bound each read."""
        self.wire.settimeout(seconds)
        response: Any = self.getresponse()
        while HTTPStatus.SWITCHING_PROTOCOLS < response.status < HTTPStatus.OK:
            vars(response)["headers"] = None  # these only announce another one
            response.begin()
        if any(isinstance(defect, _CUT_HEADERS) for defect in response.msg.defects):
            raise HTTPException("the response's headers are not HTTP")
        return cast("Response", response)

    def is_stale(self) -> bool:
        """Tell whether the server has closed it, or talks out of turn."""
        self.wire.settimeout(0)
        try:
            socket.socket.recv(self.wire, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def hang_up(self) -> None:
        """Wake who is reading; the plain method, as another thread must not call that of TLS."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.wire, socket.SHUT_RDWR)


class Pool:
    """The connections of a transport.

    What gives one back may be the garbage collector, in the midst of anything: the lock is
    reentrant, and there is no loop over what that changes.

    Args:
        connections: How many there may be at once.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._used: set[Connection] = set()
        self._idle: list[Connection] = []
        self._changed = threading.Condition()
        self._closed = False

    def take(self, origin: Origin, seconds: float | None) -> Connection:
        """Return an idle connection, or one that is yet to be opened.

        Raises:
            TimeoutError: All have been in use for so long.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._used) < self._connections, seconds):
                raise TimeoutError(f"all {self._connections} connections are in use")
            while self._idle and self._idle[0].until < monotonic():
                self._idle.pop(0).close()
            connection = self._reused(origin) or Connection(origin)
            if len(self._used) + len(self._idle) >= self._connections:
                self._idle.pop(0).close()
            self._used.add(connection)
            return connection

    def _reused(self, origin: Origin) -> Connection | None:
        for connection in [idle for idle in reversed(self._idle) if idle.origin == origin]:
            self._idle.remove(connection)
            if not connection.is_stale():
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Take back a connection that can serve another request."""
        connection.until = monotonic() + _KEPT_ALIVE
        with self._changed:
            self._used.discard(connection)
            if self._closed or len(self._idle) >= _IDLE_CONNECTIONS:
                connection.close()
            else:
                self._idle.append(connection)
            self._changed.notify()

    def drop(self, connection: Connection) -> None:
        """Close a connection and forget it."""
        connection.close()
        with self._changed:
            self._used.discard(connection)
            self._changed.notify()

    def close(self) -> None:
        """Close all connections; who is reading from one finds its end."""
        with self._changed:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            for connection in self._used.copy():
                if hasattr(connection, "wire"):
                    connection.hang_up()
                    connection.wire.close()
