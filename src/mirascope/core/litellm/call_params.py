"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.call_params import OpenAICallParams as LiteLLMCallParams

__all__ = ["LiteLLMCallParams"]
