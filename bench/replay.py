"""A server that replays chat completions streams, cheaply, so that the client is what is measured.

`python bench/replay.py` prints its address and serves until its standard input ends: whoever
started it cannot leave it behind. The model's name chooses the reply: `coalesced-2000` and
`per-event-700` stream that many content chunks. `list-200`, `text-200` and `call-200` stream a JSON
document of that many kB in pieces of four characters: a list of small objects, one long text, and
the list again as the arguments of a tool call. Every server-sent event is an HTTP chunk of its own,
as the real service sends them. All but one of these hand the kernel the whole body at once: the
client is never kept waiting and reads as much as it likes. `per-event` writes one event, then rests
for `PACE`, so that the client wakes up for each. The rest is counted from the end of a write and
not from a timetable, as catching up with a timetable would join events.

`GET /stats` tells how many connections have carried at least one completion.
"""

import json
import random
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, BinaryIO, NamedTuple, cast

PACE = 0.0013
WORDS = (" the", " river", " carries", " what", " it", " is", " given", ",", " été", " and", "\n")
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"x-request-id: req_5b0e5f1c2d3a4e6f8091a2b3c4d5e6f7\r\n"
    b"openai-processing-ms: 212\r\n"
    b"openai-version: 2020-10-01\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
STATS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
RECORD = {
    "id": "chatcmpl-CeX0pWq3ZtB1mYv8RkJ2nLd5sUfGh",
    "object": "chat.completion.chunk",
    "created": 1763800000,
    "model": "gpt-4o-mini-2024-07-18",
    "service_tier": "default",
    "system_fingerprint": "fp_560af6e559",
}
DETAILS = {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0}


class Request(NamedTuple):
    method: bytes
    body: bytes


class Reply(NamedTuple):
    writes: tuple[bytes, ...]
    rest: float


@cache
def pieces(model: str) -> tuple[str, ...]:
    """The content of each content chunk; joined, the whole answer."""
    kind, _, size = model.rpartition("-")
    if kind in {"coalesced", "per-event"}:
        return words(int(size))
    whole = document(kind, 1000 * int(size))
    return tuple(whole[at : at + 4] for at in range(0, len(whole), 4))


def words(count: int) -> tuple[str, ...]:
    return tuple(WORDS[i % len(WORDS)] for i in range(count))


def document(kind: str, size: int) -> str:
    """JSON of that many characters, or a few more."""
    if kind == "text":
        return compact({"title": "The river", "text": "".join(words(size // 5))})
    books: list[dict[str, object]] = []
    while size > 0:
        book: dict[str, object] = {
            "title": f"The{WORDS[len(books) % 6]}",
            "author": "Ann Onym",
            "pages": len(books),
        }
        books.append(book)
        size -= len(compact(book)) + len(",")
    return compact({"books": books})


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def event(data: str) -> bytes:
    """A server-sent event in an HTTP chunk of its own."""
    sse = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(sse), sse)


def record(**fields: Any) -> bytes:
    return event(compact(RECORD | fields))


def choice(delta: dict[str, Any], finish_reason: str | None, padding: int) -> bytes:
    one = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return record(choices=[one], usage=None, obfuscation="x" * padding)


def usage(count: int) -> bytes:
    totals = {"prompt_tokens": 12, "completion_tokens": count, "total_tokens": 12 + count}
    return record(choices=[], usage=totals | {"completion_tokens_details": DETAILS}, obfuscation="")


def deltas(model: str) -> Iterator[dict[str, Any]]:
    if model.startswith("call-"):
        opening = {"id": "call_7Qd0", "type": "function", "function": {"name": "Shelf"}}
        yield {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **opening}]}
        for piece in pieces(model):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
    else:
        yield {"role": "assistant", "content": ""}
        yield from ({"content": piece} for piece in pieces(model))


def body(model: str) -> Iterator[bytes]:
    """The HTTP chunks of a whole reply, the same for every run."""
    count = len(pieces(model))
    padding = random.Random(count)  # noqa: S311 - it hides nothing here, it only has a realistic length
    for delta in deltas(model):
        yield choice(delta, None, padding.randint(2, 14))
    yield choice({}, "tool_calls" if model.startswith("call-") else "stop", padding.randint(2, 14))
    yield usage(count)
    yield event("[DONE]")
    yield END


@cache
def reply(model: str) -> Reply:
    if model.startswith("per-event-"):
        return Reply((HEAD, *body(model)), PACE)
    return Reply((HEAD + b"".join(body(model)),), 0)


def read_request(source: BinaryIO) -> Request | None:
    """The next request of a connection, `None` once the client has hung up."""
    first = source.readline()
    length = 0
    while (line := source.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return Request(first.split(b" ", 1)[0], source.read(length)) if first else None


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512

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
                if request.method == b"GET":
                    self.tell_stats()
                else:
                    self.count()
                    self.send(reply(json.loads(request.body)["model"]))

    def count(self) -> None:
        server = cast("Server", self.server)
        with server.lock:
            server.used += not self.used
        self.used = True

    def send(self, answer: Reply) -> None:
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
