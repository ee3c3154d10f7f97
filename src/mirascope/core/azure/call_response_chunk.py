"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.call_response_chunk import (
    OpenAICallResponseChunk as AzureCallResponseChunk,
)

__all__ = ["AzureCallResponseChunk"]
