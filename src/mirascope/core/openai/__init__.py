"""OpenAI's models, through its Chat Completions.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="openai"):
    from mirascope.core.openai.call_params import OpenAICallParams
    from mirascope.core.openai.call_response import OpenAICallResponse
    from mirascope.core.openai.call_response_chunk import OpenAICallResponseChunk
    from mirascope.core.openai.clients import async_client, client
    from mirascope.core.openai.dynamic_config import (
        AsyncOpenAIDynamicConfig,
        OpenAIDynamicConfig,
        OpenAIMessageParam,
    )
    from mirascope.core.openai.stream import OpenAIStream
    from mirascope.core.openai.tool import OpenAITool, OpenAIToolConfig

    from mirascope.core.openai.call import call, openai_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncOpenAIDynamicConfig",
    "OpenAICallParams",
    "OpenAICallResponse",
    "OpenAICallResponseChunk",
    "OpenAIDynamicConfig",
    "OpenAIMessageParam",
    "OpenAIStream",
    "OpenAITool",
    "OpenAIToolConfig",
    "async_client",
    "call",
    "client",
    "openai_call",
]
