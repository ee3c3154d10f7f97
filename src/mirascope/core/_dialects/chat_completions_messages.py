"""Messages in the dialect of OpenAI's Chat Completions: what all its servers take, and back.

The results of tools are messages of their own there, so one message of ours can be several.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from mirascope.core._wire.json_fields import fields, from_cut_off, objects, text

EncodePart: TypeAlias = Callable[[Part, str], dict[str, object]]

_KNOWN: Final[Mapping[str, Known]] = {
    "role": None,
    "name": None,
    "tool_call_id": None,
    "content": {
        "type": {"text", "image_url", "document_url", "file", "input_audio"},
        "text": None,
        "image_url": {"url": None, "detail": None},
        "document_url": None,
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

_SOUNDS: Final = {"mp3": "mp3", "mpeg": "mp3", "wav": "wav", "x-wav": "wav"}


def encode_part(part: Part, provider: str) -> dict[str, object]:
    """Return a part of a message in the dialect."""
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        return _image(data_url(part.media_type, part.image), part.detail)
    if isinstance(part, ImageURLPart):
        return _image(part.url, part.detail)
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": _sound(part, provider)}
    if isinstance(part, DocumentPart):
        name = "document." + part.media_type.rpartition("/")[2]
        file = {"filename": name, "file_data": data_url(part.media_type, part.document)}
        return {"type": "file", "file": file}
    raise unsupported(part, provider)


def encode_messages(
    messages: Iterable[Message], provider: str, encode: EncodePart = encode_part
) -> list[Mapping[str, object]]:
    """Return messages in the dialect; those in the provider's own form stay as they are.

    Args:
        messages: The messages.
        provider: The provider's name, for errors.
        encode: Encodes a part of a message, given the provider's name.

    Raises:
        ValueError: The provider does not take a part.
    """
    return [each for message in messages for each in encode_message(message, provider, encode)]


def encode_message(
    message: Message, provider: str, encode: EncodePart = encode_part
) -> list[Mapping[str, object]]:
    """Return one message in the dialect, as one or several; see `encode_messages`."""
    if isinstance(message, BaseMessageParam):
        parts = validate_roles(message, provider)
        if isinstance(message.content, str):
            return [{"role": message.role, "content": message.content}]
        return [
            encoded
            for are_results, group in groupby(parts, lambda part: isinstance(part, ToolResultPart))
            for encoded in (
                _results(group, provider)
                if are_results
                else [_said(message.role, [*group], provider, encode)]
            )
        ]
    if isinstance(message, BaseModel):
        return [message.model_dump(exclude_none=True)]
    return [message]


def _results(parts: Iterable[Part], provider: str) -> Iterator[dict[str, object]]:
    for part in parts:
        if isinstance(part, ToolResultPart):
            yield {
                "role": "tool",
                "tool_call_id": require_id(part, provider),
                "content": part.content,
            }


def _said(role: str, parts: Sequence[Part], provider: str, encode: EncodePart) -> dict[str, object]:
    """Return a message of anything but results; only users send more than text."""
    message: dict[str, object] = {"role": role}
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    others = [part for part in parts if not isinstance(part, ToolCallPart)]
    for part in others:
        if role != "user" and not isinstance(part, TextPart):
            raise unsupported(part, f"{provider}'s {role}")
    if role != "user" and len(others) == 1 and isinstance(others[0], TextPart):
        message["content"] = others[0].text  # as all servers take it, and as it came
    elif others or not calls:
        message["content"] = [encode(part, provider) for part in others]
    if calls:
        message["tool_calls"] = [_call(part, provider) for part in calls]
    return message


def _call(part: ToolCallPart, provider: str) -> dict[str, object]:
    function = {"name": part.name, "arguments": _arguments(part.args)}
    return {"id": require_id(part, provider), "type": "function", "function": function}


def _arguments(args: Mapping[str, object] | None) -> str:
    return json.dumps(args or {}, ensure_ascii=False)


def _sound(part: AudioPart, provider: str) -> dict[str, object]:
    kind = _SOUNDS.get(part.media_type.rpartition("/")[2])
    if kind is None:
        raise ValueError(f"{provider} takes sound as WAV or MP3 only, not {part.media_type}")
    return {"data": base64_of(part.audio), "format": kind}


def _image(url: str, detail: str | None) -> dict[str, object]:
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}


def common_message(message: Message) -> BaseMessageParam:
    """Return a message in the dialect, an answer or one of a prompt, as far as our parts go."""
    if isinstance(message, BaseMessageParam):
        return message
    record = record_to_read(message)
    content, role = record.get("content"), text(record.get("role")) or "assistant"
    if role == "tool":
        name, call_id = text(record.get("name")), text(record.get("tool_call_id")) or None
        result = "".join(text(block.get("text")) for block in _blocks(content))
        return normalized(role, [ToolResultPart(name=name, content=result, id=call_id)])
    parts = [part for block in _blocks(content) for part in _common_parts(block)]
    calls = [_common_call(call) for call in objects(record.get("tool_calls"))]
    return normalized(role, [*parts, *calls])


def _blocks(content: JSON) -> list[Record]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _common_parts(block: Record) -> Iterator[Part]:
    kind = text(block.get("type"))
    value = block.get(kind)
    if kind == "text":
        yield TextPart(text=text(value))
    elif kind in {"image_url", "document_url"}:
        inner = fields(value)
        url = value if isinstance(value, str) else text(inner.get("url"))
        yield url_part(kind.removesuffix("_url"), url, text(inner.get("detail")) or None)
    elif kind == "file" and (data := text(fields(value).get("file_data"))):
        yield url_part("document", data)
    elif kind == "input_audio":
        yield _common_sound(value)


def _common_sound(value: JSON) -> Part:
    """Return sound, which Mistral sends as nothing but a URL or its data."""
    if not isinstance(value, str):
        sound = fields(value)
        media_type = "audio/" + text(sound.get("format"))
        return AudioPart(media_type=media_type, audio=b64decode(text(sound.get("data"))))
    if ":" in value:
        return url_part("audio", value)
    return AudioPart(media_type="audio/*", audio=b64decode(value))


def _common_call(call: Record) -> ToolCallPart:
    function = fields(call.get("function"))
    args = dict[str, object](_decoded(function.get("arguments")))
    return ToolCallPart(name=text(function.get("name")), args=args, id=text(call.get("id")) or None)


def _decoded(arguments: JSON) -> Record:
    return fields(from_cut_off(arguments) if isinstance(arguments, str) else arguments)


def _has_arguments_of_its_own(message: Record) -> bool:
    """Return whether the text of some arguments is another than the common form would give.

    It would mean the same, but the provider's cache would not know the prompt again.
    """
    functions = (fields(call.get("function")) for call in objects(message.get("tool_calls")))
    given = [function.get("arguments") for function in functions]
    return any(each != _arguments(_decoded(each)) for each in given)


FORM: Final = MessageFormat(read=common_message, known=_KNOWN, kept=_has_arguments_of_its_own)
"""The form of messages in the dialect; an empty content is accepted where it is a text."""
