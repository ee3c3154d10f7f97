"""Taking over the generation of a worker that died, whose response the server still generates.

Such a log has an event ``["response",id]``. The next worker reads that response from its beginning:
so its stream has all of it, and what the log has already is left out. Thus the log goes on where
it ends, in the same epoch, and offsets stay valid.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple, cast

from mirascope.resume._log import Entry, Lease, Position, StreamLog, Tail
from mirascope.web import Streamed
from mirascope.web._recorder import END_LINES, RESPONSE, joined, text_line, text_of_line
from mirascope.web._turns import STREAMS, Stream, plain_stream

_PARTS: Final = {
    b'["begin_text"]\n': b'["end_text"]\n',
    b'["begin_reasoning"]\n': b'["end_reasoning"]\n',
}
_STOPS: Final = (b'["abort"', b'["error"')


class Takeover(NamedTuple):
    """The right to continue a generation.

    Attributes:
        lease: The right to write its log.
        entries: The log so far.
        response_id: The provider's id for the response.
    """

    lease: Lease
    entries: Sequence[Entry]
    response_id: str

    def streamed(self, made: Streamed) -> Streamed:
        """Return what reads the response, made of what makes the same call again.

        Raises:
            TypeError: It is a turn, whose tools would run twice.
            ValueError: It is a call that does not generate in the background.
        """
        if isinstance(made, STREAMS):
            return self._taken_up(cast("Stream", made))
        if isinstance(made, Awaitable):
            return self._awaited(made)
        raise TypeError(f"only the stream of a call is taken over, not a {type(made).__name__}")

    async def _awaited(self, made: Awaitable[Stream]) -> Stream:
        return self._taken_up(await made)

    def _taken_up(self, stream: Stream) -> Stream:
        plain_stream(stream).take_up(self.response_id)
        return stream


@dataclass(frozen=True)
class Successor:
    """Takes over the generation of a key.

    Args:
        log: The logs.
        key: The key.
        seconds: See `Lease`.
        keep: See `Lease`.
        begin: Continues a generation, in the thread or the event loop of a reader.
    """

    log: StreamLog
    key: str
    seconds: float
    keep: float
    begin: Callable[[Takeover], object]

    async def joined(self) -> Takeover | Tail:
        """Take over the generation, if its worker died and its response can be read.

        Returns:
            The right to continue it, or what there is of it.
        """
        tail = await self.log.read(self.key, None, wait=0)
        response_id = response_of(tail)
        if response_id is None or tail.is_running:
            return tail
        end = Position(tail.epoch, tail.entries[-1].last)
        lease = await self.log.take_over(self.key, end, seconds=self.seconds, keep=self.keep)
        return Takeover(lease, tail.entries, response_id) if lease else tail


def response_of(tail: Tail) -> str | None:
    """Return the id of the response of a whole log; ``None`` if it has none, or has ended."""
    lines = _lines(tail.entries)
    if not lines or lines[-1].startswith(END_LINES):
        return None
    known = [json.loads(line)[1] for line in lines if line.startswith(RESPONSE)]
    return known[-1] if known else None


class Continued:
    """Leaves out of a response that is read again what its log has already.

    Args:
        entries: The log.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        lines = [line for line in _lines(entries) if not line.startswith(RESPONSE)]
        parts = [line for line in lines if line in _PARTS or line in _PARTS.values()]
        self._closing = [_PARTS[parts[-1]]] if parts and parts[-1] in _PARTS else []
        self._known = joined(lines)[::-1]  # the next one is the last

    def new(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return what of consecutive events the log does not have.

        Where the response stops before the end of the log, that is its end.

        Raises:
            ValueError: The response is not the one of the log.
        """
        out: list[bytes] = []
        for line in lines:
            rest: bytes | None = line
            while self._known and rest is not None:
                left = _without(rest, self._known[-1])
                if left is None and lines[-1].startswith(_STOPS):
                    return self.end(lines[-1])
                if left is None:
                    raise ValueError("the response is not the one of the log")
                rest, known = left
                self._known[-1:] = [known] if known else []
            if rest is not None:
                out.append(rest)
        return out

    def end(self, last: bytes) -> list[bytes]:
        """Return the events that end the log where it is."""
        self._known = []
        return [*self._closing, last]


def _without(line: bytes, known: bytes) -> tuple[bytes | None, bytes | None] | None:
    """Return what is left of an event and of a known one without what both begin with.

    It is ``None`` if they differ.
    """
    if line == known:
        return None, None
    head, text = text_of_line(line)
    known_head, known_text = text_of_line(known)
    if head and head == known_head and known_text.startswith(text):
        return None, text_line(head, known_text[len(text) :])
    if head and head == known_head and text.startswith(known_text):
        return text_line(head, text[len(known_text) :]), None
    return None


def _lines(entries: Sequence[Entry]) -> list[bytes]:
    return list(chain.from_iterable(entry.lines.splitlines(keepends=True) for entry in entries))
