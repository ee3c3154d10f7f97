"""Messages and parameters as arguments of the SDK's ``chat.completions.create``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mirascope.core._dialects.chat_completions_messages import encode_messages
from mirascope.core.base._provider import Arguments
from mirascope.core.base.message_param import Message


def encode(
    model: str, messages: list[Message], call_params: Mapping[str, object], *, streaming: bool
) -> Arguments:
    """Return the arguments of one request.

    Usage is asked for in every stream, beside whatever ``stream_options`` the user gives.
    """
    arguments: Arguments = {
        "model": model,
        "messages": encode_messages(messages, "OpenAI"),
        **call_params,
    }
    if streaming:
        given = cast("Mapping[str, object]", call_params.get("stream_options") or {})
        arguments |= {"stream": True, "stream_options": {"include_usage": True, **given}}
    return arguments
