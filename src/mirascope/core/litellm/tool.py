"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.tool import OpenAITool as LiteLLMTool

__all__ = ["LiteLLMTool"]
