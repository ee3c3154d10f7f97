"""Mistral's messages, and where their parts differ from those of Chat Completions.

Audio is its data or its URL and nothing else, and documents have a URL.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias, cast

from mistralai.client.models import AssistantMessage, SystemMessage, ToolMessage, UserMessage

from mirascope.core._dialects.chat_completions import messages as chat
from mirascope.core._prompts.message_param import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    DocumentPart,
    DocumentURLPart,
    Message,
    Part,
    base64_of,
    data_url,
)
from mirascope.core._prompts.native_messages import Known
from mirascope.core._prompts.normalize import url_part
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, text

MistralMessage: TypeAlias = AssistantMessage | SystemMessage | ToolMessage | UserMessage
"""A message of a prompt, or a response that is sent back."""


def encode_part(part: Part, provider: str) -> dict[str, object]:
    """Return a part of a message for a request.

    Raises:
        ValueError: Mistral does not support the part.
    """
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": base64_of(part.audio)}
    if isinstance(part, AudioURLPart):
        return {"type": "input_audio", "input_audio": part.url}
    if isinstance(part, DocumentPart):
        url = data_url(part.media_type, part.document)
        return {"type": "document_url", "document_url": url}
    if isinstance(part, DocumentURLPart):
        return {"type": "document_url", "document_url": part.url}
    return chat.encode_part(part, provider)


def _read_part(part: Record) -> Part | None:
    kind = part.get("type")
    if kind == "document_url":
        document = part.get("document_url")
        return url_part("document", text(document) or text(fields(document).get("url")))
    audio = part.get("input_audio")
    if kind == "input_audio" and isinstance(audio, str):
        if ":" in audio:
            return url_part("audio", audio)
        return AudioPart(media_type="audio/*", audio=b64decode(audio))
    return chat.read_part(part)


def normalize(message: Message) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes."""
    return chat.normalize(message, _read_part)


_CHAT_CONTENT: Final = cast("Mapping[str, Known]", chat.MESSAGE_FORMAT.known["content"])
_PART_TYPES: Final = cast("set[str]", _CHAT_CONTENT["type"])

MESSAGE_FORMAT: Final = replace(
    chat.MESSAGE_FORMAT,
    read=normalize,
    known={
        **chat.MESSAGE_FORMAT.known,
        "content": {
            **_CHAT_CONTENT,
            "type": _PART_TYPES | {"document_url"},
            "document_url": None,
        },
    },
    call_id=re.compile(r"[a-zA-Z0-9]{9}"),
    empty="...",
)
"""Mistral rejects an assistant message without content, and a user message after a tool message."""
