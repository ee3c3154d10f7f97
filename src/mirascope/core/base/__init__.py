"""The names that all providers share, at the paths that Mirascope v1 documents.

Each module re-exports the definitions of a package of `mirascope.core`, such as ``_prompts``. Begin
there; nothing else belongs here.
"""

from mirascope.core._engine.timeout import Timeout
from mirascope.core._errors.retry import Retry
from mirascope.core._responses.cost import calculate_cost
from mirascope.core.base.call_kwargs import BaseCallKwargs
from mirascope.core.base.call_params import BaseCallParams, CommonCallParams
from mirascope.core.base.call_response import BaseCallResponse, response_of
from mirascope.core.base.call_response_chunk import (
    AudioDelta,
    BaseCallResponseChunk,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
)
from mirascope.core.base.dynamic_config import BaseDynamicConfig
from mirascope.core.base.from_call_args import FromCallArgs
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
from mirascope.core.base.response_model_config_dict import ResponseModelConfigDict
from mirascope.core.base.stream import BaseStream
from mirascope.core.base.stream_config import StreamConfig
from mirascope.core.base.structured_stream import BaseStructuredStream
from mirascope.core.base.tool import BaseTool, GenerateJsonSchemaNoTitles, ToolConfig
from mirascope.core.base.toolkit import BaseToolKit, toolkit_tool
from mirascope.core.base.types import (
    AudioSegment,
    BaseType,
    CostMetadata,
    Image,
    JsonableType,
    LocalProvider,
    Provider,
    StreamState,
    Usage,
)

__all__ = [
    "AudioDelta",
    "AudioPart",
    "AudioSegment",
    "AudioURLPart",
    "BaseCallKwargs",
    "BaseCallParams",
    "BaseCallResponse",
    "BaseCallResponseChunk",
    "BaseDynamicConfig",
    "BaseMessageParam",
    "BasePrompt",
    "BaseStream",
    "BaseStructuredStream",
    "BaseTool",
    "BaseToolKit",
    "BaseType",
    "CacheControlPart",
    "ChunkPart",
    "Citation",
    "CommonCallParams",
    "CostMetadata",
    "DocumentPart",
    "DocumentURLPart",
    "FromCallArgs",
    "GenerateJsonSchemaNoTitles",
    "HostedToolEvent",
    "Image",
    "ImageDelta",
    "ImagePart",
    "ImageURLPart",
    "JsonableType",
    "LocalProvider",
    "Messages",
    "Metadata",
    "Provider",
    "ReasoningDelta",
    "ResponseModelConfigDict",
    "Retry",
    "StreamConfig",
    "StreamState",
    "TextDelta",
    "TextPart",
    "Timeout",
    "ToolCallPart",
    "ToolConfig",
    "ToolDelta",
    "ToolResultPart",
    "Usage",
    "calculate_cost",
    "merge_decorators",
    "metadata",
    "prompt_template",
    "response_of",
    "toolkit_tool",
]
