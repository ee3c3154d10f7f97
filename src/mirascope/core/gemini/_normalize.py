"""Converts Gemini's messages to the common form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from google.genai import types

from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core._prompts.native_messages import MessageFormat
from mirascope.core._prompts.normalize import data_part, normalized, record_to_read, url_part
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, objects, text, text_or_none
from mirascope.core.gemini._encoder import encode_message


def normalize(message: Message) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes."""
    if isinstance(message, BaseMessageParam):
        return message
    content = encode_message(message)
    role = text(content.role)
    role = "assistant" if role in {"model", ""} else role
    return normalized(role, [each for part in content.parts or () for each in _parts(part)])


def _parts(part: types.Part) -> Iterator[Part]:
    if part.thought:
        return
    if isinstance(part.text, str):
        yield TextPart(text=part.text)
    if isinstance(call := part.function_call, types.FunctionCall):
        call_id = text_or_none(call.id)
        yield ToolCallPart(name=text(call.name), args={**fields(call.args)}, id=call_id)
    if isinstance(result := part.function_response, types.FunctionResponse):
        yield _result(result)
    if isinstance(blob := part.inline_data, types.Blob):
        media_type, data = text(blob.mime_type), blob.data
        yield data_part(_kind(media_type), media_type, data if isinstance(data, bytes) else b"")
    if isinstance(file := part.file_data, types.FileData):
        media_type = text(file.mime_type)
        yield url_part(_kind(media_type), text(file.file_uri), media_type=media_type or None)


def _kind(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in {"image", "audio"} else "document"


def _result(result: types.FunctionResponse) -> ToolResultPart:
    """Return a tool's result: its output, or its error, or else the complete response, as JSON."""
    response = fields(result.response)
    is_error = "error" in response
    value = response.get("error" if is_error else "output", response)
    content = value if isinstance(value, str) else json.dumps(value)
    call_id = text_or_none(result.id)
    return ToolResultPart(name=text(result.name), content=content, id=call_id, is_error=is_error)


def _record(message: Message) -> Record:
    return record_to_read(encode_message(message))


MESSAGE_FORMAT: Final = MessageFormat(
    read=normalize,
    record=_record,
    known={
        "role": None,
        "parts": {
            "text": None,
            "functionCall": dict.fromkeys(("id", "name", "args")),
            "functionResponse": dict.fromkeys(("id", "name", "response")),
            "inlineData": dict.fromkeys(("mimeType", "data")),
            "fileData": dict.fromkeys(("mimeType", "fileUri")),
        },
    },
    kept=lambda record: any("functionCall" in part for part in objects(record.get("parts"))),
    foreign=("content", "tool_calls", "output", "call_id"),
    empty=None,
)
"""Gemini rejects contents without parts, Vertex empty texts; both accept consecutive user contents.

A received call is kept unchanged, also without a signature: calls of other origin get the signature
of `_encoder`.
"""
