"""OpenAI's models on Azure: `mirascope.core.openai` with the clients of Azure.

Begin with `_provider`. Its classes are those of `mirascope.core.openai`: the API is the same.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="azure"):
    from mirascope.core.azure.call_params import AzureCallParams
    from mirascope.core.azure.call_response import AzureCallResponse
    from mirascope.core.azure.call_response_chunk import AzureCallResponseChunk
    from mirascope.core.azure.dynamic_config import (
        AsyncAzureDynamicConfig,
        AzureDynamicConfig,
        AzureMessageParam,
    )
    from mirascope.core.azure.stream import AzureStream
    from mirascope.core.azure.tool import AzureTool, AzureToolConfig

    from mirascope.core.azure.call import azure_call, call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncAzureDynamicConfig",
    "AzureCallParams",
    "AzureCallResponse",
    "AzureCallResponseChunk",
    "AzureDynamicConfig",
    "AzureMessageParam",
    "AzureStream",
    "AzureTool",
    "AzureToolConfig",
    "azure_call",
    "call",
]
