"""Anthropic's events: blocks of content that are opened, grow and are closed, by index.

Four rules of it are decided here. Numbers are totals: the newest replaces what was told. A second
``message_start`` begins the answer anew, as it does for the SDK: what came before counts no more.
The answer is complete when its stop reason is told; ``message_stop`` only says so again, and is the
last event there is. And a plain response is a ``message_start`` with all there is in its message.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from mirascope.core._engine.decoder import SingleMessageDecoder
from mirascope.core._wire.accumulator import replace
from mirascope.core._wire.deltas import Mergeable, freeze_fields, merge_delta
from mirascope.core._wire.error_reports import reported
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, from_cut_off, number, objects, text
from mirascope.core.anthropic._errors import provider_error
from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk as Chunk
from mirascope.core.anthropic.call_response_chunk import token_counts

if TYPE_CHECKING:
    from anthropic.types import StopReason
    from pydantic import BaseModel

_NOT_IN_MESSAGE: Final = frozenset({"delta", "message", "type", "usage"})


class AnthropicDecoder(SingleMessageDecoder):
    """Reads one stream: records in, chunks out, and the message that they add up to."""

    @override
    def _reset(self) -> None:
        super()._reset()
        self._message: dict[str, JSON] = {}
        self._usage: dict[str, JSON] = {}
        self._blocks: dict[int, dict[str, Mergeable]] = {}

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[Chunk]) -> None:
        """Read one event and add its chunk to ``out``; a ping has none.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind = record.get("type")
        if kind == "ping":
            return
        chunk = Chunk.from_record(record, raw)
        if kind == "content_block_delta":
            self._grow(record, chunk)
        elif kind == "content_block_start":
            self._open(record)
        elif text(kind) in {"message_start", "message_delta"}:
            self._tell(record, chunk)
        elif kind == "content_block_stop":
            self.reply.close_tool_call(_index(record))
        elif kind == "message_stop":
            self._stop(chunk)
        elif plain := self._plain(record):
            self.decode(plain, json.dumps(plain).encode(), out)
            return
        self.reply.add(chunk)
        out.append(chunk)

    def response(self) -> dict[str, JSON]:
        """Return the message that a plain call would have given, as far as it came."""
        told = self._message | ({"usage": self._usage} if self._usage else {})
        blocks = sorted(self._blocks.items()) if self.reply.keeps_text else ()
        ids: dict[int | None, JSON] = {call.key: call.call_id for call in self.reply.kept_calls}
        whole = [(index, _whole(block)) for index, block in blocks]
        content: list[JSON] = [b | {"id": ids[i]} if i in ids else b for i, b in whole]
        return {**told, "content": content}

    def _plain(self, record: Record) -> dict[str, JSON] | None:
        """Return the event for a plain response, nothing for an event that nobody knows.

        Raises:
            ProviderError: The record reports a failure.
        """
        kind = record.get("type")
        if kind == "message":
            return {"type": "message_start", "message": dict(record)}
        if kind == "error" or reported(record):
            raise provider_error(record)
        if kind is None:
            self.unknown = record
        return None

    def _tell(self, record: Record, chunk: Chunk) -> None:
        """Take over what is told of the message as a whole."""
        if record.get("type") == "message_start":
            self._reset()
        told = fields(record.get("message") or record.get("delta"))
        rest = {key: value for key, value in record.items() if key not in _NOT_IN_MESSAGE}
        replace(self._message, {**rest, **told})
        self.id = self.id or chunk.id
        self.model = self.model or chunk.model
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
        if chunk.tokens is not None:
            replace(self._usage, fields(record.get("usage") or told.get("usage")))
            self.tokens = chunk.tokens = token_counts(self._usage)
        if record.get("type") == "message_start":
            for index, block in enumerate(objects(told.get("content"))):
                self._open({"index": index, "content_block": dict(block)})

    def _stop(self, chunk: Chunk) -> None:
        """End the response; its last chunk reports how."""
        self.ended = True
        chunk.finish_reasons = cast("list[StopReason] | None", self.finish_reasons)
        chunk.tokens = self.tokens
        chunk.tell_usage(self._usage)

    def _open(self, record: Record) -> None:
        opened = fields(record.get("content_block"))
        if not self.reply.keeps_text:
            opened = {"type": opened.get("type")}
        self._blocks[_index(record)] = block = dict[str, Mergeable]()
        merge_delta(block, opened)

    def _grow(self, record: Record, chunk: Chunk) -> None:
        index = _index(record)
        block = self._blocks.get(index)
        if block is None and (chunk.content or chunk.reasoning):
            block = self._blocks[index] = {"type": "text" if chunk.content else "thinking"}
        if block is not None and self.reply.keeps_text:
            _add(block, fields(record.get("delta")))
        if chunk.tool_calls and (block is None or block.get("type") != "tool_use"):
            chunk.tool_calls = ()  # input of a tool that the provider runs itself


def _index(record: Record) -> int:
    return number(record.get("index")) or 0


def _add(block: dict[str, Mergeable], delta: Record) -> None:
    """Add what a delta tells of its block; citations come one by one."""
    told = dict(delta)
    told.pop("type", None)
    if citation := told.pop("citation", None):
        told["citations"] = [citation]
    merge_delta(block, told)


def _whole(block: dict[str, Mergeable]) -> dict[str, JSON]:
    """Return a block as a plain call would have given it."""
    whole = freeze_fields(block)
    if arguments := text(whole.pop("partial_json", None)):
        whole["input"] = from_cut_off(arguments)
    return whole
