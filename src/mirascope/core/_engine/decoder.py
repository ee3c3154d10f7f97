"""Decoders of providers: JSON records in, chunks out, and the message that they add up to."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from io import StringIO
from typing import Any, Final, Generic, Protocol, Self, runtime_checkable

from pydantic import BaseModel
from pydantic_core import from_json
from typing_extensions import TypeVar, override

from mirascope.core._engine.source import Position
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.events import JSON, Mergeable, NullBuffer, Record, TokenCounts

_TEXT: Final = re.compile(rb'"(?:content|text)": ?"((?:[^"\\]|\\.)*+)"')
_PADDING: Final = re.compile(rb'"(?:obfuscation|p)": ?"(\w*+)"|(?<!\s)( *+)\}\Z')
"""What varies after the text: letters in OpenAI's and Mistral's events, spaces in Anthropic's."""

_PADS: Final = (
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    b" ",
)
_NO_INDEX: Final = object()
_MAX_UNREPEATED: Final = 3
"""After so many events that the next one did not repeat, all of a stream probably differ."""

DecodedT = TypeVar("DecodedT", bound=BaseCallResponseChunk[Any, Any])


class Decoder(Protocol[DecodedT]):
    """Decodes one response of a provider, streamed or not.

    Attributes:
        reply: The message so far.
        id: The provider's id of the response, once received.
        model: The model that the provider reports, once received.
        done: Whether the terminal event was received: only the end of the body may follow.
    """

    reply: MessageAccumulator
    id: str | None
    model: str | None
    done: bool

    @property
    def tokens(self) -> TokenCounts | None:
        """The token counts so far."""
        ...

    @property
    def unknown(self) -> Record | None:
        """The newest record without any field that the provider documents."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the provider has reported the end of the response."""
        ...

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended; ``None`` before."""
        ...

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[DecodedT]) -> None:
        """Decode one record of a stream or a plain response; add the chunks now ready to ``out``.

        Raises:
            ProviderError: The record reports a failure, so the response is not complete.
        """
        ...

    def flush(self, out: list[DecodedT]) -> None:
        """Add the chunks that were held back to ``out``."""
        ...

    def response(self) -> dict[str, JSON]:
        """Return the response of a plain call as JSON, as far as it was received."""
        ...


@runtime_checkable
class ResumableDecoder(Protocol):
    """A decoder of a response that can be taken up again after an interruption."""

    def interrupt(self) -> Position | None:
        """Prepare for the rest of the response, which follows in another body.

        Returns:
            Where it begins; ``None`` if it cannot be taken up again.
        """
        ...


class TextEvent:
    """The bytes of an event around its text and its padding.

    Almost all events of a stream add nothing but a piece of text, and differ in nothing else,
    except for padding that some providers add against listeners. Between the same bytes, a JSON
    string is always the same field of the same object. So of an event whose other bytes are those
    of one that was decoded, only that string is decoded.

    Args:
        head: The bytes up to the text, with its first quote.
        tail: The bytes from the last quote of the text up to the padding.
        end: The bytes after the padding.
        pads: The bytes that the padding may have.

    Attributes:
        was_repeated: Whether another event has repeated it.

    Example:
        >>> event = TextEvent.of(b'{"n":1,"text":"one"}', "one")
        >>> event.text_of(b'{"n":1,"text":"two"   }'), event.text_of(b'{"n":2,"text":"two"}')
        ('two', None)
    """

    __slots__ = ("_end", "_head", "_pads", "_start", "_tail", "_tail_size", "was_repeated")

    def __init__(self, head: bytes, tail: bytes, end: bytes, pads: bytes) -> None:
        self._head, self._tail, self._end, self._pads = head, tail, end, pads
        self._start, self._tail_size = len(head) - 1, len(tail)
        self.was_repeated = False

    @classmethod
    def of(cls, data: bytes, text: str) -> Self:
        """Return the event with this data; without a clear place of its text, none repeats it."""
        texts = [*_TEXT.finditer(data)]
        if len(texts) == 1:
            start, stop = texts[0].span(1)
            if padding := _PADDING.search(data, stop):
                kind = padding.lastindex or 1
                before, after = padding.span(kind)
                event = cls(data[:start], data[stop:before], data[after:], _PADS[kind - 1])
                if event.text_of(data) == text:
                    event.was_repeated = False
                    return event
        return cls.unclear()

    @classmethod
    def unclear(cls) -> Self:
        """Return an event that none repeats."""
        return cls(b"", b"\0", b"", b"")  # JSON has no such byte

    def text_of(self, data: bytes) -> str | None:
        """Return the text of an event that repeats this one.

        Returns:
            The text; ``None`` if the event does not repeat this one, or has an empty text.
        """
        stop = data.rfind(self._tail)
        if stop <= self._start or not data.startswith(self._head):
            return None
        if data[stop + self._tail_size :].lstrip(self._pads) != self._end:
            return None
        try:
            text: str = from_json(data[self._start : stop + 1])
        except ValueError:  # it is more than a string, or has a lone surrogate
            return None
        self.was_repeated = True
        return text or None


class TextDecoder(ABC, Generic[DecodedT]):
    """Base of decoders of events that often differ in nothing but their text; see `TextEvent`.

    A subclass calls `_add_text_event` for an event that adds nothing but a text, and sets
    `_text_event` to ``None`` for one after which the same event would add something else.
    """

    _text_event: TextEvent | None = None
    _unrepeated = 0

    def decode_text(self, data: bytes) -> DecodedT | None:
        """Return the chunk of an event that repeats an earlier one with another text."""
        event = self._text_event
        if event is None or (text := event.text_of(data)) is None:
            return None
        return self._add_text(text, data)

    def _add_text_event(self, text: str, raw: BaseModel | bytes) -> DecodedT:
        """Add an event with nothing but a text, which the next ones may repeat."""
        event = self._text_event
        self._unrepeated = 0 if event is None or event.was_repeated else self._unrepeated + 1
        if isinstance(raw, bytes) and self._unrepeated < _MAX_UNREPEATED:
            self._text_event = TextEvent.of(raw, text)
        else:
            self._text_event = TextEvent.unclear()
        return self._add_text(text, raw)

    @abstractmethod
    def _add_text(self, text: str, raw: BaseModel | bytes) -> DecodedT:
        """Add a text to the message, and return its chunk."""


class SingleMessageDecoder:
    """Base of decoders whose stream is one message and which hold no chunk back.

    Args:
        keep: How much of the message to keep.
    """

    def __init__(self, *, keep: Keep = "all") -> None:
        self._keep: Keep = keep
        self._reset()

    def _reset(self) -> None:
        """Return to the state before the first event."""
        self.reply = MessageAccumulator(self._keep)
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.unknown: Record | None = None
        self.done = False

    def flush(self, out: object) -> None:
        """Do nothing: no chunk is held back."""

    @property
    def is_complete(self) -> bool:
        """Whether the provider has reported the end of the response."""
        return self.done or self.reply.finish_reason is not None

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended; ``None`` before."""
        return None if self.reply.finish_reason is None else [self.reply.finish_reason]


class BlockDecoder(SingleMessageDecoder, TextDecoder[DecodedT]):
    """Base of decoders whose message has blocks of content that grow, each with an index.

    Almost all events add nothing but a text to the block that the event before added to. A subclass
    calls `_continue_text` when any other event has changed a block, and `_add_text_event` for an
    event of a text to the block at `_text_index`.

    Args:
        chunk_type: The provider's chunk.
        keep: How much of the message to keep.
    """

    def __init__(self, chunk_type: type[DecodedT], *, keep: Keep = "all") -> None:
        super().__init__(keep=keep)
        self._new_text = chunk_type.of_text

    @override
    def _reset(self) -> None:
        super()._reset()
        self._blocks: dict[int, dict[str, Mergeable]] = {}
        self._text_index: object = _NO_INDEX
        self._text: StringIO = NullBuffer()
        self._text_event = None

    @override
    def _add_text(self, text: str, raw: BaseModel | bytes) -> DecodedT:
        self._text.write(text)
        self.reply.add_text(text)
        return self._new_text(text, raw)

    def _continue_text(self, index: int, block: Mapping[str, Mergeable]) -> None:
        """Set the block whose text the next event may continue."""
        text = block.get("text") if self.reply.keeps_text else NullBuffer()
        self._text_event = None
        if isinstance(text, StringIO):
            self._text_index, self._text = index, text
        else:
            self._text_index = _NO_INDEX
