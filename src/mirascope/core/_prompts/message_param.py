"""Provider-agnostic messages and their parts."""

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
    """A text, as a part of a message."""

    type: Literal["text"] = "text"
    text: str


class ImagePart(BaseModel):
    """An image, as a part of a message.

    Attributes:
        media_type (str): The media type, such as ``"image/png"``.
        image (bytes): The data.
        detail (str | None): The level of detail, such as ``"low"``, if the provider supports it.
    """

    model_config = _BYTES_IN_JSON

    type: Literal["image"] = "image"
    media_type: str
    image: bytes
    detail: str | None = None


class ImageURLPart(BaseModel):
    """An image that the provider downloads from a URL. Only Gemini uses the media type."""

    type: Literal["image_url"] = "image_url"
    url: str
    detail: str | None = None
    media_type: str | None = None


class AudioPart(BaseModel):
    """Audio, as a part of a message.

    Attributes:
        media_type (str): The media type, such as ``"audio/wav"``.
        audio (bytes | str): The data, or its base64 text.
    """

    model_config = _BYTES_IN_JSON

    type: Literal["audio"] = "audio"
    media_type: str
    audio: bytes | str


class AudioURLPart(BaseModel):
    """Audio that the provider downloads from a URL. Only Gemini uses the media type."""

    type: Literal["audio_url"] = "audio_url"
    url: str
    media_type: str | None = None


class DocumentPart(BaseModel):
    """A document, as a part of a message.

    Attributes:
        media_type (str): The media type, such as ``"application/pdf"``.
        document (bytes): The data.
    """

    model_config = _BYTES_IN_JSON

    type: Literal["document"] = "document"
    media_type: str
    document: bytes


class DocumentURLPart(BaseModel):
    """A document that the provider downloads from a URL. Only Gemini uses the media type.

    For Gemini, the URL can also be that of a video, such as one on YouTube.
    """

    type: Literal["document_url"] = "document_url"
    url: str
    media_type: str | None = None


class CacheControlPart(BaseModel):
    """A marker: the provider should cache the prompt up to this part."""

    type: Literal["cache_control"] = "cache_control"
    cache_type: str


class ToolCallPart(BaseModel):
    """A tool call of the model, in an assistant message."""

    type: Literal["tool_call"] = "tool_call"
    name: str
    args: dict[str, object] | None = None
    id: str | None = None


class ToolResultPart(BaseModel):
    """The output of a tool, to send to the model."""

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
        message: The message in the provider's JSON.
        has_more: Whether the content of a `BaseMessageParam` cannot represent all of it.
    """

    provider: str
    message: dict[str, Any]
    has_more: bool = True


class BaseMessageParam(BaseModel):
    """A message of a prompt, in a form that is the same for all providers.

    Its JSON (``model_dump_json()``) has everything, so you can store a conversation.

    Attributes:
        role (str): ``"system"``, ``"user"``, ``"assistant"`` or ``"tool"``.
        content (str | Sequence): The text, or the parts of the message.
        native (NativeMessage | None): The provider's own message, if ``content`` cannot represent
            all of it, such as thinking, signatures, citations and the provider's own tools. It is
            sent to that provider instead of ``content``, unless you changed ``content``. It is
            never sent to another provider. JSON omits it if it is ``None``.

    Example:
        >>> BaseMessageParam(role="user", content="Recommend a book").model_dump_json()
        '{"role":"user","content":"Recommend a book"}'
    """

    role: str
    content: str | Sequence[Part]
    native: NativeMessage | None = Field(default=None, repr=False)

    @model_serializer(mode="wrap")
    def _without_empty_native(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        if self.native is None:
            dumped.pop("native", None)
        return dumped


Message: TypeAlias = BaseMessageParam | Mapping[str, object] | BaseModel
"""A provider-agnostic message, or one in the provider's own form."""

UNCHANGED: Final = GetPydanticSchema(
    lambda _, __: core_schema.union_schema(
        [
            core_schema.is_instance_schema(BaseModel),
            core_schema.dict_schema(core_schema.str_schema()),
        ]
    )
)
"""Keeps a message unchanged in a field of a pydantic model.

Validation as the SDKs' typed dictionaries would drop unknown fields, and turn lists into iterators,
which can be sent only once.
"""


def base64_of(data: bytes | str) -> str:
    """Return bytes as base64 text; text, which is base64 already, as it is."""
    return data if isinstance(data, str) else base64.b64encode(data).decode()


def data_url(media_type: str, data: bytes | str) -> str:
    """Return data as a ``data`` URL."""
    return f"data:{media_type};base64,{base64_of(data)}"


def is_blank(part: Part) -> bool:
    """Return whether a part is text of only whitespace."""
    return isinstance(part, TextPart) and not part.text.strip()


def unsupported(part: Part, provider: str) -> ValueError:
    """Return the error for a part that a provider does not support."""
    return ValueError(f"{provider} messages cannot have {part.type} parts: remove the part")


def validate_roles(message: BaseMessageParam, provider: str) -> Sequence[Part]:
    """Return the parts of a message, with its text as one part.

    Raises:
        ValueError: A tool call is in another message than an assistant's, or a tool result in one.
    """
    if isinstance(message.content, str):
        return [TextPart(text=message.content)]
    roles = {"tool_call": ("assistant",), "tool_result": ("user", "tool")}
    for part in message.content:
        if message.role not in roles.get(part.type, (message.role,)):
            raise unsupported(part, f"{provider}'s {message.role}")
    return message.content


def require_id(part: ToolCallPart | ToolResultPart, provider: str) -> str:
    """Return the id of a tool call or tool result, by which the provider matches them.

    Raises:
        ValueError: There is none.
    """
    if part.id is None:
        raise ValueError(
            f"{provider} needs an `id` for each tool call and result: {part.name!r} has none"
        )
    return part.id
