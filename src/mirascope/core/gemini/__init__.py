"""Google's Gemini models, through their generateContent method.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("google", extra="gemini"):
    from mirascope.core.gemini.call_params import GeminiCallParams
    from mirascope.core.gemini.call_response import GeminiCallResponse
    from mirascope.core.gemini.call_response_chunk import GeminiCallResponseChunk
    from mirascope.core.gemini.dynamic_config import GeminiDynamicConfig, GeminiMessageParam
    from mirascope.core.gemini.stream import GeminiStream
    from mirascope.core.gemini.tool import GeminiTool

    from mirascope.core.gemini.call import call, gemini_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "GeminiCallParams",
    "GeminiCallResponse",
    "GeminiCallResponseChunk",
    "GeminiDynamicConfig",
    "GeminiMessageParam",
    "GeminiStream",
    "GeminiTool",
    "call",
    "gemini_call",
]
