"""A LiteLLM proxy under v1's name: OpenAI's classes, and the named server ``litellm``.

v1 called the ``litellm`` library; this talks to its proxy, a process of its own.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="openai"):
    from mirascope.core.litellm.call_params import LiteLLMCallParams
    from mirascope.core.litellm.call_response import LiteLLMCallResponse
    from mirascope.core.litellm.call_response_chunk import LiteLLMCallResponseChunk
    from mirascope.core.litellm.dynamic_config import (
        AsyncLiteLLMDynamicConfig,
        LiteLLMDynamicConfig,
        LiteLLMMessageParam,
    )
    from mirascope.core.litellm.stream import LiteLLMStream
    from mirascope.core.litellm.tool import LiteLLMTool

    from mirascope.core.litellm.call import call, litellm_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncLiteLLMDynamicConfig",
    "LiteLLMCallParams",
    "LiteLLMCallResponse",
    "LiteLLMCallResponseChunk",
    "LiteLLMDynamicConfig",
    "LiteLLMMessageParam",
    "LiteLLMStream",
    "LiteLLMTool",
    "call",
    "litellm_call",
]
