"""The whole answer of a Gemini model."""

from __future__ import annotations

from dataclasses import dataclass

from google.genai.types import (
    Content,
    GenerateContentResponse,
    GenerateContentResponseUsageMetadata,
    Part,
)
from typing_extensions import override

from mirascope.core._wire.events import Record, TokenCounts
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.call_response_chunk import record_of
from mirascope.core.gemini import _wire
from mirascope.core.gemini.tool import GeminiTool


@dataclass(kw_only=True, repr=False, eq=False)
class GeminiCallResponse(BaseCallResponse[GenerateContentResponse, GeminiTool, Content]):
    """The whole answer of a Gemini model; ``response`` is the SDK's ``GenerateContentResponse``.

    The text is that of the first candidate.
    """

    provider = "gemini"

    @classmethod
    @override
    def raw(cls, record: Record) -> GenerateContentResponse:
        return _wire.typed(record)

    @property
    def _parts(self) -> list[Part]:
        return self.message_param.parts or []

    @property
    @override
    def content(self) -> str:
        return "".join(part.text for part in self._parts if part.text and not part.thought)

    @property
    @override
    def reasoning(self) -> str:
        return "".join(part.text for part in self._parts if part.text and part.thought)

    @property
    @override
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, or why the prompt was blocked; ``None`` before."""
        candidates = self.response.candidates or []
        reasons = [candidate.finish_reason for candidate in candidates]
        feedback = self.response.prompt_feedback
        blocked = feedback.block_reason if feedback and not candidates else None
        return [reason.value for reason in (*reasons, blocked) if reason] or None

    @property
    @override
    def model(self) -> str | None:
        return self.response.model_version

    @property
    @override
    def id(self) -> str | None:
        return self.response.response_id

    @property
    @override
    def usage(self) -> GenerateContentResponseUsageMetadata | None:
        return self.response.usage_metadata

    @property
    @override
    def message_param(self) -> Content:
        """The answer as a message that can be sent back in the next call."""
        for candidate in self.response.candidates or ():
            return candidate.content or Content(role="model", parts=[])
        return Content(role="model", parts=[])

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return _wire.token_counts(record_of(self.usage)) if self.usage else None
