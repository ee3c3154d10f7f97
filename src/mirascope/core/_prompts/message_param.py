"""Messages and their parts, the same for every provider."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import core_schema

_BYTES_IN_JSON: Final = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


class TextPart(BaseModel):
    """Text."""

    type: Literal["text"] = "text"
    text: str


class ImagePart(BaseModel):
    """An image: its media type such as ``"image/png"``, its bytes, and how closely to look."""

    model_config = _BYTES_IN_JSON

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

    model_config = _BYTES_IN_JSON

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

    model_config = _BYTES_IN_JSON

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


class NativeMessage(BaseModel):
    """A message in a provider's own form.

    Attributes:
        provider: The provider's name.
        message: The message as the provider's JSON has it.
        has_more: Whether there is more in it than a common message's content.
    """

    provider: str
    message: dict[str, Any]
    has_more: bool = True


class BaseMessageParam(BaseModel):
    """One message of a prompt, or a response that is sent back; JSON dumps keep all of it.

    Attributes:
        role: ``"system"``, ``"user"``, ``"assistant"`` or ``"tool"``.
        content: The text, or the parts that the message consists of.
        native: The provider's own message that this one was made of, if that has more than the
            content can hold (thinking, signatures, citations, the provider's own tools), or holds
            it in another way. It is sent to that provider in place of the content, unless the
            content was changed, and to no other. Dumps leave it out if it is ``None``.
    """

    role: str
    content: str | Sequence[Part]
    native: NativeMessage | None = Field(default=None, repr=False)

    @model_serializer(mode="wrap")
    def _without_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        if self.native is None:
            dumped.pop("native", None)
        return dumped


Message: TypeAlias = BaseMessageParam | Mapping[str, object] | BaseModel
"""A message of ours, or one in the provider's own form."""

UNCHANGED: Final = GetPydanticSchema(
    lambda _, __: core_schema.union_schema(
        [
            core_schema.is_instance_schema(BaseModel),
            core_schema.dict_schema(core_schema.str_schema()),
        ]
    )
)
"""Keeps a message as it is where it is a field of a pydantic model.

The SDKs' typed dictionaries would drop the fields that they do not know, and make iterators of
lists, which can be sent only once.
"""


def base64_of(data: bytes | str) -> str:
    """Return bytes as base64 text; text is taken to be that already."""
    return data if isinstance(data, str) else base64.b64encode(data).decode()


def data_url(media_type: str, data: bytes | str) -> str:
    """Return data as a URL that holds them."""
    return f"data:{media_type};base64,{base64_of(data)}"


def is_blank(part: Part) -> bool:
    """Return whether a part is a text of nothing but blanks."""
    return isinstance(part, TextPart) and not part.text.strip()


def unsupported(part: Part, provider: str) -> ValueError:
    """Return the error for a part that a provider does not take."""
    return ValueError(f"{provider} takes no {part.type} parts in its messages")


def validate_roles(message: BaseMessageParam, provider: str) -> Sequence[Part]:
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


def require_id(part: ToolCallPart | ToolResultPart, provider: str) -> str:
    """Return the id that ties a tool's result to its call.

    Raises:
        ValueError: There is none.
    """
    if part.id is None:
        raise ValueError(f"{provider} needs the id of each tool call: {part.name!r} has none")
    return part.id
