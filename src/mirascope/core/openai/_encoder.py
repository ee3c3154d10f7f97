"""Encodes messages and parameters as arguments of the SDK's ``chat.completions.create``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.chat_completions.messages import encode_messages
from mirascope.core._dialects.chat_completions.tools import tool_arguments
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core.openai.tool import OpenAITool


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,
    tools: Sequence[type[OpenAITool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request.

    Every stream requests usage, merged into the user's ``stream_options``.
    """
    arguments: Arguments = {
        "model": model,
        "messages": encode_messages(messages, "OpenAI"),
        **tool_arguments(tools, form, call_params),
    }
    if streaming:
        options = cast("Mapping[str, object]", call_params.get("stream_options") or {})
        arguments |= {"stream": True, "stream_options": {"include_usage": True, **options}}
    return arguments
