"""A stream of a Gemini model."""

from __future__ import annotations

from google.genai.types import Content
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk
from mirascope.core.gemini.tool import GeminiTool


class GeminiStream(BaseStream[GeminiCallResponse, GeminiCallResponseChunk, GeminiTool, Content]):
    """The answer of a Gemini model as it comes."""

    _response_type = GeminiCallResponse

    @override
    def _new_decoder(self) -> GeminiDecoder:
        return GeminiDecoder(keep=self.keep)

    @property
    @override
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, or why the prompt was blocked; ``None`` before."""
        return self._decoder.finish_reasons

    @property
    def thinking(self) -> str:
        """The thinking so far."""
        return self.reasoning
