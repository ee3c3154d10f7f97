"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.call_response import GeminiCallResponse as GoogleCallResponse

__all__ = ["GoogleCallResponse"]
