"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.call_params import OpenAICallParams as AzureCallParams

__all__ = ["AzureCallParams"]
