"""Messages and parameters as arguments of the SDK's ``chat.completions.create``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel

from mirascope.core.base._provider import Arguments
from mirascope.core.base.message_param import BaseMessageParam
from mirascope.core.base.prompt import Message


def encode(
    model: str, messages: list[Message], call_params: Mapping[str, object], *, streaming: bool
) -> Arguments:
    """Return the arguments of one request.

    Usage is asked for in every stream, beside whatever ``stream_options`` the user gives.
    """
    arguments: Arguments = {
        "model": model,
        "messages": [_message(message) for message in messages],
        **call_params,
    }
    if streaming:
        given = cast("Mapping[str, object]", call_params.get("stream_options") or {})
        arguments |= {"stream": True, "stream_options": {"include_usage": True, **given}}
    return arguments


def _message(message: Message) -> Mapping[str, object]:
    if isinstance(message, BaseMessageParam):
        if isinstance(message.content, str):
            return {"role": message.role, "content": message.content}
        parts = [{"type": "text", "text": part.text} for part in message.content]
        return {"role": message.role, "content": parts}
    if isinstance(message, BaseModel):
        return message.model_dump(exclude_none=True)
    return message
