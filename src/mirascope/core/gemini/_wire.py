"""How to read Gemini's JSON, and how to make the SDK's objects of it.

All fields of those objects are optional, and the objects refuse fields that they do not know. So
what they refuse is left out, as the SDK itself does.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import cast

from google.genai.types import GenerateContentResponse
from pydantic import ValidationError

from mirascope.core._dialects.chat_completions import text_or_none
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta


def candidates(record: Record) -> Iterator[tuple[int, dict[str, JSON]]]:
    """Yield the candidates of a record with their indexes; an index of zero is left out."""
    found = record.get("candidates")
    if isinstance(found, list):
        for position, candidate in enumerate(found):
            if isinstance(candidate, dict):
                index = candidate.get("index")
                yield index if isinstance(index, int) else position, candidate


def parts(candidate: Record) -> list[dict[str, JSON]]:
    """Return the parts of a candidate."""
    content = candidate.get("content")
    found = content.get("parts") if isinstance(content, dict) else None
    return [p for p in found if isinstance(p, dict)] if isinstance(found, list) else []


def block_reason(record: Record) -> str | None:
    """Return why the prompt was blocked, if it was: then there are no candidates."""
    feedback = record.get("promptFeedback")
    if record.get("candidates") or not isinstance(feedback, dict):
        return None
    return text_or_none(feedback.get("blockReason"))


def finish_reasons(record: Record) -> list[str] | None:
    """Return why the candidates ended or the prompt was blocked, as far as told."""
    told = [text_or_none(candidate.get("finishReason")) for _, candidate in candidates(record)]
    return [reason for reason in (*told, block_reason(record)) if reason] or None


def tool_call(part: Record, key: int) -> ToolCallDelta | None:
    """Return the tool call that a part is, if it is a whole one."""
    call = part.get("functionCall")
    name = text_or_none(call.get("name")) if isinstance(call, dict) else None
    if not isinstance(call, dict) or name is None or call.get("willContinue"):
        return None
    arguments = json.dumps(call.get("args") or {})
    return ToolCallDelta(key, text_or_none(call.get("id")), name, arguments)


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts in the common meaning.

    Gemini counts what its own tools found (``toolUse``) and its thoughts beside prompt and answer.
    """
    return TokenCounts(
        input=_sum(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
        output=_sum(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
        cached=_sum(usage.get("cachedContentTokenCount")),
    )


def _sum(*counts: JSON) -> int | None:
    told = [count for count in counts if isinstance(count, int)]
    return sum(told) if told else None


def typed_from_json(data: bytes) -> GenerateContentResponse:
    """Return the SDK's object for JSON text."""
    try:
        return GenerateContentResponse.model_validate_json(data)
    except (ValidationError, Warning):
        return typed(json.loads(data))


def typed(record: Record) -> GenerateContentResponse:
    """Return the SDK's object for a record.

    The SDK warns of values that are new to it. Where warnings are errors, that must not be one.
    """
    try:
        return _validated(record)
    except Warning:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _validated(record)


def _validated(record: Record) -> GenerateContentResponse:
    """Validate; what is refused, round by round, is left out of a copy."""
    kept: dict[str, JSON] | None = None
    while True:
        try:
            return GenerateContentResponse.model_validate(record if kept is None else kept)
        except ValidationError as error:
            if kept is None:
                kept = cast("dict[str, JSON]", json.loads(json.dumps(record)))
            for problem in error.errors(include_url=False, include_context=False):
                _leave_out(kept, problem["loc"])


def _leave_out(record: dict[str, JSON], path: tuple[int | str, ...]) -> None:
    """Remove the field that a path leads to."""
    field: tuple[dict[str, JSON], str] | None = None
    node: JSON = record
    for step in path:
        if isinstance(node, dict) and isinstance(step, str) and step in node:
            field = node, step
            node = node[step]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            break
    if field is None:
        record.clear()
    else:
        field[0].pop(field[1], None)
