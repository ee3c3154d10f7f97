"""One item of a stream of a Gemini model."""

from __future__ import annotations

from typing import ClassVar

from google.genai.types import GenerateContentResponse, GenerateContentResponseUsageMetadata
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._dialects.chat_completions import text_or_none
from mirascope.core._wire.events import JSON, Record
from mirascope.core.base.call_response_chunk import BaseCallResponseChunk
from mirascope.core.gemini import _wire


class GeminiCallResponseChunk(BaseCallResponseChunk[GenerateContentResponse, str]):
    """What one event of a Gemini stream says; ``chunk`` is the ``GenerateContentResponse``.

    The text is that of the first candidate. Of a prompt that was blocked, the finish reason is why.

    Example:
        >>> raw = GenerateContentResponse.model_validate(
        ...     {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}]}
        ... )
        >>> GeminiCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _raw_type: ClassVar[type[BaseModel]] = GenerateContentResponse

    @override
    def _read(self, record: Record) -> None:
        self.content = self.reasoning = ""
        self.tool_calls = ()
        self.id = text_or_none(record.get("responseId"))
        self.model = text_or_none(record.get("modelVersion"))
        usage = record.get("usageMetadata")
        self.tokens = _wire.token_counts(usage) if isinstance(usage, dict) else None
        self.finish_reasons = _wire.finish_reasons(record)
        for index, candidate in _wire.candidates(record):
            if index == 0:
                for part in _wire.parts(candidate):
                    self._read_part(part)

    def _read_part(self, part: dict[str, JSON]) -> None:
        text = part.get("text")
        if isinstance(text, str):
            if part.get("thought") is True:
                self.reasoning += text
            else:
                self.content += text
        elif call := _wire.tool_call(part, len(self.tool_calls)):
            self.tool_calls += (call,)

    @classmethod
    @override
    def _build(cls, data: bytes) -> GenerateContentResponse:
        return _wire.typed_from_json(data)

    @property
    def usage(self) -> GenerateContentResponseUsageMetadata | None:
        """The usage as Gemini reports it, a total so far, if told."""
        return self.chunk.usage_metadata
