"""Reads an Anthropic stream: blocks of content are opened, grow and are closed, by index.

Four rules are decided here. Numbers are totals: the newest replaces the one before. A second
``message_start`` restarts the response, as it does in the SDK: the blocks received before are
dropped. The response is complete with its stop reason; ``message_stop`` is the last event. And a
plain response is read as a ``message_start`` with everything in its message.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from mirascope.core._engine.decoder import BlockDecoder
from mirascope.core._wire.accumulator import Keep, replace_fields
from mirascope.core._wire.deltas import freeze_fields, merge_delta
from mirascope.core._wire.error_reports import find_error
from mirascope.core._wire.events import JSON, Mergeable, Record
from mirascope.core._wire.json_fields import fields, number, objects, parse_partial, text
from mirascope.core.anthropic._errors import provider_error
from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk as Chunk
from mirascope.core.anthropic.call_response_chunk import token_counts

if TYPE_CHECKING:
    from anthropic.types import StopReason
    from pydantic import BaseModel

_NOT_IN_MESSAGE: Final = frozenset({"delta", "message", "type", "usage"})


class AnthropicDecoder(BlockDecoder[Chunk]):
    """Reads one stream: events in, chunks out, and the message that they add up to.

    Args:
        keep: How much of the message to keep.
    """

    def __init__(self, *, keep: Keep = "all") -> None:
        super().__init__(Chunk, keep=keep)

    @override
    def _reset(self) -> None:
        super()._reset()
        self._message: dict[str, JSON] = {}
        self._usage: dict[str, JSON] = {}

    @override
    def _add_text(self, text: str, raw: BaseModel | bytes) -> Chunk:
        chunk = super()._add_text(text, raw)
        chunk.signature = ""
        return chunk

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[Chunk]) -> None:
        """Read one event and add its chunk to ``out``; a ping has none.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind, delta = record.get("type"), record.get("delta")
        if (  # almost all events add nothing but a text to one block, so they take a short way
            kind == "content_block_delta"
            and number(record.get("index")) == self._text_index
            and isinstance(delta, dict)
            and len(delta) == 2  # noqa: PLR2004  # a type and a text
            and delta.get("type") == "text_delta"
            and isinstance(content := delta.get("text"), str)
        ):
            out.append(self._add_text_event(content, raw))
            return
        if kind == "ping":
            return
        chunk = Chunk.from_record(record, raw)
        if kind == "content_block_delta":
            self._merge_block_delta(record, chunk)
        elif kind == "content_block_start":
            self._open_block(_index(record), fields(record.get("content_block")))
        elif text(kind) in {"message_start", "message_delta"}:
            self._read_message(record, chunk)
        elif kind == "content_block_stop":
            self.reply.close_tool_call(_index(record))
        elif kind == "message_stop":
            self.done = True
            chunk.finish_reasons = cast("list[StopReason] | None", self.finish_reasons)
            chunk.tokens = self.tokens
            chunk.set_usage(self._usage)
        elif event := self._plain_response(record):
            self.decode(event, json.dumps(event).encode(), out)
            return
        self.reply.add(chunk)
        out.append(chunk)

    def response(self) -> dict[str, JSON]:
        """Return the received part of the message as a plain call returns it."""
        message = self._message | ({"usage": self._usage} if self._usage else {})
        blocks = sorted(self._blocks.items()) if self.reply.keeps_text else ()
        ids: dict[int | None, JSON] = {call.key: call.call_id for call in self.reply.kept_calls}
        content: list[JSON] = [
            _block_json(block) | ({"id": ids[index]} if index in ids else {})
            for index, block in blocks
        ]
        return {**message, "content": content}

    def _plain_response(self, record: Record) -> dict[str, JSON] | None:
        """Return the event for a plain response, ``None`` for an unknown event.

        Raises:
            ProviderError: The record reports a failure.
        """
        kind = record.get("type")
        if kind == "message":
            return {"type": "message_start", "message": dict(record)}
        if kind == "error" or find_error(record):
            raise provider_error(record)
        if kind is None:
            self.unknown = record
        return None

    def _read_message(self, record: Record, chunk: Chunk) -> None:
        """Read the fields of the message as a whole."""
        starts = record.get("type") == "message_start"
        if starts:
            self._reset()
        message = fields(record.get("message") or record.get("delta"))
        extra = {key: value for key, value in record.items() if key not in _NOT_IN_MESSAGE}
        replace_fields(self._message, {**extra, **message})
        self.id = self.id or chunk.id
        self.model = self.model or chunk.model
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
        if chunk.tokens is not None:
            replace_fields(self._usage, fields(record.get("usage") or message.get("usage")))
            self.tokens = chunk.tokens = token_counts(self._usage)
        if starts:
            for index, block in enumerate(objects(message.get("content"))):
                self._open_block(index, block)

    def _open_block(self, index: int, opened: Record) -> None:
        if not self.reply.keeps_text:
            opened = {"type": opened.get("type")}
        self._blocks[index] = block = dict[str, "Mergeable"]()
        merge_delta(block, opened)
        self._continue_text(index, block)

    def _merge_block_delta(self, record: Record, chunk: Chunk) -> None:
        index = number(record.get("index")) or 0
        block = self._blocks.get(index)
        if block is None and (chunk.content or chunk.reasoning):
            block = self._blocks[index] = {"type": "text" if chunk.content else "thinking"}
        if block is not None and self.reply.keeps_text:
            delta = fields(record.get("delta"))
            added = {name: value for name, value in delta.items() if name != "type"}
            if citation := added.pop("citation", None):
                added["citations"] = [citation]
            merge_delta(block, added)
        if block is not None:
            self._continue_text(index, block)
        if chunk.tool_calls and (block is None or block.get("type") != "tool_use"):
            chunk.tool_calls = ()  # input of a tool that the provider runs itself


def _index(record: Record) -> int:
    return number(record.get("index")) or 0


def _block_json(block: dict[str, Mergeable]) -> dict[str, JSON]:
    """Return a block as a plain response has it."""
    record = freeze_fields(block)
    if arguments := text(record.pop("partial_json", None)):
        record["input"] = parse_partial(arguments)
    return record
