"""Reads a Gemini stream: records in, chunks out, and the answer that they add up to.

Every record is a whole response in itself that holds only what is new. Texts that follow each other
are one part, as in a plain answer; all other parts, and those with a thought's signature, stay as
they came, because they must be sent back as they came. Usage is a total; citations add up.

A record with a finish reason need not be the last, and some servers put one into each record: the
answer is read to the end of the body, and an error of Gemini's own counts until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Final, cast

from pydantic import BaseModel

from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.deltas import Mergeable, freeze, merge_delta
from mirascope.core._wire.error_reports import provider_error, reported
from mirascope.core._wire.events import (
    JSON,
    Record,
    TokenCounts,
    ToolCall,
    ToolCallDelta,
    text_or_none,
)
from mirascope.core._wire.json_fields import fields
from mirascope.core.gemini import _wire
from mirascope.core.gemini._call_pieces import CallPieces
from mirascope.core.gemini._errors import failure
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk as Chunk

_ADDED_UP: Final = frozenset({"citationMetadata", "groundingMetadata", "urlContextMetadata"})
_KNOWN: Final = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion"})
_TEXT: Final = frozenset({"text", "thought"})


class GeminiDecoder:
    """Reads one stream."""

    done = False  # there is no event that says so

    def __init__(self, *, keep: Keep = "all") -> None:
        self.reply = MessageAccumulator(keep)
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.unknown: Record | None = None
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
        chunk = Chunk.from_record(record, raw)
        if self.id is None:
            self.id = chunk.id
        if self.model is None:
            self.model = chunk.model
        if chunk.tokens is not None:
            self.tokens = chunk.tokens
        self._envelope.update(record)
        candidates = _wire.candidates(record)
        ends = not candidates
        for index, candidate in candidates:
            known = self._candidate(index)
            known.add(candidate)
            if known.finish_reason:
                ends = True
            else:
                self._unfinished.add(index)
        if chunk.tool_calls:
            chunk.tool_calls = self._candidate(0).take_calls()
        self.reply.add(chunk)
        if ends:
            self._end(candidates, record, chunk)
        out.append(chunk)

    def _end(self, ended: list[_wire.Candidate], record: Record, chunk: Chunk) -> None:
        """Note the end of candidates; from the last one's on, each chunk reports how they ended.

        Raises:
            ProviderError: One ended in a failure, or the record has no candidate but a report.
        """
        for index, candidate in ended:
            if failed := failure(candidate):
                self._unfinished.add(index)
                raise failed
            if self._candidates[index].finish_reason:
                self._unfinished.discard(index)
        if not ended and _KNOWN.isdisjoint(record):
            if failed := reported(record):
                raise failed
            self.unknown = {n: told for n, told in record.items() if n != "sdkHttpResponse"}
        if self.is_complete:
            chunk.finish_reasons = chunk.finish_reasons or self.finish_reasons
            chunk.tokens = chunk.tokens or self.tokens

    def _candidate(self, index: int) -> _Candidate:
        known = self._candidates.get(index)
        if known is None:
            known = self._candidates[index] = _Candidate(keeps_text=self.reply.keeps_text)
        return known

    def flush(self, out: list[Chunk]) -> None:
        """Do nothing: no chunk is held back."""

    @property
    def is_complete(self) -> bool:
        """Whether the answer has come to its own end."""
        told = self._candidates or _wire.block_reason(self._envelope)
        return bool(told) and not self._unfinished

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the candidates ended or the prompt was blocked, as far as told."""
        return [reason for reason in self._ends() if reason] or None

    def _ends(self) -> list[str | None]:
        """Return why each candidate ended; where there is none, why the prompt was blocked."""
        if not self._candidates:
            return [_wire.block_reason(self._envelope)]
        return [candidate.finish_reason for _, candidate in sorted(self._candidates.items())]

    def response(self) -> dict[str, JSON]:
        """Return the response that a plain call would have given, as far as it came."""
        candidates: list[JSON] = [c.response() for _, c in sorted(self._candidates.items())]
        first = candidates[0] if 0 in self._candidates else None
        _identify(_wire.parts(fields(first).get("content")), self.reply.kept_calls)
        return {**self._envelope, "candidates": candidates}


def _identify(parts: list[dict[str, JSON]], calls: Sequence[ToolCall]) -> None:
    """Write the ids of the calls into the parts that they came in."""
    theirs = [part for part in parts if isinstance(part.get("functionCall"), dict)]
    for part, call in zip(theirs, calls, strict=False):
        part["functionCall"] = {**fields(part["functionCall"]), "id": call.call_id}


class _Candidate:
    """One candidate so far.

    Args:
        keeps_text: Whether its parts and its citations are kept.
    """

    def __init__(self, *, keeps_text: bool) -> None:
        self._keeps_text = keeps_text
        self._fields: dict[str, JSON] = {}
        self._role: JSON = "model"
        self._parts: list[dict[str, Mergeable]] = []
        self._says_nothing: list[JSON] = []
        self._pieces = CallPieces()
        self._calls: list[ToolCallDelta] = []

    @property
    def finish_reason(self) -> str | None:
        return text_or_none(self._fields.get("finishReason"))

    def add(self, candidate: Record) -> None:
        for name, value in candidate.items():
            if name == "content":
                self._add_content(value)
            elif name in _ADDED_UP and self._keeps_text:
                self._fields[name] = _added_up(self._fields.get(name), value)
            else:
                self._fields[name] = value

    def _add_content(self, content: JSON) -> None:
        if isinstance(content, dict):
            self._role = content.get("role") or self._role
        for part in _wire.parts(content):
            text = part.get("text")
            if isinstance(part.get("functionCall"), dict):
                self._add_call(part)
            elif not self._keeps_text:
                continue
            elif not (isinstance(text, str) and _TEXT.issuperset(part)):
                self._parts.append(cast("dict[str, Mergeable]", part))
            elif not text:
                self._says_nothing = [{"text": ""}]
            else:
                if not _goes_on(self._parts, part):
                    self._parts.append({})
                merge_delta(self._parts[-1], part)

    def _add_call(self, part: dict[str, JSON]) -> None:
        opened, said = self._pieces.add(part)
        if opened is not None and self._keeps_text:
            self._parts.append(cast("dict[str, Mergeable]", opened))
        if said is not None:
            self._calls.append(said)

    def take_calls(self) -> tuple[ToolCallDelta, ...]:
        """Return what has been told of tool calls since last asked."""
        taken, self._calls = tuple(self._calls), []
        return taken

    def response(self) -> dict[str, JSON]:
        parts = [freeze(part) for part in self._parts] or self._says_nothing
        return {"content": {"parts": parts, "role": self._role}, **self._fields}


def _goes_on(before: list[dict[str, Mergeable]], text: Record) -> bool:
    """Tell whether a text belongs to the last part; those that can grow are in buffers."""
    last = before[-1] if before else {}
    is_text = isinstance(last.get("text"), StringIO)
    return is_text and _wire.is_thought(last) is _wire.is_thought(text)


def _added_up(before: JSON, new: JSON) -> JSON:
    """Add metadata to what was told before; some servers repeat themselves."""
    if isinstance(before, dict) and isinstance(new, dict):
        sums = {name: _added_up(before.get(name), value) for name, value in new.items()}
        return {**before, **sums}
    if isinstance(before, list) and isinstance(new, list):
        return [*before, *(element for element in new if element not in before)]
    return new
