"""Converts Anthropic's messages to the common form."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    CacheControlPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core._prompts.native_messages import MessageFormat
from mirascope.core._prompts.normalize import data_part, normalized, record_to_read, url_part
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, objects, text


def normalize(message: Message) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes."""
    if isinstance(message, BaseMessageParam):
        return message
    record = record_to_read(message)
    parts = [part for block in _blocks(record.get("content")) for part in _parts(block)]
    return normalized(text(record.get("role")) or "assistant", parts)


def _blocks(content: JSON) -> list[Record]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _parts(block: Record) -> Iterator[Part]:
    kind = text(block.get("type"))
    call_id, name = text(block.get("id")), text(block.get("name"))
    if kind == "text":
        yield TextPart(text=text(block.get("text")))
    elif kind == "tool_use":
        yield ToolCallPart(name=name, args={**fields(block.get("input"))}, id=call_id)
    elif kind == "tool_result":
        yield _result(block)
    elif kind in {"image", "document"} and (part := _media(kind, fields(block.get("source")))):
        yield part
    else:
        return
    if cache_type := text(fields(block.get("cache_control")).get("type")):
        yield CacheControlPart(cache_type=cache_type)


def _result(block: Record) -> ToolResultPart:
    """Return a tool's result; Anthropic does not report the tool's name."""
    return ToolResultPart(
        name="",
        content="".join(text(each.get("text")) for each in _blocks(block.get("content"))),
        id=text(block.get("tool_use_id")),
        is_error=bool(block.get("is_error")),
    )


def _media(kind: str, source: Record) -> Part | None:
    data, media_type = text(source.get("data")), text(source.get("media_type"))
    match source.get("type"):
        case "url":
            return url_part(kind, text(source.get("url")))
        case "base64":
            return data_part(kind, media_type, base64.b64decode(data))
        case "text":
            return data_part(kind, media_type, data.encode())
        case _:
            return None


MESSAGE_FORMAT: Final = MessageFormat(
    read=normalize,
    known={
        "role": None,
        "content": {
            "type": {"text", "tool_use", "tool_result", "image", "document"},
            **dict.fromkeys(("text", "id", "name", "input", "tool_use_id", "is_error")),
            "content": {"type": {"text"}, "text": None},
            "source": {
                "type": {"url", "base64", "text"},
                **dict.fromkeys(("url", "media_type", "data")),
            },
            "cache_control": {"type": None},
        },
    },
    foreign=("parts", "tool_calls", "output", "call_id"),
    call_id=re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    empty=None,
)
"""Anthropic rejects empty content, and reads consecutive user messages as one."""
