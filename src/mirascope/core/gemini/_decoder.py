"""Reads a Gemini stream: records in, chunks out, and the response that they add up to.

Every record is a response itself that has only the new parts. Consecutive texts are one part, as in
a plain response; all other parts, and texts with a thought signature, stay separate, because they
must be sent back unchanged. Usage is a total; citations are accumulated.

A record with a finish reason need not be the last one, and some servers put one into each record.
So a stream is read to the end of the body, and an error of Gemini's own counts until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Final, cast

from pydantic import BaseModel

from mirascope.core._dialects.any_text import AnyText
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.deltas import freeze, merge_delta
from mirascope.core._wire.error_reports import find_error, provider_error
from mirascope.core._wire.events import (
    JSON,
    Mergeable,
    NullBuffer,
    Record,
    TokenCounts,
    ToolCall,
    ToolCallDelta,
)
from mirascope.core._wire.json_fields import fields, text_or_none
from mirascope.core.gemini import _response_json as response_json
from mirascope.core.gemini._errors import failure
from mirascope.core.gemini._function_calls import FunctionCallAssembler
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk as Chunk

_ACCUMULATED: Final = frozenset({"citationMetadata", "groundingMetadata", "urlContextMetadata"})
_RESPONSE_FIELDS: Final = frozenset(
    {"candidates", "promptFeedback", "usageMetadata", "modelVersion"}
)
_TEXT_FIELDS: Final = frozenset({"text", "thought"})
_NO_CANDIDATES: Final = object()
"""Equals nothing in a record."""


class GeminiDecoder:
    """Reads one stream.

    Args:
        keep: How much of the response to keep.
    """

    done = False  # no event marks the end of the stream

    def __init__(self, *, keep: Keep = "all") -> None:
        self.reply = MessageAccumulator(keep)
        self.id: str | None = None
        self.model: str | None = None
        self.unknown: Record | None = None
        self._usage: JSON = None
        self._text = AnyText()
        self._only_text: object = _NO_CANDIDATES
        self._buffer: StringIO = NullBuffer()
        self._envelope: dict[str, JSON] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._unfinished: set[int] = set()

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[Chunk]) -> None:
        """Read one record and add its chunk to ``out``.

        Raises:
            ProviderError: The record reports a failure.
        """
        if error := record.get("error"):
            if isinstance(error, dict):
                self._unfinished.add(0)
            raise provider_error(dict(record), body=error)
        self._envelope.update(record)
        usage = record.get("usageMetadata")
        if isinstance(usage, dict):
            self._usage = usage
        if (  # almost all records add nothing but a text, so they take a short way
            record.get("candidates") == self._only_text
            and record.get("responseId") == self.id
            and record.get("modelVersion") == self.model
        ):
            text = self._text.found
            self._buffer.write(text)
            self.reply.add_text(text)
            chunk = Chunk.of_text(text, raw, self.id, self.model)
            del chunk.tokens  # which are read from the event when somebody wants them
            out.append(chunk)
            return
        chunk = Chunk.from_record(record, raw)
        if self.id is None:
            self.id = chunk.id
        if self.model is None:
            self.model = chunk.model
        candidates = response_json.candidates(record)
        may_finish = not candidates
        for index, candidate in candidates:
            known = self._candidate(index)
            known.add(candidate)
            if known.finish_reason:
                may_finish = True
            else:
                self._unfinished.add(index)
        if chunk.tool_calls:
            chunk.tool_calls = self._candidate(0).take_tool_calls()
        self.reply.add(chunk)
        self._only_text = _NO_CANDIDATES
        if may_finish:
            self._finish(candidates, record, chunk)
        elif response_json.only_text(record):
            [(_, candidate)] = candidates
            content = {**fields(candidate["content"]), "parts": [{"text": self._text}]}
            self._only_text = [{**candidate, "content": content}]
            self._buffer = self._candidate(0).last_text
        out.append(chunk)

    def _finish(
        self, candidates: list[response_json.Candidate], record: Record, chunk: Chunk
    ) -> None:
        """Mark finished candidates; once all are, each chunk reports finish reasons and usage.

        Raises:
            ProviderError: A finish reason is a failure, or the record without a candidate is one.
        """
        for index, candidate in candidates:
            if failed := failure(candidate):
                self._unfinished.add(index)
                raise failed
            if self._candidates[index].finish_reason:
                self._unfinished.discard(index)
        if not candidates and _RESPONSE_FIELDS.isdisjoint(record):
            if error := find_error(record):
                raise error
            self.unknown = {n: value for n, value in record.items() if n != "sdkHttpResponse"}
        if self.is_complete:
            chunk.finish_reasons = chunk.finish_reasons or self.finish_reasons
            chunk.tokens = chunk.tokens or self.tokens

    def _candidate(self, index: int) -> _Candidate:
        known = self._candidates.get(index)
        if known is None:
            known = self._candidates[index] = _Candidate(keeps_text=self.reply.keeps_text)
        return known

    def flush(self, out: list[Chunk]) -> None:
        """Do nothing: no chunk is held."""

    @property
    def tokens(self) -> TokenCounts | None:
        """The token counts so far."""
        return response_json.token_counts(self._usage)

    @property
    def is_complete(self) -> bool:
        """Whether the provider has reported the end of each candidate, or a blocked prompt."""
        has_result = self._candidates or response_json.block_reason(self._envelope)
        return bool(has_result) and not self._unfinished

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the candidates ended, as far as received; without one, why the prompt was blocked."""
        reasons = [candidate.finish_reason for _, candidate in sorted(self._candidates.items())]
        if not self._candidates:
            reasons = [response_json.block_reason(self._envelope)]
        return [reason for reason in reasons if reason] or None

    def response(self) -> dict[str, JSON]:
        """Return the received part of the response as a plain call returns it."""
        candidates: list[JSON] = [c.response() for _, c in sorted(self._candidates.items())]
        first = candidates[0] if 0 in self._candidates else None
        _set_call_ids(response_json.parts(fields(first).get("content")), self.reply.kept_calls)
        return {**self._envelope, "candidates": candidates}


def _set_call_ids(parts: list[dict[str, JSON]], calls: Sequence[ToolCall]) -> None:
    """Write the ids of tool calls into their parts."""
    with_call = [part for part in parts if isinstance(part.get("functionCall"), dict)]
    for part, call in zip(with_call, calls, strict=False):
        part["functionCall"] = {**fields(part["functionCall"]), "id": call.call_id}


class _Candidate:
    """The received part of one candidate.

    Args:
        keeps_text: Whether its parts and its citations are kept.
    """

    def __init__(self, *, keeps_text: bool) -> None:
        self._keeps_text = keeps_text
        self._fields: dict[str, JSON] = {}
        self._role: JSON = "model"
        self._parts: list[dict[str, Mergeable]] = []
        self._empty_parts: list[JSON] = []
        self._assembler = FunctionCallAssembler()
        self._call_deltas: list[ToolCallDelta] = []

    @property
    def finish_reason(self) -> str | None:
        return text_or_none(self._fields.get("finishReason"))

    def add(self, candidate: Record) -> None:
        for name, value in candidate.items():
            if name == "content":
                self._add_content(fields(value))
            elif name in _ACCUMULATED and self._keeps_text:
                self._fields[name] = _accumulated(self._fields.get(name), value)
            else:
                self._fields[name] = value

    def _add_content(self, content: Record) -> None:
        self._role = content.get("role") or self._role
        for part in response_json.parts(content):
            if isinstance(part.get("functionCall"), dict):
                self._add_call(part)
            elif self._keeps_text:
                self._add_part(part)

    def _add_part(self, part: dict[str, JSON]) -> None:
        text = part.get("text")
        if not (isinstance(text, str) and _TEXT_FIELDS.issuperset(part)):
            self._parts.append(cast("dict[str, Mergeable]", part))
        elif not text:
            self._empty_parts = [{"text": ""}]
        else:
            if not _continues(self._parts, part):
                self._parts.append({})
            merge_delta(self._parts[-1], part)

    @property
    def last_text(self) -> StringIO:
        """The text of the last part, which can grow."""
        text = self._parts[-1].get("text") if self._parts else None
        return text if isinstance(text, StringIO) else NullBuffer()

    def _add_call(self, part: dict[str, JSON]) -> None:
        opened, delta = self._assembler.add(part)
        if opened is not None and self._keeps_text:
            self._parts.append(cast("dict[str, Mergeable]", opened))
        if delta is not None:
            self._call_deltas.append(delta)

    def take_tool_calls(self) -> tuple[ToolCallDelta, ...]:
        """Return the deltas of tool calls since the last time."""
        taken, self._call_deltas = tuple(self._call_deltas), []
        return taken

    def response(self) -> dict[str, JSON]:
        parts = [freeze(part) for part in self._parts] or self._empty_parts
        return {"content": {"parts": parts, "role": self._role}, **self._fields}


def _continues(parts: list[dict[str, Mergeable]], text: Record) -> bool:
    """Return whether a text belongs to the last part; only a merged text is in a buffer."""
    last = parts[-1] if parts else {}
    is_text = isinstance(last.get("text"), StringIO)
    return is_text and response_json.is_thought(last) is response_json.is_thought(text)


def _accumulated(before: JSON, new: JSON) -> JSON:
    """Return metadata with that of a further record; some servers repeat elements."""
    if isinstance(before, dict) and isinstance(new, dict):
        merged = {name: _accumulated(before.get(name), value) for name, value in new.items()}
        return {**before, **merged}
    if isinstance(before, list) and isinstance(new, list):
        return [*before, *(element for element in new if element not in before)]
    return new
