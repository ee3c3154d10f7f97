"""A server on loopback that answers as it is told to, and tells what it saw.

Real SDKs talk to it over real sockets. An answer is a script: bytes to send (each one HTTP chunk)
and faults. While it plays a script the server watches the connection, so that a test can ask when
the other side hung up.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

Script = Iterable["bytes | Fault"]


class Fault:
    """Something else than sending bytes."""


@dataclass(frozen=True)
class Wait(Fault):
    """Send nothing for a while."""

    seconds: float


class Stall(Fault):
    """Send nothing until the other side hangs up."""


class Abort(Fault):
    """Close the connection although the body has not ended."""


class Reset(Fault):
    """Break the connection: the other side gets a reset."""


@dataclass
class Answer:
    """One HTTP response.

    Args:
        script: The body, sent chunked, each piece of bytes as one chunk.
        status: The HTTP status.
        headers: Further headers.
        linger: Whether the chunk that ends the body is withheld.
    """

    script: Script
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    linger: bool = False

    @classmethod
    def of_json(cls, body: object, status: int = 200, **headers: str) -> Answer:
        """Return a response with a JSON body."""
        return cls(
            [json.dumps(body).encode()], status, {"content-type": "application/json"} | headers
        )


@dataclass
class Request:
    """One HTTP request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Connection:
    """What the server saw of one connection."""

    requests: list[Request] = field(default_factory=list)
    sent: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)


class HungUpError(Exception):
    """The other side closed the connection."""


class Loopback:
    """The server; use it with ``with``.

    Args:
        answer: Called for each request; by default the answers of `queue`, then `default`.
    """

    def __init__(self, answer: Callable[[Request], Answer] | None = None) -> None:
        self.answer = answer or self._next
        self.queue: list[Answer] = []
        self.default: Callable[[], Answer] | None = None
        self.connections: list[Connection] = []
        self._sockets: list[socket.socket] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def requests(self) -> list[Request]:
        return [request for connection in self.connections for request in connection.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for sock in self._sockets:
            with contextlib.suppress(OSError):  # those that are closed
                sock.shutdown(socket.SHUT_RDWR)

    def _next(self, _: Request) -> Answer:
        if self.queue:
            return self.queue.pop(0)
        if self.default is None:
            return Answer.of_json({"error": {"message": "the test has no answer left"}}, 400)
        return self.default()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(sock)
            connection = Connection()
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(sock, connection), daemon=True).start()

    def _serve(self, sock: socket.socket, connection: Connection) -> None:
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = sock.makefile("rb")
            try:
                while request := _read_request(reader):
                    connection.requests.append(request)
                    if not self._play(sock, connection, self.answer(request)):
                        return
            except (OSError, HungUpError):
                pass
            finally:
                reader.close()
                connection.hung_up.set()

    def _play(self, sock: socket.socket, connection: Connection, answer: Answer) -> bool:
        headers = {"content-type": "text/event-stream"} | answer.headers
        head = [f"HTTP/1.1 {answer.status} Whatever", "transfer-encoding: chunked"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        for step in answer.script:
            if isinstance(step, bytes):
                if step:
                    sock.sendall(b"%x\r\n%b\r\n" % (len(step), step))
                    connection.sent += 1
            elif isinstance(step, Wait):
                self._watch(sock, step.seconds)
            elif isinstance(step, Stall):
                self._watch(sock, 60)
            else:
                if isinstance(step, Reset):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        if answer.linger:
            self._watch(sock, 60)
        sock.sendall(b"0\r\n\r\n")
        return True

    def _watch(self, sock: socket.socket, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            readable, _, _ = select.select([sock], [], [], min(left, 0.05))
            if readable and not sock.recv(1, socket.MSG_PEEK):
                raise HungUpError


def _read_request(reader: Any) -> Request | None:
    start = reader.readline().decode()
    if not start.strip():
        return None
    method, path, _ = start.split(" ", 2)
    headers: dict[str, str] = {}
    while line := reader.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


def dripping(pieces: Iterable[bytes], seconds: float = 0.01) -> Iterator[bytes | Fault]:
    """Return a script that sends pieces at an interval."""
    for piece in pieces:
        yield piece
        yield Wait(seconds)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]
