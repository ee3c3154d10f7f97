"""One chunk of a stream of a Cohere model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from cohere import DebugV2ChatStreamResponse, Usage, V2ChatStreamResponse
from pydantic import BaseModel, ValidationError
from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.chunk_parts import Citation
from mirascope.core._types import FinishReason as CommonFinishReason
from mirascope.core._wire.events import JSON, Record, TokenCounts
from mirascope.core._wire.function_calls import number_calls, read_tool_calls
from mirascope.core._wire.json_fields import fields, text_or_none, whole_number

FinishReason: TypeAlias = Literal[
    "COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "ERROR", "TIMEOUT"
]

COMMON_FINISH_REASONS: Final[Mapping[str, CommonFinishReason]] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}

_EVENT_TYPES: Final[dict[JSON, type[BaseModel]]] = {
    event_type.model_fields["type"].default: event_type
    for event_type in get_args(get_args(V2ChatStreamResponse)[0])
}


class CohereCallResponseChunk(BaseCallResponseChunk[V2ChatStreamResponse, FinishReason]):
    """The content of one event of a Cohere stream; ``chunk`` is one of ``V2ChatStreamResponse``.

    Thinking and tool plans are both reasoning. An event that the SDK does not know is a
    ``DebugV2ChatStreamResponse``, with its own ``type`` and all its fields.

    Example:
        >>> from cohere import ContentDeltaV2ChatStreamResponse
        >>> raw = ContentDeltaV2ChatStreamResponse.model_validate(
        ...     {"index": 0, "delta": {"message": {"content": {"text": "Hi"}}}}
        ... )
        >>> CohereCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _common_reasons = COMMON_FINISH_REASONS

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = ""
        self.finish_reasons = self.model = self._usage = self.tokens = None
        self.tool_calls = ()
        self.id = text_or_none(record.get("id"))
        delta = record.get("delta")
        if not isinstance(delta, dict):
            return
        message = delta.get("message")
        if isinstance(message, dict):
            self._read_message(message, delta, record.get("index"))
        else:
            self._read_end(delta)

    def _read_end(self, delta: Record) -> None:
        if reason := text_or_none(delta.get("finish_reason")):
            self.finish_reasons = [cast("FinishReason", reason)]
        usage = delta.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
            self.tokens = token_counts(usage)

    def _read_message(self, message: Record, delta: Record, index: JSON) -> None:
        content = message.get("content")
        if isinstance(content, dict):
            self.content = text_or_none(content.get("text")) or ""
            self.reasoning = text_or_none(content.get("thinking")) or ""
        elif "finish_reason" in delta:
            self._read_plain(message)
            self._read_end(delta)
        elif plan := text_or_none(message.get("tool_plan")):
            self.reasoning = plan
        elif calls := message.get("tool_calls"):
            self.tool_calls = read_tool_calls([{**call, "index": index} for call in objects(calls)])

    def _read_plain(self, message: Record) -> None:
        """Read the message of a plain response."""
        blocks = objects(message.get("content"))
        self.content = "".join(text_or_none(block.get("text")) or "" for block in blocks)
        thinking = [text_or_none(block.get("thinking")) or "" for block in blocks]
        self.reasoning = "".join([*thinking, text_or_none(message.get("tool_plan")) or ""])
        self.tool_calls = read_tool_calls(number_calls(objects(message.get("tool_calls"))))

    @override
    def _other_parts(self, record: Record) -> Iterator[Citation]:
        message = fields(fields(record.get("delta")).get("message"))
        for citation in objects(message.get("citations")):
            sources = objects(citation.get("sources"))
            document = fields(sources[0].get("document") if sources else None)
            url, title = text_or_none(document.get("url")), text_or_none(document.get("title"))
            cited = text_or_none(document.get("snippet")) or text_or_none(document.get("text"))
            yield Citation(url, title, cited, citation)

    @property
    def usage(self) -> Usage | None:
        """The usage as Cohere reports it, billed units included, if the event has it."""
        return None if self._usage is None else Usage.model_construct(None, **self._usage)

    @classmethod
    @override
    def _build(cls, data: bytes) -> Any:
        record = json.loads(data)
        event_type = _EVENT_TYPES.get(text_or_none(record.get("type")), DebugV2ChatStreamResponse)
        try:
            return event_type.model_validate(record)
        except ValidationError:
            return event_type.model_construct(None, **record)


def objects(value: JSON) -> list[Record]:
    """Return the objects in a field that has a list, or in events often a single object."""
    values = value if isinstance(value, list) else [value]
    return [value for value in values if isinstance(value, Mapping)]


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts of a usage object, normalized."""
    return _read_counts(fields(usage.get("tokens")), usage)


def billed_counts(usage: Record) -> TokenCounts:
    """Return the billed token counts, which differ from those of the model."""
    return _read_counts(fields(usage.get("billed_units")), {})


def _read_counts(tokens: Record, usage: Record) -> TokenCounts:
    return TokenCounts(
        input=whole_number(tokens.get("input_tokens")),
        output=whole_number(tokens.get("output_tokens")),
        cached=whole_number(usage.get("cached_tokens")),
    )
