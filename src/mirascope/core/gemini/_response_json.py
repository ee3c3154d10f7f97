"""Reads the JSON of Gemini's responses, plain or of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from mirascope.core._responses.chunk_parts import (
    AudioDelta,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    decoded,
)
from mirascope.core._types import FinishReason
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta
from mirascope.core._wire.json_fields import fields, number, objects, text, text_or_none

COMMON_FINISH_REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "JAILBREAK"),
        ),
        "content_filter",
    ),
}


_HOSTED: Mapping[str, str] = {
    "executableCode": "code_execution",
    "codeExecutionResult": "code_execution",
    "toolCall": "tool",
    "toolResponse": "tool",
}
"""The fields of parts of tools that Gemini runs, with the names of the tools."""
_HOSTED_METADATA: Mapping[str, str] = {
    "groundingMetadata": "google_search",
    "urlContextMetadata": "url_context",
}
"""The same for the fields of a candidate."""

_TEXT_FIELDS: Final = frozenset({"content", "index"})

Candidate: TypeAlias = tuple[int, dict[str, JSON]]
"""A candidate with its index."""


def candidates(record: Record) -> list[Candidate]:
    """Return the candidates of a record with their indexes; an index of zero is left out."""
    values = record.get("candidates")
    found: list[Candidate] = []
    for position, candidate in enumerate(values if isinstance(values, list) else ()):
        if isinstance(candidate, dict):
            index = candidate.get("index")
            found.append((index if isinstance(index, int) else position, candidate))
    return found


def parts(content: JSON | Record) -> list[dict[str, JSON]]:
    """Return the parts of a content."""
    found = content.get("parts") if isinstance(content, dict) else None
    return [p for p in found if isinstance(p, dict)] if isinstance(found, list) else []


def only_text(record: Record) -> str:
    """Return the text of a record whose one candidate has nothing but a text; ``""`` of others."""
    found = record.get("candidates")
    candidate = found[0] if isinstance(found, list) and len(found) == 1 else None
    if not isinstance(candidate, dict) or not _TEXT_FIELDS.issuperset(candidate):
        return ""
    content = candidate.get("content")
    listed = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(listed, list) or len(listed) != 1 or candidate.get("index"):
        return ""
    part = listed[0]
    return text(part.get("text")) if isinstance(part, dict) and len(part) == 1 else ""


def is_thought(part: Mapping[str, object]) -> bool:
    """Return whether a part is reasoning."""
    return part.get("thought") is True


def texts(parts: list[dict[str, JSON]]) -> tuple[str, str]:
    """Return the text and the reasoning of parts."""
    text = reasoning = ""
    for part in parts:
        value = part.get("text")
        if isinstance(value, str):
            if is_thought(part):
                reasoning += value
            else:
                text += value
    return text, reasoning


def tool_calls(parts: list[dict[str, JSON]]) -> tuple[ToolCallDelta, ...]:
    """Return the tool calls of parts; each is complete."""
    calls = [call for part in parts if isinstance(call := part.get("functionCall"), dict)]
    return tuple(_tool_call(key, call) for key, call in enumerate(calls)) if calls else ()


def _tool_call(key: int, call: Record) -> ToolCallDelta:
    id_, name = text_or_none(call.get("id")), text_or_none(call.get("name"))
    return ToolCallDelta(key, id_, name, json.dumps(call.get("args") or {}))


def other_parts(candidate: Record) -> Iterator[ChunkPart]:
    """Return the parts of a candidate that are neither text, reasoning nor calls of tools.

    An image in a thought is a draft, which no plain reader wants.
    """
    for part in parts(candidate.get("content")):
        if not is_thought(part):
            yield from _media(fields(part.get("inlineData")) or fields(part.get("fileData")))
        for kind, name in _HOSTED.items():
            if value := part.get(kind):
                yield _hosted(kind, name, fields(value))
    for kind, name in _HOSTED_METADATA.items():
        if metadata := fields(candidate.get(kind)):
            yield _hosted(kind, name, metadata)
    cited = fields(candidate.get("citationMetadata"))
    for source in (*objects(cited.get("citations")), *objects(cited.get("citationSources"))):
        yield _citation(source, source)
    for chunk in objects(fields(candidate.get("groundingMetadata")).get("groundingChunks")):
        sources = [source for source in chunk.values() if isinstance(source, dict)]
        yield _citation(sources[0] if sources else {}, chunk)


def _media(blob: Record) -> Iterator[ChunkPart]:
    media_type, url = text(blob.get("mimeType")), text_or_none(blob.get("fileUri"))
    if media_type.startswith("image/"):
        yield ImageDelta(decoded(blob.get("data")), media_type, url)
    elif media_type.startswith("audio/"):
        yield AudioDelta(decoded(blob.get("data")), media_type)


def _hosted(kind: str, name: str, value: Record) -> HostedToolEvent:
    return HostedToolEvent(kind, name, text_or_none(value.get("id")), None, value)


def _citation(source: Record, raw: Record) -> Citation:
    cited = text_or_none(source.get("text"))
    return Citation(text_or_none(source.get("uri")), text_or_none(source.get("title")), cited, raw)


def block_reason(record: Record) -> str | None:
    """Return why the prompt was blocked, ``None`` if it was not; then there are no candidates."""
    feedback = record.get("promptFeedback")
    if not isinstance(feedback, dict) or record.get("candidates"):
        return None
    return text_or_none(feedback.get("blockReason"))


def finish_reasons(record: Record, candidates: list[Candidate]) -> list[str] | None:
    """Return why the candidates ended or the prompt was blocked, as far as the record has it."""
    reasons = [
        reason
        for _, candidate in candidates
        if (reason := candidate.get("finishReason")) and isinstance(reason, str)
    ]
    if blocked := block_reason(record):
        reasons.append(blocked)
    return reasons or None


def or_tool_calls(reasons: list[FinishReason] | None) -> list[FinishReason] | None:
    """Return the common finish reasons where there are tool calls: Gemini reports only ``STOP``."""
    return reasons and ["tool_calls" if reason == "stop" else reason for reason in reasons]


def token_counts(usage: JSON) -> TokenCounts | None:
    """Return the normalized token counts, if there is usage.

    Gemini counts the results of its own tools (``toolUse``) beside the prompt, and thoughts beside
    the candidates.
    """
    if not isinstance(usage, dict):
        return None
    get = usage.get
    return TokenCounts(
        _sum(get("promptTokenCount"), get("toolUsePromptTokenCount")),
        _sum(get("candidatesTokenCount"), get("thoughtsTokenCount")),
        number(get("cachedContentTokenCount")),
    )


def _sum(count: JSON, more: JSON) -> int | None:
    if not isinstance(count, int):
        return number(more)
    return count + more if isinstance(more, int) else count
