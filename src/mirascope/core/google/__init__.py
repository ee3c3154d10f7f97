"""Google's Gemini models under v1's newer name: re-exports `mirascope.core.gemini`."""

from mirascope.core.google.call_params import GoogleCallParams
from mirascope.core.google.call_response import GoogleCallResponse
from mirascope.core.google.call_response_chunk import GoogleCallResponseChunk
from mirascope.core.google.dynamic_config import GoogleDynamicConfig, GoogleMessageParam
from mirascope.core.google.stream import GoogleStream
from mirascope.core.google.tool import GoogleTool

from mirascope.core.google.call import call, google_call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "GoogleCallParams",
    "GoogleCallResponse",
    "GoogleCallResponseChunk",
    "GoogleDynamicConfig",
    "GoogleMessageParam",
    "GoogleStream",
    "GoogleTool",
    "call",
    "google_call",
]
