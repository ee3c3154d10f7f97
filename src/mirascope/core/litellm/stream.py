"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.stream import OpenAIStream as LiteLLMStream

__all__ = ["LiteLLMStream"]
