"""OpenAI's models, through its Responses API.

Begin with `_provider`, which describes the provider. Imports `mirascope.core.openai`, for its
clients, and every room below the providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="openai"):
    from mirascope.core.openai_responses.call_params import OpenAIResponsesCallParams
    from mirascope.core.openai_responses.call_response import OpenAIResponsesCallResponse
    from mirascope.core.openai_responses.call_response_chunk import OpenAIResponsesCallResponseChunk
    from mirascope.core.openai_responses.dynamic_config import (
        AsyncOpenAIResponsesDynamicConfig,
        OpenAIResponsesDynamicConfig,
        OpenAIResponsesMessageParam,
    )
    from mirascope.core.openai_responses.stream import OpenAIResponsesStream
    from mirascope.core.openai_responses.tool import (
        OpenAIResponsesTool,
        OpenAIResponsesToolConfig,
    )

    from mirascope.core.openai_responses.call import call, openai_responses_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncOpenAIResponsesDynamicConfig",
    "OpenAIResponsesCallParams",
    "OpenAIResponsesCallResponse",
    "OpenAIResponsesCallResponseChunk",
    "OpenAIResponsesDynamicConfig",
    "OpenAIResponsesMessageParam",
    "OpenAIResponsesStream",
    "OpenAIResponsesTool",
    "OpenAIResponsesToolConfig",
    "call",
    "openai_responses_call",
]
