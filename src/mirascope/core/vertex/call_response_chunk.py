"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.call_response_chunk import (
    GeminiCallResponseChunk as VertexCallResponseChunk,
)

__all__ = ["VertexCallResponseChunk"]
