"""Cohere's models, through the second version of its Chat API.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("cohere", extra="cohere"):
    from mirascope.core.cohere.call_params import CohereCallParams
    from mirascope.core.cohere.call_response import CohereCallResponse
    from mirascope.core.cohere.call_response_chunk import CohereCallResponseChunk
    from mirascope.core.cohere.dynamic_config import (
        AsyncCohereDynamicConfig,
        CohereDynamicConfig,
        CohereMessageParam,
    )
    from mirascope.core.cohere.stream import CohereStream
    from mirascope.core.cohere.tool import CohereTool

    from mirascope.core.cohere.call import call, cohere_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncCohereDynamicConfig",
    "CohereCallParams",
    "CohereCallResponse",
    "CohereCallResponseChunk",
    "CohereDynamicConfig",
    "CohereMessageParam",
    "CohereStream",
    "CohereTool",
    "call",
    "cohere_call",
]
