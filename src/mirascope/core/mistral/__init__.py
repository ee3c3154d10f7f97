"""Mistral's models, through its Chat Completions.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("mistralai", extra="mistral"):
    from mirascope.core.mistral.call_params import MistralCallParams
    from mirascope.core.mistral.call_response import MistralCallResponse
    from mirascope.core.mistral.call_response_chunk import MistralCallResponseChunk
    from mirascope.core.mistral.dynamic_config import MistralDynamicConfig, MistralMessageParam
    from mirascope.core.mistral.stream import MistralStream
    from mirascope.core.mistral.tool import MistralTool

    from mirascope.core.mistral.call import call, mistral_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "MistralCallParams",
    "MistralCallResponse",
    "MistralCallResponseChunk",
    "MistralDynamicConfig",
    "MistralMessageParam",
    "MistralStream",
    "MistralTool",
    "call",
    "mistral_call",
]
