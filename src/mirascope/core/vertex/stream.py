"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.stream import GeminiStream as VertexStream

__all__ = ["VertexStream"]
