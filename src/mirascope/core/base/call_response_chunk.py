"""One chunk of a streamed response."""

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk

__all__ = ["BaseCallResponseChunk"]
