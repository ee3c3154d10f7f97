"""Responses and connections of ``urllib3``, which another thread can close.

Closing a connection does not wake a thread that is blocked in a read of it, but shutting the socket
down does, and the reading thread then closes the connection. Nothing of ``urllib3`` is imported:
its classes are passed in.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from http.client import HTTPConnection
from time import monotonic
from typing import Any, Final, cast

from typing_extensions import override

from mirascope.core._engine.closing import set_connection
from mirascope.core._engine.response_source import DRAIN_SECONDS
from mirascope.core._engine.source import HTTPResponse, Source
from mirascope.core._engine.watchdog import Timer

_BLOCK: Final = 2**16

read_timeout: Final = ContextVar[float | None]("read_timeout", default=None)
"""The read timeout of the requests that are sent, in seconds; ``None`` for the connection's own."""


class Urllib3Source(Source):
    """The bytes of a response.

    Args:
        response: The ``urllib3.HTTPResponse``, of which nothing is read yet.
    """

    def __init__(self, response: Any) -> None:
        super().__init__(cast("HTTPResponse", response))
        self._raw = response
        self._decodes = "content-encoding" in response.headers
        self._lock = threading.Lock()
        self._is_closed = False
        self._blocks = self._read()

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def _read(self) -> Iterator[bytes]:
        while block := self._next_block():
            yield block

    def _next_block(self) -> bytes:
        """Return the next bytes of the body, as soon as some are received; empty at its end."""
        try:
            with self._lock:
                return b"" if self._is_closed else self._raw.read1(_BLOCK, self._decodes)
        finally:
            if self._is_closed:  # by another thread, which has left that to this one
                self.close()

    @override
    def finish(self) -> None:
        try:
            with contextlib.suppress(Exception), Timer(self.close) as timer:
                timer.set(monotonic() + DRAIN_SECONDS)
                for _ in self._blocks:
                    pass
        finally:
            self.close()

    @override
    def close(self) -> None:
        self._is_closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._raw.close()
            finally:
                self._lock.release()
        elif (sock := self._socket) is not None:
            _shut_down(sock)
        else:
            with contextlib.suppress(Exception):  # the reading thread may have closed it meanwhile
                self._raw.shutdown()

    @override
    def interrupt_read(self) -> None:
        self.close()

    @override
    def close_if_idle(self) -> None:
        if not self._lock.locked():
            self.close()

    @override
    def limit_reads(self, seconds: float | None) -> None:
        if (sock := self._socket) is not None:
            sock.settimeout(seconds)

    @property
    def _socket(self) -> socket.socket | None:
        """The socket, if the connection still has it: not if the server is to close it."""
        sock: object = getattr(self._raw.connection, "sock", None)
        return sock if isinstance(sock, socket.socket) else None


class InterruptibleConnection(HTTPConnection):
    """Mixin of a connection: a request that waits for its response can be interrupted."""

    @override
    def getresponse(self) -> Any:
        set_connection(partial(_shut_down, self.sock))
        seconds = read_timeout.get()
        if seconds is not None:
            self.timeout = seconds
        return super().getresponse()


def _shut_down(sock: socket.socket) -> None:
    """Shut a socket down; not by the method of a TLS socket, which other threads must not call."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
