"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.call_response_chunk import (
    OpenAICallResponseChunk as LiteLLMCallResponseChunk,
)

__all__ = ["LiteLLMCallResponseChunk"]
