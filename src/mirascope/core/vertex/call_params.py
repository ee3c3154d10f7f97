"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.call_params import GeminiCallParams as VertexCallParams

__all__ = ["VertexCallParams"]
