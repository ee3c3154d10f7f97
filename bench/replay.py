"""A server that replays streams, cheaply, so that the client is what is measured.

`python bench/replay.py` prints its address and serves until its standard input ends: whoever
started it cannot leave it behind. The first segment of a path names the provider, the model's name
the answer (see `wire.py`); its bytes are made once. Every server-sent event is an HTTP chunk of its
own, as the real services send them. Where nothing rests between events the kernel gets the whole
body at once: the client is never kept waiting and reads as much as it likes. Otherwise the client
wakes up for each event. The rest is counted from the end of a write and not from a timetable, as
catching up with a timetable would join events.

`GET /stats` tells how many connections have carried at least one answer.
"""

import json
import re
import socketserver
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from typing import BinaryIO, NamedTuple, cast

from wire import answer, events

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"x-request-id: req_5b0e5f1c2d3a4e6f8091a2b3c4d5e6f7\r\n"
    b"request-id: req_5b0e5f1c2d3a4e6f8091a2b3c4d5e6f7\r\n"
    b"processing-ms: 212\r\n"
    b"cache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
STATS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
IN_PATH = re.compile(r"/models/([^/:]+):")  # where Gemini has the model's name


class Request(NamedTuple):
    path: str
    body: bytes

    @property
    def provider(self) -> str:
        server = self.path.split("/")[1]
        return f"{server}_responses" if self.path.endswith("/responses") else server

    @property
    def model(self) -> str:
        found = IN_PATH.search(self.path)
        return found[1] if found else json.loads(self.body)["model"]


class MessageAccumulator(NamedTuple):
    writes: tuple[bytes, ...]
    rest: float


@cache
def reply(provider: str, model: str) -> MessageAccumulator:
    chunks = (b"%x\r\n%b\r\n" % (len(event), event) for event in events(provider, model))
    rest = answer(model).rest
    if rest:
        return MessageAccumulator((HEAD, *chunks, END), rest)
    return MessageAccumulator((HEAD + b"".join(chunks) + END,), 0)


def read_request(source: BinaryIO) -> Request | None:
    """The next request of a connection, `None` once the client has hung up."""
    first = source.readline()
    length = 0
    while (line := source.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return Request(first.split(b" ", 2)[1].decode(), source.read(length)) if first else None


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.used = 0
        self.lock = threading.Lock()


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    used = False

    def handle(self) -> None:
        with suppress(ConnectionError):  # clients may hang up in the middle
            while (request := read_request(cast("BinaryIO", self.rfile))) is not None:
                if request.path == "/stats":
                    self.tell_stats()
                else:
                    self.count()
                    self.send(reply(request.provider, request.model))

    def count(self) -> None:
        server = cast("Server", self.server)
        with server.lock:
            server.used += not self.used
        self.used = True

    def send(self, answer: MessageAccumulator) -> None:
        for part in answer.writes:
            self.connection.sendall(part)
            if answer.rest:
                time.sleep(answer.rest)

    def tell_stats(self) -> None:
        text = json.dumps({"connections": cast("Server", self.server).used}).encode()
        self.connection.sendall(STATS % (len(text), text))


def main() -> None:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
