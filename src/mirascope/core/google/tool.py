"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.tool import GeminiTool as GoogleTool

__all__ = ["GoogleTool"]
