"""Gemini's messages in our form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from google.genai import types

from mirascope.core._wire.events import JSON
from mirascope.core.base._common import common, data_part, url_part
from mirascope.core.base.message_param import (
    BaseMessageParam,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core.gemini._encoder import content_of

_KINDS: Final = {"image": "image", "audio": "audio"}


def common_message(message: Message) -> BaseMessageParam:
    """Return a message of Gemini's, an answer or one of a prompt, in our form.

    What our form has no part for, such as thoughts, is left out.
    """
    if isinstance(message, BaseMessageParam):
        return message
    content = content_of(message)
    role = "assistant" if content.role in {"model", None} else str(content.role)
    return common(role, [each for part in content.parts or () for each in _parts(part)])


def _parts(part: types.Part) -> Iterator[Part]:
    if part.thought:
        return
    if part.text is not None:
        yield TextPart(text=part.text)
    if (call := part.function_call) is not None:
        yield ToolCallPart(name=call.name or "", args={**(call.args or {})}, id=call.id)
    if (result := part.function_response) is not None:
        yield _result(result)
    if (blob := part.inline_data) is not None:
        media_type = blob.mime_type or ""
        yield data_part(_kind(media_type), media_type, blob.data or b"")
    if (file := part.file_data) is not None:
        yield url_part(_kind(file.mime_type or ""), file.file_uri or "")


def _kind(media_type: str) -> str:
    return _KINDS.get(media_type.partition("/")[0], "document")


def _result(result: types.FunctionResponse) -> ToolResultPart:
    """Return a tool's result: its output, or its error, or what else there is as JSON."""
    said: dict[str, JSON] = result.response or {}
    is_error = "error" in said
    told = said.get("error" if is_error else "output", said)
    text = told if isinstance(told, str) else json.dumps(told)
    return ToolResultPart(name=result.name or "", content=text, id=result.id, is_error=is_error)
