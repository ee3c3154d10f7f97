"""What every provider has in common."""

from mirascope.core.base.call_params import BaseCallParams, CommonCallParams
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.call_response_chunk import BaseCallResponseChunk
from mirascope.core.base.dynamic_config import BaseDynamicConfig
from mirascope.core.base.merge_decorators import merge_decorators
from mirascope.core.base.message_param import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core.base.messages import Messages
from mirascope.core.base.metadata import Metadata, metadata
from mirascope.core.base.prompt import BasePrompt, prompt_template
from mirascope.core.base.stream import BaseStream
from mirascope.core.base.stream_config import StreamConfig
from mirascope.core.base.tool import BaseTool
from mirascope.core.base.types import AudioSegment, Image, StreamState

__all__ = [
    "AudioPart",
    "AudioSegment",
    "AudioURLPart",
    "BaseCallParams",
    "BaseCallResponse",
    "BaseCallResponseChunk",
    "BaseDynamicConfig",
    "BaseMessageParam",
    "BasePrompt",
    "BaseStream",
    "BaseTool",
    "CacheControlPart",
    "CommonCallParams",
    "DocumentPart",
    "DocumentURLPart",
    "Image",
    "ImagePart",
    "ImageURLPart",
    "Messages",
    "Metadata",
    "StreamConfig",
    "StreamState",
    "TextPart",
    "ToolCallPart",
    "ToolResultPart",
    "merge_decorators",
    "metadata",
    "prompt_template",
]
