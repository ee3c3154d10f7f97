"""Groq's models, through its Chat Completions.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("groq", extra="groq"):
    from mirascope.core.groq.call_params import GroqCallParams
    from mirascope.core.groq.call_response import GroqCallResponse
    from mirascope.core.groq.call_response_chunk import GroqCallResponseChunk
    from mirascope.core.groq.dynamic_config import (
        AsyncGroqDynamicConfig,
        GroqDynamicConfig,
        GroqMessageParam,
    )
    from mirascope.core.groq.stream import GroqStream
    from mirascope.core.groq.tool import GroqTool

    from mirascope.core.groq.call import call, groq_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncGroqDynamicConfig",
    "GroqCallParams",
    "GroqCallResponse",
    "GroqCallResponseChunk",
    "GroqDynamicConfig",
    "GroqMessageParam",
    "GroqStream",
    "GroqTool",
    "call",
    "groq_call",
]
