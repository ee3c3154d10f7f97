"""Converts Bedrock's messages to the common form."""

from __future__ import annotations

import json
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
from mirascope.core._prompts.normalize import data_part, normalized, record_to_read
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, objects, text
from mirascope.core.bedrock._blobs import as_bytes, with_text

DOCUMENT_TYPES: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
"""The media types of documents, by Bedrock's names of their formats."""


def normalize(message: Message) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes."""
    if isinstance(message, BaseMessageParam):
        return message
    record = _record(message)
    parts = [part for block in objects(record.get("content")) for part in _parts(block)]
    return normalized(text(record.get("role")) or "assistant", parts)


def _record(message: Message) -> Record:
    record: Record = with_text(record_to_read(message))
    return record


def _parts(block: Record) -> Iterator[Part]:
    if isinstance(block.get("text"), str):
        yield TextPart(text=text(block["text"]))
    elif call := fields(block.get("toolUse")):
        name, call_id = text(call.get("name")), text(call.get("toolUseId"))
        yield ToolCallPart(name=name, args={**fields(call.get("input"))}, id=call_id)
    elif result := fields(block.get("toolResult")):
        yield _result(result)
    elif cited := fields(block.get("citationsContent")):
        yield from (TextPart(text=text(part.get("text"))) for part in objects(cited.get("content")))
    elif "cachePoint" in block:
        yield CacheControlPart(cache_type="ephemeral")
    else:
        for kind in ("image", "audio", "document"):
            media = fields(block.get(kind))
            if data := text(fields(media.get("source")).get("bytes")):
                name = text(media.get("format"))
                media_type = DOCUMENT_TYPES.get(name, f"{kind}/{name}")
                yield data_part(kind, media_type, as_bytes(data))


def _result(result: Record) -> ToolResultPart:
    """Return a tool's result; Bedrock does not report the tool's name."""
    parts = objects(result.get("content"))
    return ToolResultPart(
        name="",
        content="".join(
            json.dumps(part["json"]) if "json" in part else text(part.get("text")) for part in parts
        ),
        id=text(result.get("toolUseId")),
        is_error=result.get("status") == "error",
    )


MESSAGE_FORMAT: Final = MessageFormat(
    read=normalize,
    record=_record,
    known={
        "role": None,
        "content": {
            "text": None,
            "toolUse": dict.fromkeys(("toolUseId", "name", "input")),
            "toolResult": {
                **dict.fromkeys(("toolUseId", "status")),
                "content": dict.fromkeys(("json", "text")),
            },
            "citationsContent": {"content": {"text": None}},
            "cachePoint": {"type": {"default"}},
            **{
                kind: {"format": None, "name": None, "source": {"bytes": None}}
                for kind in ("image", "audio", "document")
            },
        },
    },
    foreign=("parts", "tool_calls"),
    call_id=re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    empty=None,
)
"""Bedrock rejects empty content."""
