"""The parts of a chunk: its content by kind, in classes that are the same for all providers."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirascope.core._wire.events import JSON, ToolCall, ToolCallDelta


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the text.

    Attributes:
        text: The piece, never empty.
    """

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the text of the model's reasoning.

    Attributes:
        text: The piece, never empty.
    """

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of a call of one of the request's tools.

    Attributes:
        id (str): The id of the call, the same as that of its tool. Each piece has it.
        name (str): The name of the tool, as received so far. Each piece has it.
        index (int): The number of the call in the response, starting at 0.
        arguments (str): A piece of the JSON text of the arguments; ``""`` if it has none.
    """

    id: str
    name: str
    index: int
    arguments: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that the response cites.

    Attributes:
        url (str | None): The URL of the source; ``None`` if the provider does not report it.
        title (str | None): The title of the source; ``None`` if the provider does not report it.
        text (str | None): The cited text; ``None`` if the provider does not report it.
        raw (dict): The provider's JSON, with everything else, such as the position in the response.
    """

    url: str | None
    title: str | None
    text: str | None
    raw: Record = field(hash=False)


@dataclass(frozen=True, slots=True)
class ImageDelta:
    """An image that the model generated, or an early version of one.

    Attributes:
        data (bytes): The decoded data; ``b""`` if the provider sends a URL instead.
        media_type (str | None): The media type, such as ``"image/png"``; ``None`` if not reported.
        url (str | None): The URL; ``None`` if there is data.
        partial (bool): Whether a later version of the same image follows.
    """

    data: bytes = field(repr=False)
    media_type: str | None
    url: str | None = None
    partial: bool = False

    @classmethod
    def of_url(cls, url: str) -> ImageDelta:
        """Return the image at a URL, which may be a data URL."""
        if not url.startswith("data:"):
            return cls(b"", None, url)
        head, _, data = url.removeprefix("data:").partition(",")
        return cls(decoded(data), head.partition(";")[0] or None)


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """A piece of the audio that the model generated.

    Attributes:
        data (bytes): The decoded data; ``b""`` if the piece has only a transcript.
        media_type (str | None): The media type; ``None`` if it is not reported. Then it is the one
            that you requested.
        transcript (str): A piece of the transcript; ``""`` if it has none.
    """

    data: bytes = field(repr=False)
    media_type: str | None
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class HostedToolEvent:
    """The progress of a tool that the provider runs itself: a call, its arguments, its result.

    Attributes:
        type (str): The provider's type, such as ``"web_search_tool_result"``.
        name (str | None): The name of the tool; ``None`` if the event does not report it.
        id (str | None): The id of the call, also in its result; ``None`` if not reported.
        index (int | None): The provider's index of the item, which later pieces refer to; ``None``
            if there is none.
        raw (dict): The provider's JSON.
    """

    type: str
    name: str | None
    id: str | None
    index: int | None
    raw: Record = field(hash=False)


ChunkPart: TypeAlias = (
    TextDelta | ReasoningDelta | ToolDelta | Citation | ImageDelta | AudioDelta | HostedToolEvent
)
"""A part of a chunk."""


def tool_deltas(deltas: Sequence[ToolCallDelta], calls: Sequence[ToolCall]) -> list[ToolDelta]:
    """Return the parts for deltas of tool calls.

    Args:
        deltas: The deltas.
        calls: The call of each; none for a chunk that is not of a stream.
    """
    if not calls:
        numbered = enumerate(deltas)
        return [ToolDelta(d.id or "", d.name or "", n, d.arguments) for n, d in numbered]
    return [
        ToolDelta(call.call_id, call.name, call.position, delta.arguments)
        for delta, call in zip(deltas, calls, strict=True)
    ]


def decoded(data: JSON) -> bytes:
    """Return the bytes of base64, of either alphabet; ``b""`` for any other value."""
    try:
        return urlsafe_b64decode(text(data))
    except ValueError:
        return b""
