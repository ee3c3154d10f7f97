"""A streamed response of a Gemini model."""

from __future__ import annotations

from google.genai.types import Content
from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk
from mirascope.core.gemini.tool import GeminiTool


class GeminiStream(BaseStream[GeminiCallResponse, GeminiCallResponseChunk, GeminiTool, Content]):
    """The response of a Gemini model while it is received.

    If the prompt was blocked, ``finish_reasons`` is why.
    """

    _response_type = GeminiCallResponse

    @override
    def _new_decoder(self) -> GeminiDecoder:
        return GeminiDecoder(keep=self.keep)

    @property
    def thinking(self) -> str:
        """The thinking received so far."""
        return self.reasoning
