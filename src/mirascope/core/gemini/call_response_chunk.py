"""One chunk of a stream of a Gemini model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from google.genai.types import GenerateContentResponse, GenerateContentResponseUsageMetadata
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.chunk_parts import ChunkPart
from mirascope.core._types import FinishReason
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, text_or_none
from mirascope.core._wire.sdk_models import build_model_from_json
from mirascope.core.gemini import _response_json as response_json


class GeminiCallResponseChunk(BaseCallResponseChunk[GenerateContentResponse, str]):
    """The content of one event of a Gemini stream; ``chunk`` is the ``GenerateContentResponse``.

    The text is that of the first candidate. If the prompt was blocked, the finish reason is why.

    Example:
        >>> raw = GenerateContentResponse.model_validate(
        ...     {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}]}
        ... )
        >>> GeminiCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _common_reasons = response_json.COMMON_FINISH_REASONS
    _raw_type: ClassVar[type[BaseModel]] = GenerateContentResponse

    if not TYPE_CHECKING:  # type checkers would accept any name

        def __getattr__(self, name: str) -> object:
            """Read the usage beside a text at the first access: each event has it, few are used."""
            if name != "tokens":
                return object.__getattribute__(self, name)
            usage = fields(self._record).get("usageMetadata")
            self.tokens = response_json.token_counts(usage)
            return self.tokens

    @override
    def _read(self, record: Record) -> None:
        self.content, self.reasoning = response_json.only_text(record), ""
        self.tool_calls = ()
        self.finish_reasons = None
        if not self.content:
            self._read_candidates(record)
        self.id = text_or_none(record.get("responseId"))
        self.model = text_or_none(record.get("modelVersion"))
        self.tokens = response_json.token_counts(record.get("usageMetadata"))

    def _read_candidates(self, record: Record) -> None:
        candidates = response_json.candidates(record)
        contents = [candidate.get("content") for index, candidate in candidates if index == 0]
        parts = response_json.parts(contents[0] if contents else None)
        self.content, self.reasoning = response_json.texts(parts)
        self.tool_calls = response_json.tool_calls(parts)
        self.finish_reasons = response_json.finish_reasons(record, candidates)

    @override
    def _has_other_output(self) -> bool:
        return any(
            value and name != "thought"
            for _, candidate in response_json.candidates(fields(self._record))
            for part in response_json.parts(candidate.get("content"))
            for name, value in part.items()
        )

    @override
    def _other_parts(self, record: Record) -> Iterator[ChunkPart]:
        for index, candidate in response_json.candidates(record):
            if index == 0:
                yield from response_json.other_parts(candidate)

    @classmethod
    @override
    def _build(cls, data: bytes) -> GenerateContentResponse:
        return build_model_from_json(GenerateContentResponse, data)

    @property
    @override
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended; ``"tool_calls"`` only if this chunk has a tool call."""
        reasons = super().common_finish_reasons
        return response_json.or_tool_calls(reasons) if self.tool_calls else reasons

    @property
    def thinking(self) -> str:
        """The text of the model's thinking, ``""`` if there is none."""
        return self.reasoning

    @property
    def usage(self) -> GenerateContentResponseUsageMetadata | None:
        """The usage as Gemini reports it, a total so far, if the event has it."""
        return self.chunk.usage_metadata
