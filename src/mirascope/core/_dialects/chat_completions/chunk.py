"""One chunk of a Chat Completions stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from mirascope.core._dialects.chat_completions.content_parts import texts_of
from mirascope.core._responses.call_response_chunk import (
    BaseCallResponseChunk,
    RawT,
)
from mirascope.core._responses.chunk_parts import AudioDelta, Citation, ImageDelta, decoded
from mirascope.core._wire.events import FinishT, TokenCounts, ToolCallDelta
from mirascope.core._wire.function_calls import read_tool_calls
from mirascope.core._wire.json_fields import fields, number, objects, text, text_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirascope.core._responses.chunk_parts import ChunkPart
    from mirascope.core._types import FinishReason
    from mirascope.core._wire.events import JSON, Record

REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
"""The fields in which compatible servers put reasoning; the first that has text counts."""

COMMON_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class ChatCompletionsChunk(BaseCallResponseChunk[RawT, FinishT]):
    """A chunk of a Chat Completions stream; its text is that of the first choice."""

    __slots__ = ()

    _common_reasons = COMMON_FINISH_REASONS

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = ""
        self.finish_reasons = self.tokens = self._usage = None
        self.tool_calls = ()
        self.id = text_or_none(record.get("id"))
        self.model = text_or_none(record.get("model"))
        choices = record.get("choices")
        if usage := record.get("usage"):
            self.set_usage(usage)
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                continue
            if reason := choice.get("finish_reason"):
                self._read_finish(reason, choice)
            delta = choice.get("delta")
            if choice.get("index") or not isinstance(delta, dict):
                continue
            content = delta.get("content")
            if isinstance(content, str):
                self.content = content
            elif isinstance(content, list):
                self.content, self.reasoning = texts_of(content)
            if len(delta) > 1 or not content:
                self.reasoning = reasoning_of(delta) or self.reasoning
                self.tool_calls = self._read_tool_calls(delta.get("tool_calls"))

    def _read_finish(self, reason: JSON, choice: Record) -> None:
        if isinstance(reason, str):
            self.finish_reasons = [*(self.finish_reasons or ()), cast("FinishT", reason)]
            if self.tokens is None and (usage := choice.get("usage")):  # Moonshot's place
                self.set_usage(usage)

    def _read_tool_calls(self, calls: JSON) -> tuple[ToolCallDelta, ...]:
        return read_tool_calls(calls)

    @override
    def _has_other_output(self) -> bool:
        return any(
            value and name != "role"
            for choice in objects(fields(self._record).get("choices"))
            for name, value in fields(choice.get("delta")).items()
        )

    @property
    def usage_record(self) -> dict[str, JSON] | None:
        """The usage as JSON, if the record has it."""
        return self._usage

    @override
    def _other_parts(self, record: Record) -> Iterator[ChunkPart]:
        choices = objects(record.get("choices"))
        for choice in choices:
            if not choice.get("index"):
                yield from self._parts_of(fields(choice.get("delta")))
        if any(choice.get("finish_reason") for choice in choices):  # each record repeats them
            yield from _sources(record)

    def _parts_of(self, delta: Record) -> Iterator[ChunkPart]:
        """Return the other parts of the first choice's delta."""
        for annotation in objects(delta.get("annotations")):
            if "citation" in (kind := text(annotation.get("type"))):
                yield _citation(fields(annotation.get(kind)) or annotation, annotation)
        for part in objects(delta.get("content")):
            if "reference" in text(part.get("type")):
                yield _citation(part, part)
        for image in (*objects(delta.get("content")), *objects(delta.get("images"))):
            if url := text(fields(image.get("image_url")).get("url")):
                yield ImageDelta.of_url(url)
        if audio := fields(delta.get("audio")):
            data, transcript = decoded(audio.get("data")), text(audio.get("transcript"))
            if data or transcript:
                yield AudioDelta(data, None, transcript)

    def set_usage(self, usage: JSON) -> None:
        """Set the usage to that of a later record."""
        if isinstance(usage, dict):
            self._usage = usage
            self.tokens = token_counts(usage)


def reasoning_of(message: Mapping[str, JSON]) -> str:
    """Return the reasoning that a delta or message has in a field of its own."""
    for field in REASONING_FIELDS:
        value = message.get(field)
        if value and isinstance(value, str):
            return value
    return ""


def _sources(record: Record) -> Iterator[Citation]:
    """Return what a record cites beside its choices, as Perplexity does."""
    results, urls = objects(record.get("search_results")), record.get("citations")
    for result in results:
        yield _citation(result, result)
    for url in urls if isinstance(urls, list) and not results else ():
        if isinstance(url, str):
            yield Citation(url, None, None, {"url": url})


def _citation(source: Record, raw: Record) -> Citation:
    url, title = text_or_none(source.get("url")), text_or_none(source.get("title"))
    cited = text_or_none(source.get("content")) or text_or_none(source.get("snippet"))
    return Citation(url, title or text_or_none(source.get("filename")), cited, raw)


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts of a usage object, normalized."""
    return TokenCounts(
        input=number(usage.get("prompt_tokens")),
        output=number(usage.get("completion_tokens")),
        cached=number(fields(usage.get("prompt_tokens_details")).get("cached_tokens")),
    )
