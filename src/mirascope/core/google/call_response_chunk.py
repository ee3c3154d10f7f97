"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.call_response_chunk import (
    GeminiCallResponseChunk as GoogleCallResponseChunk,
)

__all__ = ["GoogleCallResponseChunk"]
