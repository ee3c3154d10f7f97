"""Gemini models on Vertex AI: `mirascope.core.gemini` with clients of Google Cloud.

Begin with `_provider`. Its classes are those of `mirascope.core.gemini`: the API is the same.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("google", extra="vertex"):
    from mirascope.core.vertex.call_params import VertexCallParams
    from mirascope.core.vertex.call_response import VertexCallResponse
    from mirascope.core.vertex.call_response_chunk import VertexCallResponseChunk
    from mirascope.core.vertex.dynamic_config import VertexDynamicConfig, VertexMessageParam
    from mirascope.core.vertex.stream import VertexStream
    from mirascope.core.vertex.tool import VertexTool

    from mirascope.core.vertex.call import call, vertex_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "VertexCallParams",
    "VertexCallResponse",
    "VertexCallResponseChunk",
    "VertexDynamicConfig",
    "VertexMessageParam",
    "VertexStream",
    "VertexTool",
    "call",
    "vertex_call",
]
