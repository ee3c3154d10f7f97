"""The parts that a provider is made of: everything to add one in a package of its own.

A provider is one `Provider` object, its description. A package registers it under the name that
`llm.call("acme:model")` uses, as an entry point of the group ``mirascope.providers``::

    [project.entry-points."mirascope.providers"]
    acme = "mirascope_acme:PROVIDER"

`docs/providers/writing-a-provider.md` explains a complete one, in ``examples/provider``.

========================  =====================================================================
the description           `Provider`, `DefaultClients`, `Call` (its ``call`` decorator)
requests                  `ChatAPI`; `HTTPChatAPI` and `http_errors` if there is no SDK;
                          `BackgroundAPI` and `Position` if the server keeps responses
a request's arguments     `Encode`, `MessageFormat`, `ResponseFormat`, `all_tools`
bytes to records          `Framing`: `SSEDecoder`, the default, or `NDJSONDecoder`
records to chunks         `Decoder`, `SingleMessageDecoder`, `MessageAccumulator`
its classes               `BaseStream`, `BaseCallResponse`, `BaseCallResponseChunk`, `BaseTool`
                          (`ChunkResponse`, `ChunkDecoder`: a response is read as one chunk)
errors                    `SDKErrors`, `ProviderError`, `find_error`, `credentials_in`
the registry              `provider_names`, `load_provider`
========================  =====================================================================

The methods that a class of a provider defines begin with an underscore where users do not call
them. They are part of this interface:

- a stream: ``_framing``, ``_response_type``, ``_new_decoder``;
- a chunk: ``_raw_type`` (the class of its ``chunk``), ``_common_reasons`` (its finish reasons as
  ``"stop"``, ``"length"``, ``"tool_calls"`` or ``"content_filter"``), ``_read``, ``_other_parts``;
- a response: ``_common_reasons``, ``_reasoning``, ``_tokens``, ``_tool_call_records``.
"""

from mirascope.core._calls.background import BackgroundAPI
from mirascope.core._calls.call_params import BaseCallParams, CommonCallParams
from mirascope.core._calls.decorator import Call
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Arguments, ChatAPI, Encode, Provider, load_provider
from mirascope.core._calls.registry import names as provider_names
from mirascope.core._dialects.chat_completions.messages import MESSAGE_FORMAT as CHAT_FORMAT
from mirascope.core._dialects.chat_completions.tools import FunctionTool, tool_call_records
from mirascope.core._dialects.chunk_responses import (
    CalledFunction,
    ChunkDecoder,
    ChunkResponse,
    FunctionCall,
    FunctionCallTool,
    call_delta,
)
from mirascope.core._dialects.http_api import (
    HTTPAPIError,
    HTTPChatAPI,
    http_clients,
    http_errors,
)
from mirascope.core._engine.decoder import Decoder, SingleMessageDecoder
from mirascope.core._engine.response_source import (
    AsyncBodySource,
    AsyncResponseSource,
    BodySource,
    ResponseSource,
)
from mirascope.core._engine.source import (
    AsyncItemSource,
    AsyncSource,
    ItemSource,
    Position,
    Source,
)
from mirascope.core._engine.stream import BaseStream
from mirascope.core._errors.optional_sdk import requires_sdk
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._prompts.message_param import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    base64_of,
    data_url,
    require_id,
    unsupported,
    validate_roles,
)
from mirascope.core._prompts.native_messages import MessageFormat
from mirascope.core._prompts.normalize import normalized, record_to_read
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, record_of
from mirascope.core._responses.chunk_parts import (
    AudioDelta,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
)
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool import BaseTool, all_tools, name_of
from mirascope.core._tools.tool_calls import ToolCallRecord, call_id, output_text
from mirascope.core._types import FinishReason
from mirascope.core._wire.accumulator import MessageAccumulator
from mirascope.core._wire.error_reports import find_error, provider_error
from mirascope.core._wire.events import (
    JSON,
    MalformedEventError,
    ProviderError,
    Record,
    TokenCounts,
    ToolCall,
    ToolCallDelta,
)
from mirascope.core._wire.framing import Framing, NDJSONDecoder
from mirascope.core._wire.function_calls import arguments_text
from mirascope.core._wire.json_fields import (
    fields,
    number,
    objects,
    parse_partial,
    text,
    text_or_none,
)
from mirascope.core._wire.sse import SSEDecoder

__all__ = [
    "CHAT_FORMAT",
    "JSON",
    "Arguments",
    "AsyncBodySource",
    "AsyncItemSource",
    "AsyncResponseSource",
    "AsyncSource",
    "AudioDelta",
    "AudioPart",
    "AudioURLPart",
    "BackgroundAPI",
    "BaseCallParams",
    "BaseCallResponse",
    "BaseCallResponseChunk",
    "BaseMessageParam",
    "BaseStream",
    "BaseTool",
    "BodySource",
    "CacheControlPart",
    "Call",
    "CalledFunction",
    "ChatAPI",
    "ChunkDecoder",
    "ChunkPart",
    "ChunkResponse",
    "Citation",
    "CommonCallParams",
    "Decoder",
    "DefaultClients",
    "DocumentPart",
    "DocumentURLPart",
    "Encode",
    "FinishReason",
    "Framing",
    "FunctionCall",
    "FunctionCallTool",
    "FunctionTool",
    "HTTPAPIError",
    "HTTPChatAPI",
    "HostedToolEvent",
    "ImageDelta",
    "ImagePart",
    "ImageURLPart",
    "ItemSource",
    "MalformedEventError",
    "Message",
    "MessageAccumulator",
    "MessageFormat",
    "NDJSONDecoder",
    "Part",
    "Position",
    "Provider",
    "ProviderError",
    "Record",
    "ResponseFormat",
    "ResponseSource",
    "SDKErrors",
    "SSEDecoder",
    "SingleMessageDecoder",
    "Source",
    "TextPart",
    "TokenCounts",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallPart",
    "ToolCallRecord",
    "ToolResultPart",
    "all_tools",
    "arguments_text",
    "base64_of",
    "call_delta",
    "call_id",
    "credentials_in",
    "data_url",
    "fields",
    "find_error",
    "http_clients",
    "http_errors",
    "load_provider",
    "name_of",
    "normalized",
    "number",
    "objects",
    "output_text",
    "parse_partial",
    "provider_error",
    "provider_names",
    "record_of",
    "record_to_read",
    "require_id",
    "requires_sdk",
    "text",
    "text_or_none",
    "tool_call_records",
    "unsupported",
    "validate_roles",
]
