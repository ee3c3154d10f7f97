"""One item of a stream of an Anthropic model."""

from __future__ import annotations

import json
from typing import Final, cast

from anthropic.types import (
    MessageDeltaUsage,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    RawMessageStreamEvent,
    StopReason,
    Usage,
)
from typing_extensions import override

from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta
from mirascope.core.base.call_response_chunk import BaseCallResponseChunk

_EVENTS: Final[dict[str, type[RawMessageStreamEvent]]] = {
    "message_start": RawMessageStartEvent,
    "message_delta": RawMessageDeltaEvent,
    "message_stop": RawMessageStopEvent,
    "content_block_start": RawContentBlockStartEvent,
    "content_block_delta": RawContentBlockDeltaEvent,
    "content_block_stop": RawContentBlockStopEvent,
}


class AnthropicCallResponseChunk(BaseCallResponseChunk[RawMessageStreamEvent, StopReason]):
    """What one event of an Anthropic stream says; ``chunk`` is the ``RawMessageStreamEvent``.

    Beside what every chunk has, `signature` is the signature of a block of thinking, ``""`` if
    the event tells none.

    Example:
        >>> raw = RawContentBlockDeltaEvent.model_validate({
        ...     "type": "content_block_delta", "index": 0,
        ...     "delta": {"type": "text_delta", "text": "Hi"},
        ... })
        >>> AnthropicCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ("signature",)

    signature: str

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = self.signature = ""
        self.finish_reasons = self.id = self.model = self.tokens = None
        self.tool_calls = ()
        kind = record.get("type")
        if kind == "content_block_delta":
            self._read_delta(fields(record.get("delta")), record.get("index"))
        elif kind == "content_block_start":
            self._read_block(fields(record.get("content_block")), record.get("index"))
        elif kind == "message_start":
            message = fields(record.get("message"))
            self.id, self.model = (
                text(message.get("id")) or None,
                text(message.get("model")) or None,
            )
            self._read_usage(fields(message.get("usage")))
        elif kind == "message_delta":
            if reason := text(fields(record.get("delta")).get("stop_reason")):
                self.finish_reasons = [cast("StopReason", reason)]
            self._read_usage(fields(record.get("usage")))

    def _read_delta(self, delta: Record, index: JSON) -> None:
        kind = delta.get("type")
        if kind == "text_delta":
            self.content = text(delta.get("text"))
        elif kind == "thinking_delta":
            self.reasoning = text(delta.get("thinking"))
        elif kind == "signature_delta":
            self.signature = text(delta.get("signature"))
        elif kind == "input_json_delta":
            self.tool_calls = (
                ToolCallDelta(number(index), None, None, text(delta.get("partial_json"))),
            )

    def _read_block(self, block: Record, index: JSON) -> None:
        kind = block.get("type")
        if kind == "text":
            self.content = text(block.get("text"))
        elif kind == "thinking":
            self.reasoning = text(block.get("thinking"))
            self.signature = text(block.get("signature"))
        elif kind == "tool_use":
            id_, name = text(block.get("id")) or None, text(block.get("name")) or None
            self.tool_calls = (ToolCallDelta(number(index), id_, name, ""),)

    def _read_usage(self, usage: Record) -> None:
        if usage:
            self.tokens = token_counts(usage)

    @property
    def thinking(self) -> str:
        """The text of the model's thinking, ``""`` if there is none."""
        return self.reasoning

    @property
    def usage(self) -> Usage | MessageDeltaUsage | None:
        """The usage as Anthropic reports it, if told."""
        event = self.chunk
        if isinstance(event, RawMessageStartEvent):
            return event.message.usage
        return event.usage if isinstance(event, RawMessageDeltaEvent) else None

    @classmethod
    @override
    def _type_of(cls, data: bytes) -> type[RawMessageStreamEvent]:
        """Return the event's class; that of an event without one is what the SDK takes for it."""
        kind = fields(json.loads(data)).get("type")
        return _EVENTS.get(text(kind), RawMessageStartEvent)


def fields(value: JSON) -> Record:
    """Return an object's fields, none if it is no object."""
    return value if isinstance(value, dict) else {}


def text(value: JSON) -> str:
    """Return a text, ``""`` if it is none."""
    return value if isinstance(value, str) else ""


def number(value: JSON) -> int | None:
    """Return a whole number, ``None`` if it is none."""
    return value if isinstance(value, int) else None


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts of a usage object in the common meaning.

    Anthropic's ``input_tokens`` are those that the cache had no part in.
    """
    cached = number(usage.get("cache_read_input_tokens"))
    created = number(usage.get("cache_creation_input_tokens"))
    uncached = number(usage.get("input_tokens"))
    return TokenCounts(
        input=None if uncached is None else uncached + (cached or 0) + (created or 0),
        output=number(usage.get("output_tokens")),
        cached=cached,
    )
