"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.call_params import GeminiCallParams as GoogleCallParams

__all__ = ["GoogleCallParams"]
