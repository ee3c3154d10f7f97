"""How to read Gemini's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from mirascope.core._types import FinishReason
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta, text_or_none
from mirascope.core._wire.json_fields import number

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


Candidate: TypeAlias = tuple[int, dict[str, JSON]]
"""A candidate with its index."""


def candidates(record: Record) -> list[Candidate]:
    """Return the candidates of a record with their indexes; an index of zero is left out."""
    found = record.get("candidates")
    told: list[Candidate] = []
    for position, candidate in enumerate(found if isinstance(found, list) else ()):
        if isinstance(candidate, dict):
            index = candidate.get("index")
            told.append((index if isinstance(index, int) else position, candidate))
    return told


def parts(content: JSON) -> list[dict[str, JSON]]:
    """Return the parts of a content."""
    found = content.get("parts") if isinstance(content, dict) else None
    return [p for p in found if isinstance(p, dict)] if isinstance(found, list) else []


def is_thought(part: Mapping[str, object]) -> bool:
    """Tell the model's reasoning from its answer."""
    return part.get("thought") is True


def texts(parts: list[dict[str, JSON]]) -> tuple[str, str]:
    """Return the text and the reasoning of parts."""
    text = reasoning = ""
    for part in parts:
        said = part.get("text")
        if isinstance(said, str):
            if is_thought(part):
                reasoning += said
            else:
                text += said
    return text, reasoning


def tool_calls(parts: list[dict[str, JSON]]) -> tuple[ToolCallDelta, ...]:
    """Return the tool calls of parts; each is whole."""
    calls = [call for part in parts if isinstance(call := part.get("functionCall"), dict)]
    return tuple(_tool_call(key, call) for key, call in enumerate(calls)) if calls else ()


def _tool_call(key: int, call: Record) -> ToolCallDelta:
    id_, name = text_or_none(call.get("id")), text_or_none(call.get("name"))
    return ToolCallDelta(key, id_, name, json.dumps(call.get("args") or {}))


def block_reason(record: Record) -> str | None:
    """Return why the prompt was blocked, if it was: then there are no candidates."""
    feedback = record.get("promptFeedback")
    if not isinstance(feedback, dict) or record.get("candidates"):
        return None
    return text_or_none(feedback.get("blockReason"))


def finish_reasons(record: Record, candidates: list[Candidate]) -> list[str] | None:
    """Return why the candidates ended or the prompt was blocked, as far as told."""
    reasons = [
        reason
        for _, candidate in candidates
        if (reason := candidate.get("finishReason")) and isinstance(reason, str)
    ]
    if blocked := block_reason(record):
        reasons.append(blocked)
    return reasons or None


def or_tool_calls(reasons: list[FinishReason] | None) -> list[FinishReason] | None:
    """Return common finish reasons of what has tool calls: Gemini says only that it stopped."""
    return reasons and ["tool_calls" if reason == "stop" else reason for reason in reasons]


def token_counts(usage: JSON) -> TokenCounts | None:
    """Return the token counts in the common meaning, if told.

    Gemini counts what its own tools found (``toolUse``) and its thoughts beside prompt and answer.
    """
    if not isinstance(usage, dict):
        return None
    return TokenCounts(
        input=_sum(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
        output=_sum(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
        cached=number(usage.get("cachedContentTokenCount")),
    )


def _sum(count: JSON, more: JSON) -> int | None:
    if not isinstance(count, int):
        return number(more)
    return count + more if isinstance(more, int) else count
