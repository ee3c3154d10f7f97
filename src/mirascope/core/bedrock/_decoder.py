"""Reads a stream of Bedrock's Converse API: blocks of content that grow, each with an index.

A block of text or of reasoning has no start, only deltas. ``messageStop`` has the finish reason,
with which the message is complete; ``metadata``, which has the usage, is the last event. A plain
response is read as one event with everything in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from mirascope.core._engine.decoder import SingleMessageDecoder
from mirascope.core._wire.accumulator import Keep, replace_fields
from mirascope.core._wire.deltas import freeze_fields, merge_delta
from mirascope.core._wire.error_reports import find_error, provider_error
from mirascope.core._wire.events import JSON, Mergeable, Record
from mirascope.core._wire.json_fields import fields, number, objects, parse_partial, text
from mirascope.core.bedrock._blobs import mergeable, merged
from mirascope.core.bedrock.call_response_chunk import SERVER_TOOL
from mirascope.core.bedrock.call_response_chunk import BedrockCallResponseChunk as Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mirascope.core._responses.call_response_chunk import SDKObject
    from mirascope.core.bedrock._sdk import StopReason

_EVENTS: Final = frozenset(
    {
        *("messageStart", "contentBlockStart", "contentBlockDelta"),
        *("contentBlockStop", "messageStop", "metadata"),
    }
)

_NOT_IN_END: Final = frozenset({"output", "ResponseMetadata"})


class BedrockDecoder(SingleMessageDecoder):
    """Reads one stream.

    Args:
        model: The name of the requested model, which no event reports.
        keep: How much of the response to keep.
    """

    def __init__(self, model: str | None, *, keep: Keep = "all") -> None:
        super().__init__(keep=keep)
        self.model = model
        self._role: JSON = "assistant"
        self._blocks: dict[int, dict[str, Mergeable]] = {}
        self._end: dict[str, JSON] = {}

    def decode(self, record: Record, raw: SDKObject | bytes, out: list[Chunk]) -> None:
        """Read one event and add its chunk to ``out``.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind = next(iter(record), "")
        events: Iterable[tuple[str, Record]]
        if "output" in record:
            events = _events_of(record)
        elif kind in _EVENTS:
            events = ((kind, fields(record.get(kind))),)
        else:
            self._read_other(record, kind, raw, out)
            return
        chunk = Chunk.from_record(record, raw)
        for kind, event in events:
            self._add(kind, event)
        if chunk.tool_calls and self._runs_itself(chunk.tool_calls[0].key):
            chunk.tool_calls = ()
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
        if kind == "metadata":
            self.tokens, self.done = chunk.tokens, True
            chunk.finish_reasons = cast("list[StopReason] | None", self.finish_reasons)
        self.reply.add(chunk)
        out.append(chunk)

    def response(self) -> dict[str, JSON]:
        """Return the received part of the response as a plain call returns it."""
        blocks = sorted(self._blocks.items()) if self.reply.keeps_text else ()
        ids: dict[int | None, JSON] = {call.key: call.call_id for call in self.reply.kept_calls}
        content: list[JSON] = [
            _block_json(merged(freeze_fields(block)), ids.get(index)) for index, block in blocks
        ]
        message: dict[str, JSON] = {"role": self._role, "content": content}
        return {"output": {"message": message}, **self._end}

    def _read_other(
        self, record: Record, kind: str, raw: SDKObject | bytes, out: list[Chunk]
    ) -> None:
        """Read a failure, or an event that is not known.

        Raises:
            ProviderError: The record reports a failure.
        """
        if kind.endswith("Exception"):
            raise provider_error({"type": kind, **fields(record[kind])})
        if failure := find_error(record):
            raise failure
        self.unknown = record
        out.append(Chunk.from_record(record, raw))

    def _add(self, kind: str, event: Record) -> None:
        """Add what an event has beside text, reasoning and tool calls."""
        index = number(event.get("contentBlockIndex")) or 0
        if kind == "contentBlockDelta":
            self._merge(index, fields(event.get("delta")))
        elif kind == "contentBlockStart":
            self._merge(index, fields(event.get("start")))
        elif kind == "contentBlockStop":
            self.reply.close_tool_call(index)
        elif kind == "messageStart":
            self._role = event.get("role")
        else:
            replace_fields(self._end, event)

    def _merge(self, index: int, delta: Record) -> None:
        """Merge the start or a delta of a content block."""
        block = self._blocks.setdefault(index, {})
        if not self.reply.keeps_text:
            delta = {"toolUse": {"type": fields(delta.get("toolUse")).get("type")}}
        elif "text" not in delta:
            delta = mergeable(delta)
            if "citation" in delta:
                delta = {"citations": [delta["citation"]]}
        merge_delta(block, delta)

    def _runs_itself(self, index: int | None) -> bool:
        """Return whether a tool call is of a tool that the provider runs itself."""
        call = self._blocks.get(index or 0, {}).get("toolUse")
        return isinstance(call, dict) and call.get("type") == SERVER_TOOL


def _block_json(block: dict[str, JSON], call_id: JSON) -> JSON:
    """Return a content block as a plain response has it."""
    if citations := block.get("citations"):
        content: JSON = [{"text": block.get("text", "")}]
        return {"citationsContent": {"content": content, "citations": citations}}
    if call := fields(block.get("toolUse")):
        received = parse_partial(text(call.get("input")))
        own_id = {} if call_id is None else {"toolUseId": call_id}
        return {"toolUse": {**call, **own_id, "input": received}}
    reasoning = dict(fields(block.get("reasoningContent")))
    if reasoning and "redactedContent" not in reasoning:
        return {"reasoningContent": {"reasoningText": reasoning}}
    return block


def _events_of(response: Record) -> Iterator[tuple[str, Record]]:
    """Yield the types and fields of the events of a plain response, which may be cut off."""
    message = fields(fields(response["output"]).get("message"))
    yield "messageStart", {"role": message.get("role") or "assistant"}
    for index, block in enumerate(objects(message.get("content"))):
        for kind, event in _block_events(block):
            yield kind, {"contentBlockIndex": index, **event}
    end = {name: value for name, value in response.items() if name not in _NOT_IN_END}
    yield "metadata" if "usage" in end else "messageStop", end


def _block_events(block: Record) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield the types and fields of the events of a complete content block."""
    reasoning = fields(fields(block.get("reasoningContent")).get("reasoningText"))
    if call := fields(block.get("toolUse")):
        arguments = json.dumps(call.get("input") or {})
        yield "contentBlockStart", {"start": {"toolUse": {**call, "input": arguments}}}
    elif reasoning:
        yield "contentBlockDelta", {"delta": {"reasoningContent": dict(reasoning)}}
    elif cited := fields(block.get("citationsContent")):
        for part in objects(cited.get("content")):
            yield "contentBlockDelta", {"delta": {"text": part.get("text")}}
        for citation in objects(cited.get("citations")):
            yield "contentBlockDelta", {"delta": {"citation": dict(citation)}}
    else:
        yield "contentBlockDelta", {"delta": dict(block)}
