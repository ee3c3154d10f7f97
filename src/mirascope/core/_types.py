"""Small types that several modules share."""

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
"""What a tool may give: whatever can be told as JSON."""

if TYPE_CHECKING:  # for `isinstance`, the classes stand without what they contain
    BaseType: TypeAlias = (
        str | int | float | bool | bytes | list[Any] | set[Any] | tuple[Any, ...] | dict[Any, Any]
    )
else:
    BaseType = str | int | float | bool | bytes | list | set | tuple | dict
"""What a response model can be that is no pydantic model."""

StreamState: TypeAlias = Literal["pending", "open", "finished", "truncated", "closed", "failed"]
"""Where a stream is: not begun; being read; ended by itself; cut off though the connection ended
in good order; closed by the user; ended by an error."""

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]
"""Why a generation ended, in words that are the same for every provider."""

Provider: TypeAlias = Literal[
    "anthropic",
    "azure",
    "bedrock",
    "cohere",
    "gemini",
    "google",
    "groq",
    "litellm",
    "mistral",
    "openai",
    "vertex",
    "xai",
]
"""The names of providers."""

LocalProvider: TypeAlias = Literal["ollama", "vllm"]
"""The names of servers on one's own machine."""


class Usage(BaseModel):
    """The tokens of a call, which mean the same for every provider.

    Attributes:
        input_tokens: All tokens of the prompt, cached ones included.
        cached_tokens: Those of them that came from the provider's cache.
        output_tokens: All tokens generated, reasoning included.
        total_tokens: All of the prompt and all generated.
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
        detail: How closely the model looks at it, such as ``"low"``.
    """

    width: int
    height: int
    tokens: int | None = None
    detail: str | None = None


class VideoMetadata(BaseModel):
    """A video of a prompt.

    Attributes:
        duration_seconds: Its length in seconds.
        with_audio: Whether its sound is processed too.
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
        cached: Whether it came from the provider's cache.
    """

    page_count: int | None = None
    text_tokens: int | None = None
    images: list[PDFImageMetadata] | None = None
    cached: bool | None = None


class GoogleMetadata(BaseModel):
    """What is specific to a call of Google's models.

    Attributes:
        use_vertex_ai: Whether the call went through Vertex AI.
        grounding_requests: The number of searches that the response is grounded in.
    """

    use_vertex_ai: bool | None = False
    grounding_requests: int | None = None


class CostMetadata(BaseModel):
    """What the cost of a call depends on; more may be added.

    The response reports the three numbers of tokens; the rest is for code that sets it.

    Attributes:
        input_tokens: All tokens of the prompt, cached ones included.
        output_tokens: All tokens generated, reasoning included.
        cached_tokens: Those tokens of the prompt that came from the provider's cache.
        streaming_mode: Whether the response was streamed.
        cached_response: Whether the whole response came from a cache.
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
        context_cache_tokens: The tokens that the provider keeps in an explicit cache.
        context_cache_hours: The hours for which it keeps them.
        google: What is specific to Google.
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
    """An image of Pillow, or what is like one."""

    @property
    def format(self) -> str | None:
        """The format of the file that it was read from, such as ``"PNG"``."""

    def getbands(self) -> tuple[str, ...]:
        """Return the names of its bands."""
        ...

    def save(self, file: IO[bytes], format_: str, /) -> None:
        """Write it to a file."""


@runtime_checkable
class AudioSegment(Protocol):
    """A segment of sound of pydub, or what is like one."""

    @property
    def frame_rate(self) -> int:
        """Its frames in one second."""
        ...

    def export(self, file: IO[bytes], format_: str, /) -> object:
        """Write it to a file."""


@runtime_checkable
class WaveFile(Protocol):
    """A WAV file that is read: what `wave.open` returns, or what is like it."""

    def getnframes(self) -> int:
        """Return how many frames it has."""
        ...

    def getparams(self) -> Any:
        """Return its parameters, as a file that is written takes them."""

    def readframes(self, nframes: int) -> bytes:
        """Return so many frames from where it has been read to."""
        ...

    def rewind(self) -> None:
        """Go back to the first frame."""

    def setpos(self, pos: int) -> None:
        """Go to a frame."""

    def tell(self) -> int:
        """Return the frame that it has been read to."""
        ...
