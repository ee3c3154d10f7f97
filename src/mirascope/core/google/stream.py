"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.stream import GeminiStream as GoogleStream

__all__ = ["GoogleStream"]
