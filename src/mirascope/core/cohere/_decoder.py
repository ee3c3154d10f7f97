"""Reads a stream of Cohere's Chat API: events in, chunks out, and the response they add up to.

A response is one message: blocks of text and thinking, a tool plan, tool calls and citations. An
event has one object of such a list; its position is the event's ``index``. ``message-end`` has the
finish reason and the usage, and only ``[DONE]`` follows it. A plain response is read as a
``message-end`` with the message in it.
"""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from mirascope.core._engine.decoder import BlockDecoder
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.deltas import freeze_fields, merge_delta
from mirascope.core._wire.error_reports import find_error
from mirascope.core._wire.events import JSON, Mergeable, Record, TokenCounts
from mirascope.core._wire.function_calls import tool_call_json
from mirascope.core._wire.json_fields import number, text_or_none
from mirascope.core.cohere._errors import failure
from mirascope.core.cohere.call_response_chunk import CohereCallResponseChunk, objects

if TYPE_CHECKING:
    from pydantic import BaseModel

_END_FIELDS: Final = ("message", "finish_reason", "usage")
_MESSAGE_FIELDS: Final = frozenset({"role", "content", "tool_plan", "tool_calls", "citations"})


class CohereDecoder(BlockDecoder[CohereCallResponseChunk]):
    """Reads one stream.

    Args:
        model: The name of the requested model, which no event reports.
        keep: How much of the response to keep.
    """

    def __init__(self, model: str | None, *, keep: Keep = "all") -> None:
        super().__init__(CohereCallResponseChunk, keep=keep)
        self._plan = StringIO()
        self._citations: list[JSON] = []
        self._logprobs: list[JSON] = []
        self._usage: JSON = None
        self.model = model
        self.tokens: TokenCounts | None = None

    def decode(
        self, record: Record, raw: BaseModel | bytes, out: list[CohereCallResponseChunk]
    ) -> None:
        """Read one event and add its chunk to ``out``.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind, delta = record.get("type"), record.get("delta")
        if (  # almost all events add nothing but a text to one block, so they take a short way
            kind == "content-delta"
            and number(record.get("index")) == self._text_index
            and len(record) == 3  # noqa: PLR2004  # a type, an index and a delta
            and isinstance(delta, dict)
            and isinstance(message := delta.get("message"), dict)
            and isinstance(content := message.get("content"), dict)
            and len(message) == len(content) == 1
            and isinstance(text := content.get("text"), str)
        ):
            out.append(self._add_text_event(text, raw))
            return
        if kind is None and isinstance(record.get("message"), dict):
            event = _as_message_end(record)
            self.decode(event, json.dumps(event).encode(), out)
            return
        chunk = CohereCallResponseChunk.from_record(record, raw)
        self.id = self.id or chunk.id
        if isinstance(delta, dict):
            message = delta.get("message")
            if isinstance(message, dict):
                self._add(chunk, message, record)
            if kind == "message-end":
                self._end(chunk, delta)
        elif kind == "tool-call-end":
            self.reply.close_tool_call(number(record.get("index")))
        elif error := find_error(record):
            raise error
        elif kind is None:
            self.unknown = record
        out.append(chunk)

    @property
    @override
    def is_complete(self) -> bool:
        return self.done

    def response(self) -> dict[str, JSON]:
        """Return the received part of the response as a plain call returns it."""
        optional: dict[str, JSON] = {"usage": self._usage, "logprobs": self._logprobs or None}
        return {
            "id": self.id,
            "finish_reason": self.reply.finish_reason,
            "message": self._message(),
            **{name: value for name, value in optional.items() if value is not None},
        }

    def _add(self, chunk: CohereCallResponseChunk, message: Record, record: Record) -> None:
        self.reply.add(chunk)
        logprobs = record.get("logprobs")
        if logprobs and self.reply.keeps_all:
            self._logprobs += cast("list[JSON]", objects(logprobs))
        index = number(record.get("index")) or 0
        if self.reply.keeps_text:
            self._merge_message(chunk, message, index)
        self._continue_text(index, self._blocks.get(index, {}))

    def _merge_message(self, chunk: CohereCallResponseChunk, message: Record, index: int) -> None:
        """Merge the fields of a message that are neither text nor tool calls."""
        content = message.get("content")
        if isinstance(content, dict):
            merge_delta(self._blocks.setdefault(index, {}), content)
        elif chunk.finish_reasons:
            blocks = cast("list[dict[str, Mergeable]]", objects(message.get("content")))
            self._blocks.update(enumerate(blocks))
            self._plan.write(text_or_none(message.get("tool_plan")) or "")
            self._citations += cast("list[JSON]", objects(message.get("citations")))
        elif chunk.reasoning:
            self._plan.write(chunk.reasoning)
        elif citations := message.get("citations"):
            self._citations += cast("list[JSON]", objects(citations))
        if not _MESSAGE_FIELDS.issuperset(message):
            extra = {name: v for name, v in message.items() if name not in _MESSAGE_FIELDS}
            self.reply.add_extra(extra)

    def _end(self, chunk: CohereCallResponseChunk, delta: Record) -> None:
        """Read the end of the message.

        Raises:
            ProviderError: The finish reason is a failure.
        """
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
        if chunk.tokens is not None:
            self.tokens = chunk.tokens
            self._usage = delta.get("usage")
        if failed := failure(delta):
            raise failed
        self.done = True

    def _message(self) -> dict[str, JSON]:
        fields: dict[str, JSON] = {
            "content": [_block_json(block) for _, block in sorted(self._blocks.items())],
            "tool_plan": self._plan.getvalue(),
            "tool_calls": [tool_call_json(call) for call in self.reply.kept_calls],
            "citations": self._citations,
        }
        extra = freeze_fields(self.reply.extra)
        return {"role": "assistant", **extra, **{name: v for name, v in fields.items() if v}}


def _as_message_end(record: Record) -> dict[str, JSON]:
    """Return a plain response as a ``message-end`` with the complete message."""
    end = {name: record.get(name) for name in _END_FIELDS}
    envelope = {name: value for name, value in record.items() if name not in _END_FIELDS}
    return {**envelope, "type": "message-end", "delta": end}


def _block_json(block: dict[str, Mergeable]) -> dict[str, JSON]:
    fields = freeze_fields(block)
    return {"type": "thinking" if "thinking" in fields else "text", **fields}
