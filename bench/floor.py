"""The least that a response costs: a bare socket, its events split and decoded, their text joined.

No client, no error handling, no chunk objects: what any library does comes on top. The async leg is
an `asyncio.Protocol` whose reader is woken once per read, as an async iterator's has to be.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from child import Leg
from pydantic_core import from_json
from sdks import PROMPT

DATA, DONE = b"data: ", b"data: [DONE]"
END = b"\r\n0\r\n\r\n"  # the last chunk of an HTTP body
READ = 65536


class Dialect(NamedTuple):
    """Where a provider takes requests, the text of an event, and what ends an event."""

    path: str
    text: Callable[[Any], str]
    blank: bytes = b"\n\n"


def completions_text(event: Any) -> str:
    choices = event["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else ""


def responses_text(event: Any) -> str:
    return event["delta"] if event["type"] == "response.output_text.delta" else ""


def anthropic_text(event: Any) -> str:
    return event["delta"]["text"] if event["type"] == "content_block_delta" else ""


def cohere_text(event: Any) -> str:
    return event["delta"]["message"]["content"]["text"] if event["type"] == "content-delta" else ""


def gemini_text(event: Any) -> str:
    return "".join([part["text"] for part in event["candidates"][0]["content"]["parts"]])


DIALECTS = {
    "openai": Dialect("/openai/v1/chat/completions", completions_text),
    "openai_responses": Dialect("/openai/v1/responses", responses_text),
    "anthropic": Dialect("/anthropic/v1/messages", anthropic_text),
    "cohere": Dialect("/cohere/v2/chat", cohere_text),
    "gemini": Dialect(
        "/gemini/v1beta/models/{}:streamGenerateContent?alt=sse", gemini_text, b"\r\n\r\n"
    ),
    "groq": Dialect("/groq/openai/v1/chat/completions", completions_text),
    "mistral": Dialect("/mistral/v1/chat/completions", completions_text),
}


def request(path: str, model: str) -> bytes:
    body = json.dumps({"model": model, "messages": PROMPT, "stream": True}).encode()
    head = f"POST {path.format(model)} HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Response:
    """The text of the events received so far."""

    def __init__(self, dialect: Dialect) -> None:
        _, self.text, self.blank = dialect
        self.rest = b""
        self.texts: list[str] = []

    def feed(self, block: bytes) -> bool:
        """Read a block; `False` if it is the last one, or there is none."""
        received = self.rest + block
        *events, self.rest = received.split(self.blank)
        for event in events:
            start = event.find(DATA)
            if start >= 0 and not event.startswith(DONE, start):
                self.texts.append(self.text(from_json(event[start + len(DATA) :])))
        return bool(block) and not received.endswith(END)


class Blocks(asyncio.Protocol):
    """The blocks that nobody has read yet; a block wakes the reader, an empty one is the end."""

    def __init__(self) -> None:
        self.unread: list[bytes] = []
        self.reader: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        self.unread.append(data)
        if self.reader and not self.reader.done():
            self.reader.set_result(None)

    def eof_received(self) -> None:
        self.data_received(b"")


def leg(provider: str, url: str) -> Leg:
    """The whole text as one item, so that items cost nothing."""
    dialect = DIALECTS[provider]
    address = urlsplit(url)
    host, port = address.hostname, address.port
    assert host
    assert port

    def read(model: str) -> Iterator[str]:
        response = Response(dialect)
        with socket.create_connection((host, port)) as connection:
            connection.sendall(request(dialect.path, model))
            while response.feed(connection.recv(READ)):
                pass
        yield "".join(response.texts)

    async def read_async(model: str) -> AsyncIterator[str]:
        response = Response(dialect)
        loop = asyncio.get_running_loop()
        transport, blocks = await loop.create_connection(Blocks, host, port)
        transport.write(request(dialect.path, model))
        more = True
        while more:
            if not blocks.unread:
                blocks.reader = loop.create_future()
                await blocks.reader
            more = response.feed(b"".join(blocks.unread))
            blocks.unread.clear()
        transport.close()
        yield "".join(response.texts)

    async def aopen(model: str) -> AsyncIterator[str]:
        return read_async(model)

    return Leg(read, aopen)
