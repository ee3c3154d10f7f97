"""A response that is recorded in a log, and written from there for whoever reads it.

`Played` reads what a `Recorder` wrote, and has the encoder of a protocol write it. It plays the
events from the first one, whatever the browser has already: so an encoder counts and names what it
writes as it did the first time, and what the browser has is not sent.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias, cast
from uuid import NAMESPACE_OID, uuid5

from typing_extensions import override

from mirascope import errors
from mirascope.core import BaseMessageParam
from mirascope.core.base import Usage
from mirascope.web._encoder import Encoder, End, to_json
from mirascope.web._events import Events
from mirascope.web._failures import OnError, Shown, shown, text_of
from mirascope.web._recorder import PLAIN
from mirascope.web._sources import File, Source
from mirascope.web._turns import Streamed
from mirascope.web._walked import Walked

_OPENING: Final = frozenset({"start", "begin_step", "response"})
"""What comes before there is something to show."""


class RecordedEvent(NamedTuple):
    """An event of a recorded response.

    Attributes:
        offset (str): Its position in the log, ``<epoch>-<number>``. A reader with this offset
            continues after it.
        name (str): Its kind, such as ``"text"``, ``"tool"`` or ``"finish"``: the methods of
            `Encoder`.
        values: Its arguments, decoded from JSON.
        is_new (bool): Whether the reader does not have it yet.
    """

    offset: str
    name: str
    values: Sequence[Any]
    is_new: bool = True


class Recorded(ABC):
    """A response that is read from a log, by a thread or in an event loop.

    Attributes:
        seed: A text that is the same each time that the response is read; known with the first
            batch.
    """

    seed: str = ""

    @abstractmethod
    def batches(self) -> Generator[Sequence[RecordedEvent]]:
        """Yield all events from the first one, as they come."""

    @abstractmethod
    def abatches(self) -> AsyncGenerator[Sequence[RecordedEvent]]:
        """Yield all events from the first one, as they come."""

    @abstractmethod
    def close(self) -> None:
        """End the reading, from whatever thread."""


Resumable: TypeAlias = Streamed | Recorded
"""What is shown: a stream, a turn, or a response that is recorded."""


def events_of(
    streamed: Resumable,
    encoder: Encoder,
    *,
    ping: float | None = None,
    on_error: OnError | None = None,
) -> Events:
    """Return the bytes of what is shown."""
    kind = Played if isinstance(streamed, Recorded) else Walked
    return kind(cast("Any", streamed), encoder, ping=ping, on_error=on_error)


def id_of(seed: str) -> str:
    """Return an id that is always the same for one text."""
    return uuid5(NAMESPACE_OID, seed).hex


_AS_IS: Final = frozenset({*PLAIN, "text", "abort"})


def _play(encoder: Encoder, name: str, values: Sequence[Any]) -> bytes:
    """Write an event; of a kind that this version does not know, nothing."""
    match name:
        case "value":
            return encoder.value(to_json(values[0]), complete=values[1])
        case "source":
            return encoder.source(Source(*values[0]))
        case "file":
            return encoder.file(File(*values[0]))
        case "message":
            return encoder.message(BaseMessageParam.model_validate(values[0]))
        case "finish":
            reason, usage, model, provider = values
            used = None if usage is None else Usage.model_validate(usage)
            return encoder.finish(End(reason, used, model, provider))
        case "error":
            return encoder.error(values[0])
        case _:
            return cast("bytes", getattr(encoder, name)(*values)) if name in _AS_IS else b""


def decoded(line: bytes) -> tuple[str, list[Any]]:
    """Return the name and the values of a line of a log."""
    name, *values = json.loads(line)
    return name, values


class Played(Events):
    """The bytes of a recorded response.

    Args:
        recorded: The response.
        encoder: Writes the bytes.
        ping: See `Events`.
        on_error: Makes the text of an error of the log itself.
    """

    resumable: ClassVar = True

    def __init__(
        self,
        recorded: Recorded,
        encoder: Encoder,
        *,
        ping: float | None = None,
        on_error: OnError | None = None,
    ) -> None:
        super().__init__(encoder, is_async=True, ping=ping, on_error=on_error)
        self._recorded = recorded
        self._identified = False
        self._has_events = False
        self._began = False
        self._end_part: Callable[[], bytes] | None = None

    @override
    def _begun(self) -> Iterator[bytes]:
        self._is_async = False
        return super()._begun()

    @override
    def _abegun(self) -> AsyncIterator[bytes]:
        self._is_async = True
        return super()._abegun()

    @override
    def _settle(self, block: bytes) -> None:
        super()._settle(block)
        if not block and not self._has_events:
            self.status, self.headers = 204, {}

    @override
    def _close_source(self) -> None:
        self._recorded.close()

    @override
    async def _aclose_source(self) -> None:
        self._recorded.close()

    @override
    def _sync(self) -> Generator[bytes]:
        try:
            with closing(self._recorded.batches()) as batches:
                for batch in batches:
                    if block := self._play(batch):
                        yield block
        except Exception as error:  # noqa: BLE001  # the response has to end
            if not self._closed:
                yield self._failed(error)

    @override
    async def _async(self) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(self._recorded.abatches()) as batches:
                async for batch in batches:
                    if block := self._play(batch):
                        yield block
        except Exception as error:  # noqa: BLE001  # the response has to end
            if not self._closed:
                yield self._failed(error)

    def _play(self, batch: Sequence[RecordedEvent]) -> bytes:
        if not self._identified:
            self._identified = True
            self._encoder.identify(self._recorded.seed)
        return b"".join(map(self._write, batch))

    def _write(self, event: RecordedEvent) -> bytes:
        encoder, name = self._encoder, event.name
        if name == "error" and not encoder.reports:
            raise errors.StreamTruncated("the generation failed, which plain text cannot express")
        written = _play(encoder, name, event.values)
        if name in _PARTS:
            self._end_part = getattr(encoder, _PARTS[name])
        elif name in _PART_ENDS:
            self._end_part = None
        if not event.is_new:
            self._began = True
            return b""
        self._has_events = True
        if name == "error" and not self._began:
            text, status = event.values
            self._failure = Shown(status, text)
        self._began = self._began or name not in _OPENING
        return encoder.numbered(written, event.offset) if written else b""

    def _failed(self, error: Exception) -> bytes:
        """Return the end of a response whose log failed.

        Raises:
            Exception: The error itself, if the protocol has no form for errors.
        """
        text = text_of(error, self._on_error)
        self._has_events = True
        if not self._began:
            self._failure = Shown(shown(error).status, text)
        if not self._encoder.reports:
            raise error
        part = self._end_part() if self._end_part is not None else b""
        return self._encoder.numbered(part + self._encoder.error(text), None)


_PARTS: Final = {"begin_text": "end_text", "begin_reasoning": "end_reasoning"}
_PART_ENDS: Final = frozenset(_PARTS.values())
