"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.call_response import OpenAICallResponse as AzureCallResponse

__all__ = ["AzureCallResponse"]
