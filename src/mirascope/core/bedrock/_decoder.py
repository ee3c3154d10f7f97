"""Reads a stream of Bedrock's Converse API: blocks of content that grow, each with an index.

A block of text or of reasoning has no start, only deltas. ``messageStop`` has the finish reason,
with which the message is complete; ``metadata``, which has the usage, is the last event. A plain
response is read as the events that would have streamed it.
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
    from collections.abc import Iterator

    from mirascope.core._responses.call_response_chunk import SDKObject
    from mirascope.core.bedrock._sdk import StopReason

_EVENTS: Final = frozenset(
    {
        *("messageStart", "contentBlockStart", "contentBlockDelta"),
        *("contentBlockStop", "messageStop", "metadata"),
    }
)


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
        event = fields(record.get(kind))
        if kind not in _EVENTS:
            self._read_other(record, kind, out)
            return
        chunk = Chunk.from_record(record, raw)
        if kind in {"contentBlockDelta", "contentBlockStart"}:
            self._merge(event, chunk)
        elif kind == "contentBlockStop":
            self.reply.close_tool_call(number(event.get("contentBlockIndex")))
        elif kind == "messageStart":
            self._role = event.get("role")
        else:
            replace_fields(self._end, event)
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

    def _read_other(self, record: Record, kind: str, out: list[Chunk]) -> None:
        """Read a plain response, a failure, or an event that is not known.

        Raises:
            ProviderError: The record reports a failure.
        """
        if "output" in record and "stopReason" in record:
            for event in _events_of(record):
                self.decode(event, json.dumps(event).encode(), out)
        elif kind.endswith("Exception"):
            event = dict(fields(record[kind]))
            raise provider_error({"type": kind, **event}, body={"type": kind, **event})
        elif failure := find_error(record):
            raise failure
        else:
            self.unknown = record
            out.append(Chunk.from_record(record, json.dumps(record).encode()))

    def _merge(self, event: Record, chunk: Chunk) -> None:
        """Add the start or a delta of a content block."""
        delta = fields(event.get("delta") or event.get("start"))
        block = self._blocks.setdefault(number(event.get("contentBlockIndex")) or 0, {})
        if self.reply.keeps_text:
            if not chunk.content:
                delta = mergeable(delta)
                if citation := delta.pop("citation", None):
                    delta["citations"] = [citation]
            merge_delta(block, delta)
        call = block.get("toolUse")
        if chunk.tool_calls and isinstance(call, dict) and call.get("type") == SERVER_TOOL:
            chunk.tool_calls = ()


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


def _events_of(response: Record) -> Iterator[dict[str, JSON]]:
    """Yield the events of a plain response."""
    message = fields(fields(response["output"]).get("message"))
    yield {"messageStart": {"role": message.get("role")}}
    for index, block in enumerate(objects(message.get("content"))):
        for name, event in _block_events(block):
            yield {name: {"contentBlockIndex": index, **event}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    ends = ("stopReason", "additionalModelResponseFields")
    yield {"messageStop": {name: response[name] for name in ends if name in response}}
    rest = {name: v for name, v in response.items() if name not in {"output", *ends}}
    yield {"metadata": rest}


def _block_events(block: Record) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield the names and fields of the events of a complete content block."""
    cited, reasoning = fields(block.get("citationsContent")), block.get("reasoningContent")
    if call := fields(block.get("toolUse")):
        yield "contentBlockStart", {"start": {"toolUse": {**call, "input": None}}}
        yield "contentBlockDelta", {"delta": {"toolUse": {"input": json.dumps(call.get("input"))}}}
    elif text_block := fields(fields(reasoning).get("reasoningText")):
        yield "contentBlockDelta", {"delta": {"reasoningContent": dict(text_block)}}
    elif cited:
        for part in objects(cited.get("content")):
            yield "contentBlockDelta", {"delta": {"text": part.get("text")}}
        for citation in objects(cited.get("citations")):
            yield "contentBlockDelta", {"delta": {"citation": dict(citation)}}
    else:
        yield "contentBlockDelta", {"delta": dict(block)}
