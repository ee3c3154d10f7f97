"""A stream of a Gemini model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from google.genai.types import Content
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._wire.events import MalformedEventError
from mirascope.core.base.stream import BaseStream
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.gemini._errors import ERRORS
from mirascope.core.gemini._framing import Framer
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk
from mirascope.core.gemini.tool import GeminiTool


class GeminiStream(BaseStream[GeminiCallResponse, GeminiCallResponseChunk, GeminiTool, Content]):
    """The answer of a Gemini model as it comes."""

    provider = "gemini"
    _errors = ERRORS
    _response_type = GeminiCallResponse

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self._framer = Framer()

    @override
    def _new_decoder(self) -> GeminiDecoder:
        return GeminiDecoder()

    @override
    def _feed(
        self, block: bytes | BaseModel
    ) -> Iterator[tuple[GeminiCallResponseChunk, GeminiTool | None]]:
        return super()._feed(self._framer.framed(block) if isinstance(block, bytes) else block)

    @override
    def _end(self) -> Iterator[tuple[GeminiCallResponseChunk, GeminiTool | None]]:
        """Read the last event too if it lacks its blank line; cut off itself, it does not count."""
        broken = () if self._framer.bare else (MalformedEventError,)
        with contextlib.suppress(*broken):
            yield from super()._feed(b"\n\n")
        yield from super()._end()

    @property
    @override
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, or why the prompt was blocked; ``None`` before."""
        return self._decoder.finish_reasons
