"""One chunk of a streamed response, and the classes of its parts."""

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.chunk_parts import (
    AudioDelta,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
)

__all__ = [
    "AudioDelta",
    "BaseCallResponseChunk",
    "ChunkPart",
    "Citation",
    "HostedToolEvent",
    "ImageDelta",
    "ReasoningDelta",
    "TextDelta",
    "ToolDelta",
]
