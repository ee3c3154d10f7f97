r"""A server on localhost that responds by a script, and records the requests.

Real clients talk to it over real sockets. A response is a script: the pieces of the body, each of
which is one HTTP chunk, and between them the ways in which a response can go wrong::

    with Loopback() as server:
        server.queue = [
            Response([b"data: 1\n\n", Wait(0.1), b"data: 2\n\n"]),  # a pause
            Response(dripping([b"data: 1\n\n"] * 100, 0.02)),       # drop by drop
            Response([b"data: 1\n\n", Stall()]),                    # hangs in the middle
            Response([b"data: 1\n\n", b"dat", Abort()]),            # ends in the middle
            Response([b"data: 1\n\n", b"dat", Reset()]),            # breaks in the middle
            Response([b"data: 1\n\n", Raw(b"no size\r\n")]),        # is not HTTP in the middle
            Response(cut([b"data: 1\n\n", b"data: 2\n\n"], 12)),    # lacks the rest
            Response([b"data: 1\n\n", Abort()], length=1000),       # is shorter than its header
            Response(before=[Stall()]),                             # does not even have a head
            Response.of_json({"error": "Later."}, 429, retry_after="1"),
            Response(status=307, headers={"location": "http://127.0.0.1:1/"}),
        ]
        ...  # talk to server.url
        server.requests[0].json                                     # what was requested
        server.connections[0].disconnected.wait(0.5)                # whether the client closed it

Each request gets one response, whatever the connection. A script may be a generator: it runs while
the response is sent, so it can record when, and wait for what the test does meanwhile. The server
watches for the end of the connection while it sends, and after that while it is kept alive. What a
provider's events and errors look like, a `Case` of ``conformance`` defines.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

Script = Iterable["bytes | Fault"]

PATIENCE = 60.0
"""How many seconds the server waits for the client to disconnect."""


class Fault:
    """Something else than sending a piece of the body."""


@dataclass(frozen=True)
class Wait(Fault):
    """Send nothing for a while."""

    seconds: float


class Stall(Wait):
    """Send nothing until the client disconnects."""

    def __init__(self) -> None:
        super().__init__(PATIENCE)


@dataclass(frozen=True)
class Raw(Fault):
    """Send bytes as they are, outside the framing of the body."""

    data: bytes


class Abort(Fault):
    """Send no more: the client gets the end of the connection, and may still close its side."""


class Reset(Fault):
    """Break the connection: the client gets a reset."""


@dataclass
class Response:
    """One HTTP response.

    Args:
        script: The body: each piece of bytes is sent as one chunk.
        status: The HTTP status.
        headers: Further headers.
        before: What happens before the head is sent: faults.
        length: The content length, right or wrong; the body is then not sent in chunks.
    """

    script: Script = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    before: Iterable[Fault] = ()
    length: int | None = None

    @classmethod
    def of_json(cls, body: object, status: int = 200, **headers: str) -> Response:
        """Return a response with a JSON body; ``retry_after="1"`` is a header."""
        return cls(
            [json.dumps(body).encode()], status, {"content-type": "application/json"} | headers
        )

    def steps(self) -> Iterator[bytes | Fault]:
        """Yield what is done, from the first byte to the last: bytes as they are, and faults."""
        yield from self.before
        yield Raw(self._head())
        for step in self.script:
            if isinstance(step, Fault):
                yield step
            elif step:
                yield self._framed(step)
        yield Raw(self._framed(b""))

    def _head(self) -> bytes:
        sized = "transfer-encoding: chunked"
        if self.length is not None:
            sized = f"content-length: {self.length}"
        headers = {"content-type": "text/event-stream"} | self.headers
        reported = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([f"HTTP/1.1 {self.status} Whatever", sized, *reported, "", ""]).encode()

    def _framed(self, piece: bytes) -> bytes:
        if self.length is not None:
            return piece
        return b"%x\r\n%b\r\n" % (len(piece), piece)


@dataclass
class Request:
    """One HTTP request, and the connection that it came on."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: Connection = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class Connection:
    """What the server saw of one connection.

    Attributes:
        requests: The requests that came on it.
        sent: How many pieces of bodies were sent on it.
        over: Set when this side ends it within a response, by `Abort`.
        disconnected: Set when the client has closed it.
    """

    socket: socket.socket = field(repr=False)
    requests: list[Request] = field(default_factory=list["Request"])
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    disconnected: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        """End the connection from this side, wherever its response is."""
        with suppress(OSError):  # it is closed
            self.socket.shutdown(socket.SHUT_RDWR)

    def watch(self, seconds: float) -> None:
        """Wait, but no longer than the client is connected.

        Raises:
            DisconnectedError: The client has disconnected, or this side has ended the connection.
        """
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:  # whatever the number of the socket
            selector.register(self.socket, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0:
                if selector.select(left):
                    if not self.socket.recv(1, socket.MSG_PEEK):
                        raise DisconnectedError
                    time.sleep(min(left, 0.01))  # a request that has to wait for its turn


class DisconnectedError(Exception):
    """The client closed the connection."""


@contextmanager
def unreachable() -> Generator[str]:
    """Yield the URL of a port that refuses connections, and that no other process can take."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class Loopback:
    """The server; use it with ``with``.

    Args:
        respond: Called for each request; by default it takes from `queue`, then calls `default`.

    Attributes:
        connections: The connections so far.
        url: Where it listens.
    """

    def __init__(self, respond: Callable[[Request], Response] | None = None) -> None:
        self.respond = respond or self._next
        self.queue: list[Response] = []
        self.default: Callable[[], Response] | None = None
        self.connections: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def requests(self) -> list[Request]:
        """The requests so far, connection by connection."""
        return [request for connection in self.connections for request in connection.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and its connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self.connections:
            connection.cut()

    def _next(self, _: Request) -> Response:
        if self.queue:
            return self.queue.pop(0)
        if self.default is None:
            return Response.of_json({"error": {"message": "the test has no response left"}}, 400)
        return self.default()

    def _accept(self) -> None:
        while True:
            try:
                connection = Connection(self._listener.accept()[0])
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        sock = connection.socket
        with sock, sock.makefile("rb") as reader:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while request := _read_request(reader, connection):
                    connection.requests.append(request)
                    for step in self.respond(request).steps():
                        self._do(step, connection)
            except _OverError:
                return
            except (OSError, DisconnectedError):
                pass
            connection.disconnected.set()

    def _do(self, step: bytes | Fault, connection: Connection) -> None:
        sock = connection.socket
        match step:
            case bytes():
                sock.sendall(step)
                connection.sent += 1
            case Raw(data):
                sock.sendall(data)
            case Wait(seconds):
                connection.watch(seconds)
            case Abort():
                sock.shutdown(socket.SHUT_WR)
                connection.over.set()
                connection.watch(PATIENCE)
                raise _OverError
            case Reset():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _OverError
            case _:
                raise TypeError(f"{step!r} is no step of a response")


class _OverError(Exception):
    """This side has ended the connection."""


def _read_request(reader: Any, connection: Connection) -> Request | None:
    """Return the next request; None if the client disconnects before the request is complete."""
    start, *lines = _read_head(reader) or [""]
    if not start:
        return None
    method, path, _ = start.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    size = int(headers.get("content-length", 0))
    body = reader.read(size)
    return Request(method, path, headers, body, connection) if len(body) == size else None


def _read_head(reader: Any) -> list[str]:
    """Return the lines of the next head; none if the client disconnects before its end."""
    lines: list[str] = []
    while line := reader.readline().decode():
        if not line.strip():
            return lines
        lines.append(line.strip())
    return []


def dripping(pieces: Iterable[bytes], seconds: float = 0.01) -> Iterator[bytes | Fault]:
    """Return a script that sends pieces at an interval."""
    for piece in pieces:
        yield piece
        yield Wait(seconds)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def cut(pieces: Iterable[bytes], size: int) -> list[bytes]:
    """Cut off what of the pieces is beyond a size."""
    kept: list[bytes] = []
    for piece in pieces:
        kept.append(piece[: max(0, size)])
        size -= len(piece)
    return [piece for piece in kept if piece]
