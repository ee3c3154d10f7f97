"""Reads a Gemini stream: records in, chunks out, and the answer that they add up to.

Every record is a whole response in itself that holds only what is new. Texts that follow each other
are one part, as in a plain answer; all other parts, and those with a thought's signature, stay as
they came, because they must be sent back as they came. Usage is a total; citations add up.

A record with a finish reason need not be the last: the answer is read to the end of the body.
"""

from __future__ import annotations

from io import StringIO
from typing import Final, cast

from pydantic import BaseModel

from mirascope.core._dialects.chat_completions import text_or_none
from mirascope.core._wire.events import JSON, ProviderError, Record, TokenCounts, ToolCallDelta
from mirascope.core._wire.reply import Growing, Reply, grown
from mirascope.core.gemini import _wire
from mirascope.core.gemini._partial_args import CallInPieces
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk

_MERGED: Final = ("groundingMetadata", "urlContextMetadata")
_CITATIONS: Final = "citationMetadata"


class GeminiDecoder:
    """Reads one stream."""

    ended = False  # there is no event that says so

    def __init__(self) -> None:
        self.reply = Reply()
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self._envelope: dict[str, JSON] = {}
        self._candidates: dict[int, _Candidate] = {}

    def decode(
        self, record: Record, raw: BaseModel | bytes, out: list[GeminiCallResponseChunk]
    ) -> None:
        """Read one record and add its chunk to ``out``.

        Raises:
            ProviderError: The record reports a failure.
        """
        if error := record.get("error"):
            raise _provider_error(error, record)
        chunk = GeminiCallResponseChunk.from_record(record, cast("bytes", raw))
        self._envelope.update(record)
        self.id = self.id or chunk.id
        self.model = self.model or chunk.model
        self.tokens = chunk.tokens or self.tokens
        if chunk.content:
            self.reply.add_text(chunk.content)
        if chunk.reasoning:
            self.reply.add_reasoning(chunk.reasoning)
        for index, candidate in _wire.candidates(record):
            calls = self._candidate(index).add(candidate)
            if index == 0 and (calls or chunk.tool_calls):
                chunk.tool_calls = tuple(calls)
                self.reply.add_tool_calls(calls)
        out.append(chunk)

    def flush(self, out: list[GeminiCallResponseChunk]) -> None:
        """Do nothing: no chunk is held back."""

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its own end."""
        if self._candidates:
            return all(c.finish_reason for c in self._candidates.values())
        return _wire.block_reason(self._envelope) is not None

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the candidates ended or the prompt was blocked, as far as told."""
        if not self._candidates:
            return _wire.finish_reasons(self._envelope)
        reasons = (candidate.finish_reason for _, candidate in sorted(self._candidates.items()))
        return [reason for reason in reasons if reason] or None

    def response(self) -> dict[str, JSON]:
        """Return the response that a plain call would have given, as far as it came."""
        response = {**self._envelope}
        if self._candidates:
            response["candidates"] = [c.response() for _, c in sorted(self._candidates.items())]
        return response

    def _candidate(self, index: int) -> _Candidate:
        if index not in self._candidates:
            self._candidates[index] = _Candidate()
        return self._candidates[index]


class _Candidate:
    """One candidate so far."""

    def __init__(self) -> None:
        self._fields: dict[str, JSON] = {}
        self._role: JSON = "model"
        self._parts: list[dict[str, Growing] | CallInPieces] = []
        self._has_content = False
        self._text: StringIO | None = None
        self._thought = False
        self._call: CallInPieces | None = None
        self._calls = 0

    @property
    def finish_reason(self) -> str | None:
        return text_or_none(self._fields.get("finishReason"))

    def add(self, candidate: Record) -> list[ToolCallDelta]:
        """Add what is new; return the tool calls that are whole by it."""
        content = candidate.get("content")
        if isinstance(content, dict):
            self._has_content = True
            self._role = content.get("role") or self._role
        if len(candidate) > 1 or not self._has_content:
            self._add_fields(candidate)
        return [call for part in _wire.parts(candidate) if (call := self._add_part(part))]

    def _add_fields(self, candidate: Record) -> None:
        before = {name: self._fields.get(name) for name in (*_MERGED, _CITATIONS)}
        self._fields.update({k: v for k, v in candidate.items() if k != "content"})
        for name in _MERGED:
            self._merge(name, before[name], candidate.get(name))
        self._add_citations(before[_CITATIONS], candidate.get(_CITATIONS))

    def _merge(self, name: str, before: JSON, new: JSON) -> None:
        if isinstance(before, dict) and isinstance(new, dict):
            self._fields[name] = {**before, **new}

    def _add_citations(self, before: JSON, new: JSON) -> None:
        """Add citations to those before; some servers repeat them."""
        if not isinstance(before, dict) or not isinstance(new, dict):
            return
        citations = {**before}
        for name, found in new.items():
            known = citations.get(name)
            added = [*known] if isinstance(known, list) else []
            if isinstance(found, list):
                added += [citation for citation in found if citation not in added]
                citations[name] = added
        self._fields[_CITATIONS] = citations

    def _add_part(self, part: dict[str, JSON]) -> ToolCallDelta | None:
        text = part.get("text")
        if isinstance(text, str) and part.keys() <= {"text", "thought"}:
            if text:
                self._add_text(text, part)
            return None
        self._text = None
        call = part.get("functionCall")
        if isinstance(call, dict) and (self._call or call.get("willContinue") is True):
            return self._add_piece(part)
        self._parts.append(cast("dict[str, Growing]", part))
        return self._told(part)

    def _add_text(self, text: str, part: dict[str, JSON]) -> None:
        thought = part.get("thought") is True
        if self._text is None or self._thought is not thought:
            self._text, self._thought = StringIO(), thought
            self._parts.append({**cast("dict[str, Growing]", part), "text": self._text})
        self._text.write(text)

    def _add_piece(self, part: dict[str, JSON]) -> ToolCallDelta | None:
        if self._call is None:
            self._call = CallInPieces(part)
            self._parts.append(self._call)
        call = self._call
        if not call.add(part):
            return None
        self._call = None
        return self._told(call.part())

    def _told(self, part: Record) -> ToolCallDelta | None:
        call = _wire.tool_call(part, self._calls)
        self._calls += call is not None
        return call

    def response(self) -> dict[str, JSON]:
        if not self._has_content:
            return {**self._fields}
        parts: list[JSON] = [
            part.part() if isinstance(part, CallInPieces) else grown(part) for part in self._parts
        ]
        return {"content": {"parts": parts, "role": self._role}, **self._fields}


def _provider_error(error: JSON, record: Record) -> ProviderError:
    fields = error if isinstance(error, dict) else {}
    code = fields.get("code")
    message = text_or_none(fields.get("message")) or text_or_none(error)
    return ProviderError(
        message or "An error occurred during streaming",
        status=code if isinstance(code, int) else None,
        body={**record},
    )
