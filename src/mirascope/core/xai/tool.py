"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.tool import OpenAITool as XAITool

__all__ = ["XAITool"]
