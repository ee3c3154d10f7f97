"""Helpers that normalize the messages of a provider."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from mirascope.core._prompts.media import data_of
from mirascope.core._prompts.message_param import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    Message,
    Part,
    TextPart,
)
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields
from mirascope.core._wire.sdk_models import to_builtins


def normalized(role: str, parts: Sequence[Part]) -> BaseMessageParam:
    """Return a message of parts, without empty texts; text parts alone become one string."""
    parts = [part for part in parts if not isinstance(part, TextPart) or part.text]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    is_text = len(texts) == len(parts)
    return BaseMessageParam(role=role, content="".join(texts) if is_text else parts)


def record_to_read(message: Message) -> Record:
    """Return a message in the provider's own form as JSON."""
    native = message if isinstance(message, BaseModel) else dict(message)
    return fields(to_builtins(native, mode="json", by_alias=True, exclude_none=True))


def url_part(kind: str, url: str, detail: str | None = None, media_type: str | None = None) -> Part:
    """Return the part for a URL; for a ``data`` URL, the part with its data.

    Args:
        kind: ``"image"``, ``"audio"`` or ``"document"``.
        url: The URL.
        detail: How closely to look at an image.
        media_type: The media type of the resource, if known.
    """
    if url.startswith("data:"):
        return data_part(kind, *data_of(url), detail)
    if kind == "image":
        return ImageURLPart(url=url, detail=detail, media_type=media_type)
    part_type = AudioURLPart if kind == "audio" else DocumentURLPart
    return part_type(url=url, media_type=media_type)


def data_part(kind: str, media_type: str, data: bytes, detail: str | None = None) -> Part:
    """Return the part for data; see `url_part`."""
    if kind == "image":
        return ImagePart(media_type=media_type, image=data, detail=detail)
    if kind == "audio":
        return AudioPart(media_type=media_type, audio=data)
    return DocumentPart(media_type=media_type, document=data)
