"""Messages and their parts, the same for every provider."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel


class TextPart(BaseModel):
    """Text."""

    type: Literal["text"] = "text"
    text: str


class ImagePart(BaseModel):
    """An image: its media type such as ``"image/png"``, its bytes, and how closely to look."""

    type: Literal["image"] = "image"
    media_type: str
    image: bytes
    detail: str | None = None


class ImageURLPart(BaseModel):
    """An image that the provider fetches from a URL; its media type is for Gemini, if known."""

    type: Literal["image_url"] = "image_url"
    url: str
    detail: str | None = None
    media_type: str | None = None


class AudioPart(BaseModel):
    """Sound: its media type such as ``"audio/wav"`` and its bytes (or their base64 text)."""

    type: Literal["audio"] = "audio"
    media_type: str
    audio: bytes | str


class AudioURLPart(BaseModel):
    """Sound that the provider fetches from a URL; its media type is for Gemini, if known."""

    type: Literal["audio_url"] = "audio_url"
    url: str
    media_type: str | None = None


class DocumentPart(BaseModel):
    """A document: its media type such as ``"application/pdf"`` and its bytes."""

    type: Literal["document"] = "document"
    media_type: str
    document: bytes


class DocumentURLPart(BaseModel):
    """A document that the provider fetches from a URL; its media type is for Gemini, if known.

    For Gemini it may be a video too, such as one on YouTube.
    """

    type: Literal["document_url"] = "document_url"
    url: str
    media_type: str | None = None


class CacheControlPart(BaseModel):
    """Tells the provider to cache the prompt up to here."""

    type: Literal["cache_control"] = "cache_control"
    cache_type: str


class ToolCallPart(BaseModel):
    """A tool call of the model, in an assistant message."""

    type: Literal["tool_call"] = "tool_call"
    name: str
    args: dict[str, object] | None = None
    id: str | None = None


class ToolResultPart(BaseModel):
    """The result of a tool call, sent back to the model."""

    type: Literal["tool_result"] = "tool_result"
    name: str
    content: str
    id: str | None = None
    is_error: bool = False


Part: TypeAlias = (
    TextPart
    | ImagePart
    | ImageURLPart
    | AudioPart
    | AudioURLPart
    | DocumentPart
    | DocumentURLPart
    | CacheControlPart
    | ToolCallPart
    | ToolResultPart
)
"""A part of a message."""


class BaseMessageParam(BaseModel):
    """One message of a prompt.

    Attributes:
        role: ``"system"``, ``"user"`` or ``"assistant"``.
        content: The text, or the parts that the message consists of.
    """

    role: str
    content: str | Sequence[Part]


Message: TypeAlias = BaseMessageParam | Mapping[str, object] | BaseModel
"""A message of ours, or one in the provider's own form."""


def base64_of(data: bytes | str) -> str:
    """Return bytes as base64 text; text is taken to be that already."""
    return data if isinstance(data, str) else base64.b64encode(data).decode()


def data_url(media_type: str, data: bytes | str) -> str:
    """Return data as a URL that holds them."""
    return f"data:{media_type};base64,{base64_of(data)}"


def unsupported(part: Part, provider: str) -> ValueError:
    """Return the error for a part that a provider does not take."""
    return ValueError(f"{provider} takes no {part.type} parts in its messages")


def placed(message: BaseMessageParam, provider: str) -> Sequence[Part]:
    """Return the parts of a message, its text as one.

    Raises:
        ValueError: A tool call is not the assistant's, or a tool's result is.
    """
    if isinstance(message.content, str):
        return [TextPart(text=message.content)]
    roles = {"tool_call": ("assistant",), "tool_result": ("user", "tool")}
    for part in message.content:
        if message.role not in roles.get(part.type, (message.role,)):
            raise unsupported(part, f"{provider}'s {message.role}")
    return message.content


def id_of(part: ToolCallPart | ToolResultPart, provider: str) -> str:
    """Return the id that ties a tool's result to its call.

    Raises:
        ValueError: There is none.
    """
    if part.id is None:
        raise ValueError(f"{provider} needs the id of each tool call: {part.name!r} has none")
    return part.id
