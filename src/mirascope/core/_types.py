"""Types that several rooms share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel, ConfigDict

JsonableType: TypeAlias = (
    str
    | int
    | float
    | bool
    | bytes
    | BaseModel
    | Sequence["JsonableType"]
    | AbstractSet["JsonableType"]
    | Mapping[str, "JsonableType"]
    | None
)
"""The output of a tool: any value that JSON can represent, and bytes."""

if TYPE_CHECKING:  # at run time, `isinstance` needs the classes without parameters
    BaseType: TypeAlias = (
        str | int | float | bool | bytes | list[Any] | set[Any] | tuple[Any, ...] | dict[Any, Any]
    )
else:
    BaseType = str | int | float | bool | bytes | list | set | tuple | dict
"""The types of response models other than pydantic models."""

StreamState: TypeAlias = Literal["pending", "open", "finished", "truncated", "closed", "failed"]
"""The state of a stream: not started; being read; complete; cut off without a connection error;
closed by the user; ended by an error."""

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]
"""A normalized finish reason."""

Provider: TypeAlias = Literal[
    "anthropic",
    "azure",
    "azure_responses",
    "bedrock",
    "cohere",
    "gemini",
    "google",
    "groq",
    "litellm",
    "mistral",
    "openai",
    "openai_responses",
    "vertex",
    "xai",
]
"""The names of providers."""

LocalProvider: TypeAlias = Literal["ollama", "vllm"]
"""The names of servers on the local machine."""


class Usage(BaseModel):
    """The normalized token usage of a call.

    Attributes:
        input_tokens: The tokens of the prompt, cached ones included.
        cached_tokens: The prompt tokens from the provider's cache.
        output_tokens: The generated tokens, reasoning included.
        total_tokens: The sum of prompt tokens and generated tokens.
    """

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    total_tokens: int


class ImageMetadata(BaseModel):
    """An image of a prompt.

    Attributes:
        width: Its width in pixels.
        height: Its height in pixels.
        tokens: The tokens that it counts as, if known.
        detail: The level of detail, such as ``"low"``.
    """

    width: int
    height: int
    tokens: int | None = None
    detail: str | None = None


class VideoMetadata(BaseModel):
    """A video of a prompt.

    Attributes:
        duration_seconds: Its length in seconds.
        with_audio: Whether its audio is processed too.
        tokens: The tokens that it counts as, if known.
    """

    duration_seconds: float
    with_audio: bool | None = False
    tokens: int | None = None


class AudioMetadata(BaseModel):
    """Audio of a prompt or of a response.

    Attributes:
        duration_seconds: Its length in seconds.
        with_timestamps: Whether timestamps are included.
        tokens: The tokens that it counts as, if known.
    """

    duration_seconds: float
    with_timestamps: bool | None = False
    tokens: int | None = None


class PDFImageMetadata(BaseModel):
    """An image on a page of a PDF.

    Attributes:
        width: Its width in pixels.
        height: Its height in pixels.
        tokens: The tokens that it counts as, if known.
    """

    width: int
    height: int
    tokens: int | None = None


class PDFMetadata(BaseModel):
    """A PDF of a prompt.

    Attributes:
        page_count: The number of its pages.
        text_tokens: The tokens of its text.
        images: Its images.
        cached: Whether it was read from the provider's cache.
    """

    page_count: int | None = None
    text_tokens: int | None = None
    images: list[PDFImageMetadata] | None = None
    cached: bool | None = None


class GoogleMetadata(BaseModel):
    """Metadata specific to calls of Google's models.

    Attributes:
        use_vertex_ai: Whether the call went through Vertex AI.
        grounding_requests: The number of searches for grounding.
    """

    use_vertex_ai: bool | None = False
    grounding_requests: int | None = None


class CostMetadata(BaseModel):
    """The input of a cost calculation; further attributes are allowed.

    A response sets the three token counts; the other attributes are for user code.

    Attributes:
        input_tokens: The tokens of the prompt, cached ones included.
        output_tokens: The generated tokens, reasoning included.
        cached_tokens: The prompt tokens from the provider's cache.
        streaming_mode: Whether the response was streamed.
        cached_response: Whether the response was read from a cache.
        context_length: The size of the context window in tokens.
        realtime_mode: Whether the call went through a realtime API.
        region: The cloud region of the request.
        tier: The service tier, such as ``"standard"``.
        batch_mode: Whether the call was part of a batch.
        images: The images of the prompt.
        videos: The videos of the prompt.
        audio: The audio of the prompt.
        audio_output: The audio of the response.
        pdf: The PDF of the prompt.
        context_cache_tokens: The tokens in the provider's explicit cache.
        context_cache_hours: The storage time of those tokens, in hours.
        google: Metadata specific to Google.
        realtime_tokens: The tokens of a realtime request.
        cache_write: Whether the call wrote to the provider's cache.
        tool_use_tokens: The tokens of tool calls.
        cost: The cost in US dollars, if the provider reports it.
    """

    model_config = ConfigDict(extra="allow")

    input_tokens: int | float | None = None
    output_tokens: int | float | None = None
    cached_tokens: int | float | None = None
    streaming_mode: bool | None = None
    cached_response: bool | None = None
    context_length: int | None = None
    realtime_mode: bool | None = None
    region: str | None = None
    tier: str | None = None
    batch_mode: bool | None = None
    images: list[ImageMetadata] | None = None
    videos: list[VideoMetadata] | None = None
    audio: list[AudioMetadata] | None = None
    audio_output: list[AudioMetadata] | None = None
    pdf: PDFMetadata | None = None
    context_cache_tokens: int | None = None
    context_cache_hours: float | None = None
    google: GoogleMetadata | None = None
    realtime_tokens: int | None = None
    cache_write: bool | None = None
    tool_use_tokens: int | None = None
    cost: float | None = None


@runtime_checkable
class Image(Protocol):
    """A Pillow image, or a compatible object."""

    @property
    def format(self) -> str | None:
        """The format of its source file, such as ``"PNG"``; ``None`` without a file."""

    def getbands(self) -> tuple[str, ...]:
        """Return the names of its bands."""
        ...

    def save(self, file: IO[bytes], format_: str, /) -> None:
        """Write it to a file."""


@runtime_checkable
class AudioSegment(Protocol):
    """A pydub audio segment, or a compatible object."""

    @property
    def frame_rate(self) -> int:
        """The frames per second."""
        ...

    def export(self, file: IO[bytes], format_: str, /) -> object:
        """Write it to a file."""


@runtime_checkable
class WaveFile(Protocol):
    """A WAV file open for reading, as `wave.open` returns, or a compatible object."""

    def getnframes(self) -> int:
        """Return the number of frames."""
        ...

    def getparams(self) -> Any:
        """Return its parameters, for `wave.Wave_write.setparams`."""

    def readframes(self, nframes: int) -> bytes:
        """Read a number of frames from the current position."""
        ...

    def rewind(self) -> None:
        """Set the position to the first frame."""

    def setpos(self, pos: int) -> None:
        """Set the position to a frame."""

    def tell(self) -> int:
        """Return the position, as the number of a frame."""
        ...
