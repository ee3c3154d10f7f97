"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.tool import GeminiTool as VertexTool

__all__ = ["VertexTool"]
