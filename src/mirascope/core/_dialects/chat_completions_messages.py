"""Messages in the dialect of OpenAI's Chat Completions: what all its servers take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydantic import BaseModel

from mirascope.core.base.message_param import (
    AudioPart,
    BaseMessageParam,
    DocumentPart,
    ImagePart,
    ImageURLPart,
    Part,
    TextPart,
    base64_of,
    data_url,
    unsupported,
)
from mirascope.core.base.prompt import Message

EncodePart: TypeAlias = Callable[[Part, str], dict[str, object]]


def encode_message(
    message: Message, provider: str, encode: EncodePart | None = None
) -> Mapping[str, object]:
    """Return a message in the dialect; one that is in the provider's own form stays as it is.

    Args:
        message: The message.
        provider: The provider's name, for errors.
        encode: Encodes a part of a message, given the provider's name; by default `encode_part`.
    """
    encode = encode or encode_part
    if isinstance(message, BaseMessageParam):
        if isinstance(message.content, str):
            return {"role": message.role, "content": message.content}
        parts = [encode(part, provider) for part in message.content]
        return {"role": message.role, "content": parts}
    if isinstance(message, BaseModel):
        return message.model_dump(exclude_none=True)
    return message


def encode_part(part: Part, provider: str) -> dict[str, object]:
    """Return a part of a message in the dialect."""
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        return _image(data_url(part.media_type, part.image), part.detail)
    if isinstance(part, ImageURLPart):
        return _image(part.url, part.detail)
    if isinstance(part, AudioPart):
        sound = {"data": base64_of(part.audio), "format": part.media_type.rpartition("/")[2]}
        return {"type": "input_audio", "input_audio": sound}
    if isinstance(part, DocumentPart):
        name = "document." + part.media_type.rpartition("/")[2]
        file = {"filename": name, "file_data": data_url(part.media_type, part.document)}
        return {"type": "file", "file": file}
    raise unsupported(part, provider)


def _image(url: str, detail: str | None) -> dict[str, object]:
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}
