"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.call_response import OpenAICallResponse as XAICallResponse

__all__ = ["XAICallResponse"]
