"""Small types that several modules share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import IO, Literal, Protocol, TypeAlias, runtime_checkable

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


class CostMetadata(BaseModel):
    """What the cost of a call depends on; more may be added.

    Attributes:
        input_tokens: All tokens of the prompt, cached ones included.
        output_tokens: All tokens generated, reasoning included.
        cached_tokens: Those tokens of the prompt that came from the provider's cache.
    """

    model_config = ConfigDict(extra="allow")

    input_tokens: int | float | None = None
    output_tokens: int | float | None = None
    cached_tokens: int | float | None = None


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
