"""Reads a stream of Cohere's Chat API: events in, chunks out, and the answer that they add up to.

An answer is one message: blocks of text and thinking, a tool plan, tool calls and citations. A
field of many has one object in an event; which one, the event's ``index`` says. ``message-end``
tells the finish reason and the usage, and nothing but ``[DONE]`` comes after it. A plain response
is a ``message-end`` with the message in it.
"""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from mirascope.core._dialects.chat_completions import whole_tool_call
from mirascope.core._engine.decoder import SingleMessageDecoder
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.deltas import Mergeable, freeze_fields, merge_delta
from mirascope.core._wire.error_reports import reported
from mirascope.core._wire.events import JSON, Record, TokenCounts, text_or_none
from mirascope.core._wire.json_fields import number
from mirascope.core.cohere._errors import failure
from mirascope.core.cohere.call_response_chunk import CohereCallResponseChunk, objects

if TYPE_CHECKING:
    from pydantic import BaseModel

_OF_THE_END = ("message", "finish_reason", "usage")
_IN_MESSAGE = frozenset({"role", "content", "tool_plan", "tool_calls", "citations"})


class CohereDecoder(SingleMessageDecoder):
    """Reads one stream.

    Args:
        model: The name of the model that was asked for; no event tells one.
        keep: How much of the answer to keep.
    """

    def __init__(self, model: str | None, *, keep: Keep = "all") -> None:
        super().__init__(keep=keep)
        self._blocks: dict[int, dict[str, Mergeable]] = {}
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
        if kind is None and isinstance(record.get("message"), dict):
            event = from_plain(record)
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
        elif failed := reported(record):
            raise failed
        elif kind is None:
            self.unknown = record
        out.append(chunk)

    @property
    @override
    def is_complete(self) -> bool:
        return self.done

    def response(self) -> dict[str, JSON]:
        """Return the response that a plain call would have given, as far as it came."""
        told: dict[str, JSON] = {"usage": self._usage, "logprobs": self._logprobs or None}
        return {
            "id": self.id,
            "finish_reason": self.reply.finish_reason,
            "message": self._message(),
            **{name: value for name, value in told.items() if value is not None},
        }

    def _add(self, chunk: CohereCallResponseChunk, message: Record, record: Record) -> None:
        self.reply.add(chunk)
        logprobs = record.get("logprobs")
        if logprobs and self.reply.keeps_all:
            self._logprobs += cast("list[JSON]", objects(logprobs))
        if self.reply.keeps_text:
            self._keep_message(chunk, message, number(record.get("index")) or 0)

    def _keep_message(self, chunk: CohereCallResponseChunk, message: Record, index: int) -> None:
        content = message.get("content")
        if isinstance(content, dict):
            merge_delta(self._blocks.setdefault(index, {}), content)
        elif chunk.finish_reasons:
            self._keep_whole(message)
        elif chunk.reasoning:
            self._plan.write(chunk.reasoning)
        elif citations := message.get("citations"):
            self._citations += cast("list[JSON]", objects(citations))
        if not _IN_MESSAGE.issuperset(message):
            rest = {name: said for name, said in message.items() if name not in _IN_MESSAGE}
            self.reply.add_extra(rest)

    def _keep_whole(self, message: Record) -> None:
        """Keep what the message of a plain response has."""
        self._blocks.update(
            enumerate(cast("list[dict[str, Mergeable]]", objects(message.get("content"))))
        )
        self._plan.write(text_or_none(message.get("tool_plan")) or "")
        self._citations += cast("list[JSON]", objects(message.get("citations")))

    def _end(self, chunk: CohereCallResponseChunk, delta: Record) -> None:
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
            "content": [_block(block) for _, block in sorted(self._blocks.items())],
            "tool_plan": self._plan.getvalue(),
            "tool_calls": [whole_tool_call(call) for call in self.reply.kept_calls],
            "citations": self._citations,
        }
        rest = freeze_fields(self.reply.extra)
        return {"role": "assistant", **rest, **{name: v for name, v in fields.items() if v}}


def from_plain(record: Record) -> dict[str, JSON]:
    """Return a plain response as a ``message-end`` with the whole message."""
    end = {name: record.get(name) for name in _OF_THE_END}
    rest = {name: value for name, value in record.items() if name not in _OF_THE_END}
    return {**rest, "type": "message-end", "delta": end}


def _block(block: dict[str, Mergeable]) -> dict[str, JSON]:
    known = freeze_fields(block)
    return {"type": "thinking" if "thinking" in known else "text", **known}
