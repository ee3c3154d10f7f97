"""One chunk of a stream of an Anthropic model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast, get_args

from anthropic import types
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.chunk_parts import ChunkPart, Citation, HostedToolEvent
from mirascope.core._types import FinishReason
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta
from mirascope.core._wire.json_fields import fields, number, objects, text, text_or_none

_EVENTS: Final[dict[str, type[BaseModel]]] = {
    get_args(event.model_fields["type"].annotation)[0]: event
    for event in get_args(get_args(types.RawMessageStreamEvent)[0])
}


_HOSTED: Final = ("container_upload", "mcp_tool_use", "server_tool_use")
"""The types of blocks of tools that Anthropic runs, beside the results."""

COMMON_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class AnthropicCallResponseChunk(
    BaseCallResponseChunk[types.RawMessageStreamEvent, types.StopReason]
):
    """The content of one event of an Anthropic stream; ``chunk`` is the ``RawMessageStreamEvent``.

    Attributes:
        signature: The signature of a block of thinking, ``""`` if the event has none.

    Example:
        >>> raw = types.RawContentBlockDeltaEvent.model_validate({
        ...     "type": "content_block_delta", "index": 0,
        ...     "delta": {"type": "text_delta", "text": "Hi"},
        ... })
        >>> AnthropicCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ("signature",)

    _common_reasons = COMMON_FINISH_REASONS
    _raw_types = _EVENTS
    _raw_type = types.RawMessageStartEvent  # the SDK's class for unknown events

    signature: str

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = self.signature = ""
        self.finish_reasons = self.id = self.model = self.tokens = self._usage = None
        self.tool_calls = ()
        kind = record.get("type")
        if kind == "content_block_delta":
            delta = record.get("delta")
            if isinstance(delta, dict) and delta.get("type") == "text_delta":
                self.content = text(delta.get("text"))
            else:
                self._read_block(fields(delta), record.get("index"))
        elif kind == "content_block_start":
            self._read_block(fields(record.get("content_block")), record.get("index"))
        elif kind == "message_start":
            message = fields(record.get("message"))
            self.id = text(message.get("id")) or None
            self.model = text(message.get("model")) or None
            self.tokens = token_counts(fields(message.get("usage")))
            self._read_end(message)
            self._read_blocks(objects(message.get("content")))
        elif kind == "message_delta":
            self._read_end(fields(record.get("delta")))
            self.tokens = token_counts(fields(record.get("usage")))

    def _read_end(self, message: Record) -> None:
        if reason := text(message.get("stop_reason")):
            self.finish_reasons = [cast("types.StopReason", reason)]

    def _read_blocks(self, blocks: Sequence[Record]) -> None:
        """Read the blocks of a message that is complete from the start, as if each was opened."""
        opened = [
            self.from_record({"type": "content_block_start", "index": i, "content_block": b}, b"")
            for i, b in enumerate(cast("list[dict[str, JSON]]", blocks))
        ]
        self.content = "".join(block.content for block in opened)
        self.reasoning = "".join(block.reasoning for block in opened)
        self.signature = next((b.signature for b in reversed(opened) if b.signature), "")
        calls = [call for block in opened for call in block.tool_calls]
        self.tool_calls = tuple(c._replace(arguments=c.arguments or "{}") for c in calls)

    def _read_block(self, block: Record, index: JSON) -> None:
        """Read an opened block or a delta of one: both have the same names of fields."""
        kind = text(block.get("type"))
        if kind in {"text_delta", "text"}:
            self.content = text(block.get("text"))
        elif kind in {"thinking_delta", "signature_delta", "thinking"}:
            self.reasoning = text(block.get("thinking"))
            self.signature = text(block.get("signature"))
        elif kind in {"input_json_delta", "tool_use"}:
            complete = block.get("input")  # or empty and followed by deltas
            arguments = json.dumps(complete) if complete else text(block.get("partial_json"))
            id_, name = text(block.get("id")) or None, text(block.get("name")) or None
            self.tool_calls = (ToolCallDelta(number(index), id_, name, arguments),)

    @override
    def _other_parts(self, record: Record) -> Iterator[ChunkPart]:
        index = number(record.get("index"))
        yield from _parts_of(fields(record.get("content_block")), index)
        for opened, block in enumerate(objects(fields(record.get("message")).get("content"))):
            yield from _parts_of(block, opened)
        delta = fields(record.get("delta"))
        if citation := fields(delta.get("citation")):
            yield _citation(citation)
        elif delta.get("type") == "input_json_delta" and not self.tool_calls:
            yield HostedToolEvent("input_json_delta", None, None, index, delta)

    def set_usage(self, usage: dict[str, JSON]) -> None:
        """Set the usage to that of the complete response, which the event itself does not have."""
        self._usage = usage or None

    @property
    def thinking(self) -> str:
        """The text of the model's thinking, ``""`` if there is none."""
        return self.reasoning

    @property
    def usage(self) -> types.Usage | types.MessageDeltaUsage | None:
        """The usage as Anthropic reports it, if the event has it."""
        event = self.chunk
        if isinstance(event, types.RawMessageStopEvent) and self._usage is not None:
            return types.Usage.model_construct(None, **self._usage)
        if isinstance(event, types.RawMessageStartEvent):
            return cast("types.Usage | None", getattr(event.message, "usage", None))
        return event.usage if isinstance(event, types.RawMessageDeltaEvent) else None


def _parts_of(block: Record, index: int | None) -> Iterator[ChunkPart]:
    """Return what a block has beside text, thinking and calls of tools."""
    for citation in objects(block.get("citations")):
        yield _citation(citation)
    kind = text(block.get("type"))
    if kind in _HOSTED or kind.endswith("_tool_result"):
        call_id = text_or_none(block.get("id")) or text_or_none(block.get("tool_use_id"))
        yield HostedToolEvent(kind, text_or_none(block.get("name")), call_id, index, block)


def _citation(citation: Record) -> Citation:
    title = text_or_none(citation.get("title")) or text_or_none(citation.get("document_title"))
    url, cited = text_or_none(citation.get("url")), text_or_none(citation.get("cited_text"))
    return Citation(url, title, cited, citation)


def token_counts(usage: Record) -> TokenCounts | None:
    """Return the token counts of a usage object, normalized; ``None`` if it is empty.

    Anthropic's ``input_tokens`` are those that were neither read from nor written to the cache.
    """
    if not usage:
        return None
    cached = number(usage.get("cache_read_input_tokens"))
    created = number(usage.get("cache_creation_input_tokens"))
    uncached = number(usage.get("input_tokens"))
    return TokenCounts(
        input=None if uncached is None else uncached + (cached or 0) + (created or 0),
        output=number(usage.get("output_tokens")),
        cached=cached,
        written=created,
    )
