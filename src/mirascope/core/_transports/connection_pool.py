"""HTTP/1.1 connections on the standard library, and a thread-safe pool of them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import Any, Final, NamedTuple, cast

_IDLE_CONNECTIONS: Final = 100
_KEEPALIVE_SECONDS: Final = 5.0
"""How long an idle connection is kept, as in ``httpx``."""

_KEEPALIVE_OPTIONS: Final = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPALIVE": 60,
    "TCP_KEEPINTVL": 60,
    "TCP_KEEPCNT": 5,
}
"""TCP keep-alive probes, in seconds; each platform has some of these options."""

_TRUNCATED_HEADERS: Final = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect)


class Origin(NamedTuple):
    """Scheme, host and port of a server."""

    scheme: str
    host: str
    port: int


class Connection(HTTPConnection):
    """A connection; it is created closed.

    Attributes:
        origin: The server.
        raw_socket: Its socket, once it is open; `sock` is ``None`` while the last response is read.
        expires_at: When it is no longer kept if idle, on the monotonic clock.
    """

    auto_open = 0
    raw_socket: socket.socket

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin.host, origin.port)
        self.origin = origin
        self.expires_at = 0.0

    def open(self, tls: ssl.SSLContext, name: str | None, seconds: float | None) -> None:
        """Connect.

        Args:
            tls: The TLS context.
            name: The server name for TLS, if it is not the host of the origin.
            seconds: The timeout of each step.
        """
        self.timeout = seconds
        self.connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in _KEEPALIVE_OPTIONS.keys() & vars(socket):
            self.sock.setsockopt(
                socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_OPTIONS[option]
            )
        if self.origin.scheme == "https":
            self.sock = tls.wrap_socket(self.sock, server_hostname=name or self.origin.host)
        self.raw_socket = self.sock

    def receive(self, seconds: float | None) -> HTTPResponse:
        """Return the response once its headers are received; ``seconds`` limits each read."""
        self.raw_socket.settimeout(seconds)
        response: Any = self.getresponse()
        with contextlib.ExitStack() as on_error:  # else it keeps the socket of a closed connection
            on_error.callback(response.close)
            while HTTPStatus.SWITCHING_PROTOCOLS < response.status < HTTPStatus.OK:
                vars(response)["headers"] = None  # informational: another one follows
                response.begin()
            if any(isinstance(defect, _TRUNCATED_HEADERS) for defect in response.msg.defects):
                raise HTTPException("the headers of the response are not HTTP")
            on_error.pop_all()
        return cast("HTTPResponse", response)

    def is_stale(self) -> bool:
        """Return whether the server has closed it, or has sent data that nobody requested."""
        self.raw_socket.settimeout(0)
        try:
            socket.socket.recv(self.raw_socket, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def shut_down(self) -> None:
        """Shut the socket down, which wakes its reader.

        The method of the plain socket is called: another thread must not call that of TLS.
        """
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.raw_socket, socket.SHUT_RDWR)


class Pool:
    """The connections of a transport.

    The garbage collector may return a connection at any point of a program: the lock is reentrant,
    and no loop iterates over a collection that this changes.

    Args:
        connections: The maximum number of open connections.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._used: set[Connection] = set()
        self._idle: list[Connection] = []
        self._changed = threading.Condition()
        self._closed = False

    def take(self, origin: Origin, seconds: float | None) -> Connection:
        """Return an idle connection, or a new one that is closed.

        Raises:
            TimeoutError: All connections were in use for ``seconds``.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._used) < self._connections, seconds):
                raise TimeoutError(f"all {self._connections} connections are in use")
            while self._idle and self._idle[0].expires_at < monotonic():
                self._idle.pop(0).close()
            connection = self._pop_idle(origin) or Connection(origin)
            if len(self._used) + len(self._idle) >= self._connections:
                self._idle.pop(0).close()
            self._used.add(connection)
            return connection

    def _pop_idle(self, origin: Origin) -> Connection | None:
        for connection in [idle for idle in reversed(self._idle) if idle.origin == origin]:
            self._idle.remove(connection)
            if not connection.is_stale():
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Return a connection that can be reused to the pool."""
        connection.expires_at = monotonic() + _KEEPALIVE_SECONDS
        with self._changed:
            self._used.discard(connection)
            if self._closed or len(self._idle) >= _IDLE_CONNECTIONS:
                connection.close()
            else:
                self._idle.append(connection)
            self._changed.notify()

    def drop(self, connection: Connection) -> None:
        """Close a connection and remove it from the pool."""
        connection.close()
        with self._changed:
            self._used.discard(connection)
            self._changed.notify()

    def close(self) -> None:
        """Close all connections; reads of them fail."""
        with self._changed:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            for connection in self._used.copy():
                if hasattr(connection, "raw_socket"):
                    connection.shut_down()
                    connection.raw_socket.close()
