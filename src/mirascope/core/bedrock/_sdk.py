"""What is used of botocore, which has no types: typed here, and imported nowhere else.

A client is made of a service's description at run time, so its methods are described by a protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, Protocol, TypeAlias

from typing_extensions import TypedDict

config: Any = import_module("botocore.config")
exceptions: Any = import_module("botocore.exceptions")
session: Any = import_module("botocore.session")
BaseClient: Any = import_module("botocore.client").BaseClient
http_errors: Any = import_module("urllib3.exceptions")

StopReason: TypeAlias = Literal[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
]
"""Why the generation ended."""


class ToolUse(TypedDict):
    """A tool call of the model."""

    toolUseId: str
    name: str
    input: dict[str, Any]


class ToolUseBlock(TypedDict):
    """The content block of a tool call."""

    toolUse: ToolUse


class ReasoningText(TypedDict, total=False):
    """The text of the model's reasoning, and the signature with which it is sent back."""

    text: str
    signature: str


class ReasoningContent(TypedDict, total=False):
    """The model's reasoning, of which the provider may redact the text."""

    reasoningText: ReasoningText
    redactedContent: bytes


class ContentBlock(TypedDict, total=False):
    """A content block of a message, which has exactly one of these fields."""

    text: str
    image: Mapping[str, Any]
    document: Mapping[str, Any]
    video: Mapping[str, Any]
    audio: Mapping[str, Any]
    toolUse: ToolUse
    toolResult: Mapping[str, Any]
    reasoningContent: ReasoningContent
    citationsContent: Mapping[str, Any]
    searchResult: Mapping[str, Any]
    guardContent: Mapping[str, Any]
    cachePoint: Mapping[str, Any]


class Message(TypedDict):
    """A message of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: list[ContentBlock]


class TokenUsage(TypedDict, total=False):
    """The token counts of a response; ``inputTokens`` has no cached tokens."""

    inputTokens: int
    outputTokens: int
    totalTokens: int
    cacheReadInputTokens: int
    cacheWriteInputTokens: int
    cacheDetails: list[Mapping[str, Any]]


class ConverseOutput(TypedDict):
    """The output of a plain response."""

    message: Message


class ConverseResponse(TypedDict, total=False):
    """A plain response; of an incomplete streamed one, any field may be missing."""

    output: ConverseOutput
    stopReason: StopReason
    usage: TokenUsage
    metrics: Mapping[str, Any]
    additionalModelResponseFields: Mapping[str, Any]
    trace: Mapping[str, Any]
    performanceConfig: Mapping[str, Any]
    serviceTier: Mapping[str, Any]
    ResponseMetadata: Mapping[str, Any]


class InferenceConfig(TypedDict, total=False):
    """The parameters that all models have.

    Attributes:
        maxTokens: The maximum number of output tokens.
        temperature: The temperature, from 0 to 1.
        topP: The share of the most probable tokens that is sampled from.
        stopSequences: The texts that end the generation.
    """

    maxTokens: int
    temperature: float
    topP: float
    stopSequences: list[str]


class ConverseParams(TypedDict, total=False):
    """The parameters of a request beside the model and the messages."""

    additionalModelRequestFields: Mapping[str, Any]
    additionalModelResponseFieldPaths: list[str]
    guardrailConfig: Mapping[str, Any]
    inferenceConfig: InferenceConfig
    outputConfig: Mapping[str, Any]
    performanceConfig: Mapping[str, str]
    projectIdentifier: str
    promptVariables: Mapping[str, Mapping[str, Any]]
    requestMetadata: Mapping[str, str]
    serviceTier: Mapping[str, str]
    system: str | Sequence[Mapping[str, Any]]
    toolConfig: Mapping[str, Any]


class MessageStart(TypedDict):
    """The start of a message."""

    role: str


class ContentBlockStart(TypedDict):
    """The start of a content block that is not text: ``toolUse``, ``toolResult`` or ``image``."""

    start: Mapping[str, Any]
    contentBlockIndex: int


class ContentBlockDelta(TypedDict):
    """A delta of a content block: ``text``, ``toolUse``, ``reasoningContent``, ``citation`` ..."""

    delta: Mapping[str, Any]
    contentBlockIndex: int


class ContentBlockStop(TypedDict):
    """The end of a content block."""

    contentBlockIndex: int


class MessageStop(TypedDict, total=False):
    """The end of a message; usage follows."""

    stopReason: StopReason
    additionalModelResponseFields: Mapping[str, Any]


class Metadata(TypedDict, total=False):
    """The last event of a stream."""

    usage: TokenUsage
    metrics: Mapping[str, Any]
    trace: Mapping[str, Any]
    performanceConfig: Mapping[str, Any]
    serviceTier: Mapping[str, Any]


class ConverseStreamEvent(TypedDict, total=False):
    """An event of a stream, which has exactly one of these fields."""

    messageStart: MessageStart
    contentBlockStart: ContentBlockStart
    contentBlockDelta: ContentBlockDelta
    contentBlockStop: ContentBlockStop
    messageStop: MessageStop
    metadata: Metadata


class ConverseStreamResponse(TypedDict):
    """The response of a streaming request."""

    stream: Iterable[ConverseStreamEvent]


class BedrockClient(Protocol):
    """A client of the service ``bedrock-runtime``, of botocore or boto3."""

    @property
    def meta(self) -> Any:
        """The client's configuration and its events."""
        ...

    def converse(self, **arguments: Any) -> ConverseResponse:
        """Send a request and return the complete response."""
        ...

    def converse_stream(self, **arguments: Any) -> ConverseStreamResponse:
        """Send a request and return the streamed response."""
        ...

    def close(self) -> None:
        """Close the client's connections."""
        ...
