"""One chunk of a stream of a model of Amazon Bedrock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.chunk_parts import (
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    decoded,
)
from mirascope.core._types import FinishReason
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta
from mirascope.core._wire.json_fields import fields, number, objects, text, text_or_none
from mirascope.core._wire.json_text import from_bytes
from mirascope.core.bedrock._blobs import with_bytes, with_text
from mirascope.core.bedrock._sdk import ConverseStreamEvent, StopReason, TokenUsage

COMMON_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
SERVER_TOOL: Final = "server_tool_use"
"""The type of a call of a tool that the provider runs itself."""


class BedrockCallResponseChunk(BaseCallResponseChunk[ConverseStreamEvent, StopReason]):
    """The content of one event; ``chunk`` is the event as botocore's streams have it.

    Attributes:
        signature: The signature of a block of reasoning, ``""`` if the event has none.

    Example:
        >>> event: ConverseStreamEvent = {
        ...     "contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}
        ... }
        >>> BedrockCallResponseChunk(chunk=event).content
        'Hi'
    """

    __slots__ = ("signature",)

    _common_reasons = COMMON_FINISH_REASONS

    signature: str

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = self.signature = ""
        self.finish_reasons = self.id = self.model = self.tokens = None
        self.tool_calls = ()
        if event := fields(record.get("contentBlockDelta")):
            self._read_delta(fields(event.get("delta")), number(event.get("contentBlockIndex")))
        elif event := fields(record.get("contentBlockStart")):
            call = fields(fields(event.get("start")).get("toolUse"))
            if call and call.get("type") != SERVER_TOOL:
                self._read_call(call, number(event.get("contentBlockIndex")))
        elif event := fields(record.get("messageStop")):
            if reason := text(event.get("stopReason")):
                self.finish_reasons = [cast("StopReason", reason)]
        elif event := fields(record.get("metadata")):
            self.tokens = token_counts(fields(event.get("usage")))
        elif "output" in record:
            self._read_response(record)

    def _read_response(self, response: Record) -> None:
        """Read a plain response, which a server may send in place of a stream."""
        blocks = objects(fields(fields(response["output"]).get("message")).get("content"))
        calls: list[ToolCallDelta] = []
        for index, block in enumerate(blocks):
            reasoning = fields(fields(block.get("reasoningContent")).get("reasoningText"))
            call = {"input": {}, **fields(block.get("toolUse"))}
            self.reasoning += text(reasoning.get("text"))
            self.signature = text(reasoning.get("signature")) or self.signature
            if "name" in call and call.get("type") != SERVER_TOOL:
                self._read_call(call, index)
                calls += self.tool_calls
        self.content, self.tool_calls = "".join(map(text_of, blocks)), tuple(calls)
        if reason := text(response.get("stopReason")):
            self.finish_reasons = [cast("StopReason", reason)]
        self.tokens = token_counts(fields(response.get("usage")))

    def _read_delta(self, delta: Record, index: int | None) -> None:
        self.content = text(delta.get("text"))
        if reasoning := fields(delta.get("reasoningContent")):
            self.reasoning = text(reasoning.get("text"))
            self.signature = text(reasoning.get("signature"))
        elif call := fields(delta.get("toolUse")):
            self._read_call(call, index)

    def _read_call(self, call: Record, index: int | None) -> None:
        """Read the start of a tool call, or a delta of its arguments."""
        given = call.get("input")
        arguments = json.dumps(given) if isinstance(given, dict) else text(given)
        id_, name = text_or_none(call.get("toolUseId")), text_or_none(call.get("name"))
        self.tool_calls = (ToolCallDelta(index, id_, name, arguments),)

    @override
    def _other_parts(self, record: Record) -> Iterator[ChunkPart]:
        for kind, part in (("contentBlockStart", "start"), ("contentBlockDelta", "delta")):
            event = fields(record.get(kind))
            yield from self._parts_of(
                fields(event.get(part)), number(event.get("contentBlockIndex"))
            )
        message = fields(fields(record.get("output")).get("message"))
        for index, block in enumerate(objects(message.get("content"))):
            yield from self._parts_of(block, index)
            for citation in objects(fields(block.get("citationsContent")).get("citations")):
                yield _citation(citation)

    def _parts_of(self, block: Record, index: int | None) -> Iterator[ChunkPart]:
        """Return the other parts of a content block, of its start or of a delta of it."""
        call = fields(block.get("toolUse"))
        if call and (call.get("type") == SERVER_TOOL or not self.tool_calls):
            yield _hosted(text_or_none(call.get("type")) or "toolUse", call, index)
        results = block.get("toolResult")
        for result in results if isinstance(results, list) else [results]:
            if result and isinstance(result, dict):
                yield _hosted(text_or_none(result.get("type")) or "toolResult", result, index)
        if citation := fields(block.get("citation")):
            yield _citation(citation)
        image = fields(block.get("image"))
        if data := decoded(fields(image.get("source")).get("bytes")):
            kind = text(image.get("format"))
            yield ImageDelta(data, f"image/{kind}" if kind else None)

    @property
    @override
    def _record(self) -> JSON:
        raw = self._raw
        return from_bytes(raw) if isinstance(raw, bytes) else cast("JSON", with_text(raw))

    @classmethod
    @override
    def _build(cls, data: bytes) -> ConverseStreamEvent:
        return cast("ConverseStreamEvent", with_bytes(from_bytes(data)))

    @property
    def thinking(self) -> str:
        """The text of the model's reasoning, ``""`` if there is none."""
        return self.reasoning

    @property
    def usage(self) -> TokenUsage | None:
        """The usage as Bedrock reports it, if the event has it."""
        chunk = cast("Mapping[str, Any]", self.chunk)
        metadata: Mapping[str, Any] = chunk.get("metadata") or chunk
        return metadata.get("usage")


def text_of(block: Record) -> str:
    """Return the text of a complete content block, ``""`` if it has none."""
    if cited := fields(block.get("citationsContent")):
        return "".join(text(part.get("text")) for part in objects(cited.get("content")))
    return text(block.get("text"))


def _hosted(kind: str, record: Record, index: int | None) -> HostedToolEvent:
    call_id, name = text_or_none(record.get("toolUseId")), text_or_none(record.get("name"))
    return HostedToolEvent(kind, name, call_id, index, record)


def _citation(citation: Record) -> Citation:
    web = fields(fields(citation.get("location")).get("web"))
    cited = "".join(text(part.get("text")) for part in objects(citation.get("sourceContent")))
    url, title = text_or_none(web.get("url")), text_or_none(citation.get("title"))
    return Citation(url, title, cited or None, citation)


def token_counts(usage: Record) -> TokenCounts | None:
    """Return the token counts of a usage object, normalized; ``None`` if it is empty.

    Bedrock's ``inputTokens`` are those that were neither read from nor written to the cache.
    """
    if not usage:
        return None
    cached = number(usage.get("cacheReadInputTokens"))
    written = number(usage.get("cacheWriteInputTokens"))
    uncached = number(usage.get("inputTokens"))
    return TokenCounts(
        input=None if uncached is None else uncached + (cached or 0) + (written or 0),
        output=number(usage.get("outputTokens")),
        cached=cached,
        written=written,
    )
