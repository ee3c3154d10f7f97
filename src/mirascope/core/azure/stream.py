"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.stream import OpenAIStream as AzureStream

__all__ = ["AzureStream"]
