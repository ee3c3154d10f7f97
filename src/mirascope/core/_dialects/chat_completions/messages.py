"""Converts messages to those of Chat Completions, and back.

Tool results are messages of their own there, so one common message can become several.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, TypeAlias

from pydantic import BaseModel

from mirascope.core._prompts.message_param import (
    AudioPart,
    BaseMessageParam,
    DocumentPart,
    ImagePart,
    ImageURLPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    base64_of,
    data_url,
    require_id,
    unsupported,
    validate_roles,
)
from mirascope.core._prompts.native_messages import Known, MessageFormat
from mirascope.core._prompts.normalize import normalized, record_to_read, url_part
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, objects, parse_partial, text

EncodePart: TypeAlias = Callable[[Part, str], dict[str, object]]
"""Encodes a part of a message, given the provider's name for errors."""
ReadPart: TypeAlias = Callable[[Record], Part | None]
"""Reads a part of a message's content; ``None`` if the common form has no such part."""

_KNOWN: Final[Mapping[str, Known]] = {
    "role": None,
    "name": None,
    "tool_call_id": None,
    "content": {
        "type": {"text", "image_url", "file", "input_audio"},
        "text": None,
        "image_url": {"url": None, "detail": None},
        "file": {"filename": None, "file_data": None},
        "input_audio": {"data": None, "format": None},
    },
    "tool_calls": {
        "id": None,
        "type": {"function"},
        "index": None,
        "function": {"name": None, "arguments": None},
    },
}

_AUDIO_FORMATS: Final = {"mp3": "mp3", "mpeg": "mp3", "wav": "wav", "x-wav": "wav"}


def encode_part(part: Part, provider: str) -> dict[str, object]:
    """Return a part of a message for a request.

    Raises:
        ValueError: The dialect has no such part.
    """
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        return _image(data_url(part.media_type, part.image), part.detail)
    if isinstance(part, ImageURLPart):
        return _image(part.url, part.detail)
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": _audio(part, provider)}
    if isinstance(part, DocumentPart):
        name = "document." + part.media_type.rpartition("/")[2]
        file = {"filename": name, "file_data": data_url(part.media_type, part.document)}
        return {"type": "file", "file": file}
    raise unsupported(part, provider)


def encode_messages(
    messages: Iterable[Message], provider: str, encode: EncodePart = encode_part
) -> list[Mapping[str, object]]:
    """Return messages for a request; those in the provider's own form are unchanged.

    Args:
        messages: The messages.
        provider: The provider's name, for errors.
        encode: Encodes a part of a message.

    Raises:
        ValueError: The provider does not support a part.
    """
    return [each for message in messages for each in encode_message(message, provider, encode)]


def encode_message(
    message: Message, provider: str, encode: EncodePart = encode_part
) -> list[Mapping[str, object]]:
    """Return one message for a request, as one or several; see `encode_messages`."""
    if isinstance(message, BaseMessageParam):
        parts = validate_roles(message, provider)
        if isinstance(message.content, str):
            return [{"role": message.role, "content": message.content}]
        encoded: list[Mapping[str, object]] = []
        for are_results, group in groupby(parts, lambda part: isinstance(part, ToolResultPart)):
            if are_results:
                encoded += [_tool_result(part, provider) for part in group]
            else:
                encoded.append(_role_message(message.role, [*group], provider, encode))
        return encoded
    if isinstance(message, BaseModel):
        return [message.model_dump(exclude_none=True)]
    return [message]


def _tool_result(part: Part, provider: str) -> dict[str, object]:
    assert isinstance(part, ToolResultPart)  # noqa: S101  # for the type checkers
    call_id = require_id(part, provider)
    return {"role": "tool", "tool_call_id": call_id, "content": part.content}


def _role_message(
    role: str, parts: Sequence[Part], provider: str, encode: EncodePart
) -> dict[str, object]:
    """Return a message without tool results; only users send more than text.

    Raises:
        ValueError: The provider does not support a part in this role.
    """
    message: dict[str, object] = {"role": role}
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    others = [part for part in parts if not isinstance(part, ToolCallPart)]
    for part in others:
        if role != "user" and not isinstance(part, TextPart):
            raise unsupported(part, f"{provider}'s {role}")
    if role != "user" and len(others) == 1 and isinstance(others[0], TextPart):
        message["content"] = others[0].text  # the form that all servers accept and send
    elif others or not calls:
        message["content"] = [encode(part, provider) for part in others]
    if calls:
        message["tool_calls"] = [_tool_call(part, provider) for part in calls]
    return message


def _tool_call(part: ToolCallPart, provider: str) -> dict[str, object]:
    function = {"name": part.name, "arguments": _arguments(part.args)}
    return {"id": require_id(part, provider), "type": "function", "function": function}


def _arguments(args: Mapping[str, object] | None) -> str:
    return json.dumps(args or {}, ensure_ascii=False)


def _audio(part: AudioPart, provider: str) -> dict[str, object]:
    kind = _AUDIO_FORMATS.get(part.media_type.rpartition("/")[2])
    if kind is None:
        raise ValueError(f"{provider} supports audio as WAV or MP3 only, not {part.media_type}")
    return {"data": base64_of(part.audio), "format": kind}


def _image(url: str, detail: str | None) -> dict[str, object]:
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}


def read_part(part: Record) -> Part | None:
    """Return a part of a message's content as a common part, if there is such a part."""
    kind = text(part.get("type"))
    value = part.get(kind)
    if kind == "text":
        return TextPart(text=text(value))
    if kind == "image_url":
        image = fields(value)
        url = value if isinstance(value, str) else text(image.get("url"))
        return url_part("image", url, text(image.get("detail")) or None)
    if kind == "file" and (data := text(fields(value).get("file_data"))):
        return url_part("document", data)
    if kind == "input_audio":
        audio = fields(value)
        media_type = "audio/" + text(audio.get("format"))
        return AudioPart(media_type=media_type, audio=b64decode(text(audio.get("data"))))
    return None


def normalize(message: Message, read: ReadPart = read_part) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes.

    Args:
        message: The message.
        read: Reads a part of its content.
    """
    if isinstance(message, BaseMessageParam):
        return message
    record = record_to_read(message)
    content, role = record.get("content"), text(record.get("role")) or "assistant"
    if role == "tool":
        name, call_id = text(record.get("name")), text(record.get("tool_call_id")) or None
        result = "".join(text(part.get("text")) for part in _content_parts(content))
        return normalized(role, [ToolResultPart(name=name, content=result, id=call_id)])
    parts = [part for part in map(read, _content_parts(content)) if part is not None]
    calls = [_read_tool_call(call) for call in objects(record.get("tool_calls"))]
    return normalized(role, [*parts, *calls])


def _content_parts(content: JSON) -> list[Record]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _read_tool_call(call: Record) -> ToolCallPart:
    function = fields(call.get("function"))
    args = dict[str, object](_parse_arguments(function.get("arguments")))
    return ToolCallPart(name=text(function.get("name")), args=args, id=text(call.get("id")) or None)


def _parse_arguments(arguments: JSON) -> Record:
    return fields(parse_partial(arguments) if isinstance(arguments, str) else arguments)


def _has_other_arguments_text(message: Record) -> bool:
    """Return whether the text of some arguments differs from the one encoded from the common form.

    The meaning would be the same, but the provider's cache would not find the prompt again.
    """
    functions = (fields(call.get("function")) for call in objects(message.get("tool_calls")))
    arguments = [function.get("arguments") for function in functions]
    return any(each != _arguments(_parse_arguments(each)) for each in arguments)


MESSAGE_FORMAT: Final = MessageFormat(read=normalize, known=_KNOWN, kept=_has_other_arguments_text)
"""The dialect's message format; empty content is accepted where it is a text."""
