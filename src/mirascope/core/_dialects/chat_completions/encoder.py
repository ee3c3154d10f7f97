"""Encodes a call as arguments of the OpenAI SDK's ``chat.completions.create``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from mirascope.core._calls.provider import Arguments
from mirascope.core._calls.servers import OPENAI, Server
from mirascope.core._dialects.chat_completions.messages import encode_messages
from mirascope.core._dialects.chat_completions.tools import tool_arguments
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.response_model import ResponseFormat


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,
    tools: Sequence[type[Any]],
    form: ResponseFormat | None,
    server: Server = OPENAI,
) -> Arguments:
    """Return the arguments of one request; see `mirascope.core._calls.provider.Encode`.

    Every stream requests usage, merged into the user's ``stream_options``, of servers that accept
    those.
    """
    arguments: Arguments = {
        "model": model,
        "messages": encode_messages(messages, "OpenAI" if server is OPENAI else server.name),
        **tool_arguments(
            tools, form, call_params, choice=server.tool_choice, formats=server.formats
        ),
    }
    if streaming:
        arguments["stream"] = True
    if streaming and server.stream_options:
        options = cast("Mapping[str, object]", call_params.get("stream_options") or {})
        arguments["stream_options"] = {"include_usage": True, **options}
    return arguments
