"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.call_response import GeminiCallResponse as VertexCallResponse

__all__ = ["VertexCallResponse"]
