"""xAI's Grok models under v1's name: OpenAI's classes, and the named server ``xai``."""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("openai", extra="openai"):
    from mirascope.core.xai.call_params import XAICallParams
    from mirascope.core.xai.call_response import XAICallResponse
    from mirascope.core.xai.call_response_chunk import XAICallResponseChunk
    from mirascope.core.xai.dynamic_config import (
        AsyncXAIDynamicConfig,
        XAIDynamicConfig,
        XAIMessageParam,
    )
    from mirascope.core.xai.stream import XAIStream
    from mirascope.core.xai.tool import XAITool

    from mirascope.core.xai.call import call, xai_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncXAIDynamicConfig",
    "XAICallParams",
    "XAICallResponse",
    "XAICallResponseChunk",
    "XAIDynamicConfig",
    "XAIMessageParam",
    "XAIStream",
    "XAITool",
    "call",
    "xai_call",
]
