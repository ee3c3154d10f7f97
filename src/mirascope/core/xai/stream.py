"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.stream import OpenAIStream as XAIStream

__all__ = ["XAIStream"]
