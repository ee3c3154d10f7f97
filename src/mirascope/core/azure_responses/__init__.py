"""OpenAI's Responses API on Azure: `mirascope.core.openai_responses` with the clients of Azure.

Begin with `_provider`. Its classes are those of `mirascope.core.openai_responses`.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="azure"):
    from mirascope.core.openai_responses import (
        AsyncOpenAIResponsesDynamicConfig as AsyncAzureResponsesDynamicConfig,
    )
    from mirascope.core.openai_responses import (
        OpenAIResponsesCallParams as AzureResponsesCallParams,
    )
    from mirascope.core.openai_responses import (
        OpenAIResponsesCallResponse as AzureResponsesCallResponse,
    )
    from mirascope.core.openai_responses import (
        OpenAIResponsesCallResponseChunk as AzureResponsesCallResponseChunk,
    )
    from mirascope.core.openai_responses import (
        OpenAIResponsesDynamicConfig as AzureResponsesDynamicConfig,
    )
    from mirascope.core.openai_responses import (
        OpenAIResponsesMessageParam as AzureResponsesMessageParam,
    )
    from mirascope.core.openai_responses import OpenAIResponsesStream as AzureResponsesStream
    from mirascope.core.openai_responses import OpenAIResponsesTool as AzureResponsesTool

    from mirascope.core.azure_responses.call import azure_responses_call, call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncAzureResponsesDynamicConfig",
    "AzureResponsesCallParams",
    "AzureResponsesCallResponse",
    "AzureResponsesCallResponseChunk",
    "AzureResponsesDynamicConfig",
    "AzureResponsesMessageParam",
    "AzureResponsesStream",
    "AzureResponsesTool",
    "azure_responses_call",
    "call",
]
