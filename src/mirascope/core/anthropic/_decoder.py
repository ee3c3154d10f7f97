"""Anthropic's events: blocks of content that are opened, grow and are closed, by index.

Three rules of it are decided here. Numbers are totals: the newest replaces what was told. A second
``message_start`` begins the answer anew, as it does for the SDK: what came before counts no more.
And the answer is complete when its stop reason is told; ``message_stop`` only says so again, and
is the last event there is.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Final, cast

import pydantic_core

from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta
from mirascope.core._wire.reply import Reply
from mirascope.core.anthropic._errors import provider_error
from mirascope.core.anthropic.call_response_chunk import (
    AnthropicCallResponseChunk,
    fields,
    number,
    text,
    token_counts,
)

if TYPE_CHECKING:
    from anthropic.types import RawMessageStreamEvent
    from pydantic import BaseModel

_GROWING: Final = frozenset({"partial_json", "text", "thinking"})
_BLOCK_OF_DELTA: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
}


class AnthropicDecoder:
    """Reads one stream: records in, chunks out, and the message that they add up to."""

    def __init__(self) -> None:
        self._message: dict[str, JSON] = {}
        self._usage: dict[str, JSON] = {}
        self._blocks: dict[int, _Block] = {}
        self.reply = Reply()
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.ended = False

    def decode(
        self, record: Record, raw: BaseModel | bytes, out: list[AnthropicCallResponseChunk]
    ) -> None:
        """Read one event and add its chunk to ``out``; a ping has none.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind = record.get("type")
        if kind == "ping":
            return
        if kind == "error":
            raise provider_error(record)
        chunk = AnthropicCallResponseChunk.from_record(
            record, cast("RawMessageStreamEvent | bytes", raw)
        )
        if kind == "content_block_delta":
            self._grow_block(record, chunk)
        elif kind == "content_block_start":
            self._blocks[_index(record)] = _Block(fields(record.get("content_block")))
        elif kind == "content_block_stop":
            self._close_block(record, chunk)
        elif kind == "message_start":
            self._begin(record, chunk)
        elif kind == "message_delta":
            self._finish(record, chunk)
        elif kind == "message_stop":
            self.ended = True
        self._fold(chunk)
        out.append(chunk)

    def flush(self, out: list[AnthropicCallResponseChunk]) -> None:
        """Nothing is ever held back."""

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its own end."""
        return self.ended or self.reply.finish_reason is not None

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, once it has."""
        return None if self.reply.finish_reason is None else [self.reply.finish_reason]

    @property
    def signature(self) -> str:
        """The signature of the newest block of thinking, ``""`` if there is none."""
        signatures = (text(block.fields.get("signature")) for _, block in self._in_order())
        return next((s for s in reversed([*signatures]) if s), "")

    def response(self) -> dict[str, JSON]:
        """Return the message that a plain call would have given, as far as it came."""
        message: dict[str, JSON] = {
            **self._message,
            "content": [block.whole() for _, block in self._in_order()],
        }
        if self._usage:
            message["usage"] = self._usage
        return message

    def _in_order(self) -> list[tuple[int, _Block]]:
        return sorted(self._blocks.items())

    def _begin(self, record: Record, chunk: AnthropicCallResponseChunk) -> None:
        self._message = dict(fields(record.get("message")))
        self._usage = dict(fields(self._message.get("usage")))
        self._blocks = {}
        self.reply = Reply()
        self.id = chunk.id
        self.model = chunk.model
        self.tokens = chunk.tokens

    def _finish(self, record: Record, chunk: AnthropicCallResponseChunk) -> None:
        rest = {k: v for k, v in record.items() if k not in {"delta", "type", "usage"}}
        _replace(self._message, rest)
        _replace(self._message, fields(record.get("delta")))
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
        if chunk.tokens is not None:
            _replace(self._usage, fields(record.get("usage")))
            self.tokens = chunk.tokens = token_counts(self._usage)

    def _grow_block(self, record: Record, chunk: AnthropicCallResponseChunk) -> None:
        delta = fields(record.get("delta"))
        index = _index(record)
        block = self._blocks.get(index)
        if block is None:
            kind = _BLOCK_OF_DELTA.get(text(delta.get("type")))
            if kind is None:
                chunk.tool_calls = ()
                return
            block = self._blocks[index] = _Block({"type": kind, kind: ""})
        block.add(delta)
        if not block.is_tool_call:
            chunk.tool_calls = ()

    def _close_block(self, record: Record, chunk: AnthropicCallResponseChunk) -> None:
        """Tell arguments that came with the opening of a call and not in pieces."""
        index = _index(record)
        block = self._blocks.get(index)
        if block is not None and block.is_tool_call and not block.has_pieces:
            arguments = block.fields.get("input")
            if arguments:
                said = pydantic_core.to_json(arguments).decode()
                chunk.tool_calls = (ToolCallDelta(index, None, None, said),)

    def _fold(self, chunk: AnthropicCallResponseChunk) -> None:
        if chunk.content:
            self.reply.add_text(chunk.content)
        elif chunk.reasoning:
            self.reply.add_reasoning(chunk.reasoning)
        elif chunk.tool_calls:
            self.reply.add_tool_calls(chunk.tool_calls)


class _Block:
    """A block of content so far.

    Attributes:
        fields: What was told once, or newest.
    """

    __slots__ = ("_citations", "_growing", "fields")

    def __init__(self, start: Record) -> None:
        self.fields = dict(start)
        self._growing: dict[str, StringIO] = {}
        self._citations: list[JSON] = []

    @property
    def is_tool_call(self) -> bool:
        """Whether it is for the user's tools, not for the provider's own."""
        return self.fields.get("type") == "tool_use"

    @property
    def has_pieces(self) -> bool:
        """Whether its input came in pieces."""
        growing = self._growing.get("partial_json")
        return growing is not None and growing.tell() > 0

    def add(self, delta: Record) -> None:
        """Add what a delta tells."""
        for key, value in delta.items():
            if key in _GROWING and isinstance(value, str):
                self._growing_text(key).write(value)
            elif key == "citation":
                self._citations.append(value)
            elif key != "type":
                self.fields[key] = value

    def whole(self) -> dict[str, JSON]:
        """Return the block as a plain call would have given it."""
        block = self.fields | {key: said.getvalue() for key, said in self._growing.items()}
        arguments = text(block.pop("partial_json", None))
        if arguments:
            block["input"] = _parsed(arguments)
        if self._citations:
            before = block.get("citations")
            block["citations"] = [*(before if isinstance(before, list) else ()), *self._citations]
        return block

    def _growing_text(self, key: str) -> StringIO:
        growing = self._growing.get(key)
        if growing is None:
            growing = self._growing[key] = StringIO()
            growing.write(text(self.fields.get(key)))
        return growing


def _index(record: Record) -> int:
    return number(record.get("index")) or 0


def _replace(into: dict[str, JSON], newer: Record) -> None:
    """Take over what is newer; ``null`` says nothing about what was told before."""
    into.update({k: v for k, v in newer.items() if v is not None or k not in into})


def _parsed(arguments: str) -> JSON:
    """Return a tool's input, of one that is cut off as far as it came."""
    try:
        return pydantic_core.from_json(arguments, allow_partial=True) or {}
    except ValueError:
        return {}
