"""Encodes messages and parameters as arguments of the SDK's ``chat.completions.create``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.chat_completions.messages import encode_messages, encode_part
from mirascope.core._dialects.chat_completions.tools import tool_arguments
from mirascope.core._prompts.message_param import (
    AudioPart,
    DocumentPart,
    Message,
    Part,
    unsupported,
)
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core.groq.tool import GroqTool


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,
    tools: Sequence[type[GroqTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request.

    Every stream requests usage. The API accepts ``stream_options`` but the SDK's method has no
    parameter for them, so they are merged into ``extra_body``.
    """
    arguments: Arguments = {
        "model": model,
        "messages": encode_messages(messages, "Groq", _encode_part),
        **tool_arguments(tools, form, call_params),
    }
    if streaming:
        body = cast("Mapping[str, object]", call_params.get("extra_body") or {})
        options = cast("Mapping[str, object]", body.get("stream_options") or {})
        options = {"include_usage": True, **options}
        arguments |= {"stream": True, "extra_body": {**body, "stream_options": options}}
    return arguments


def _encode_part(part: Part, provider: str) -> dict[str, object]:
    if isinstance(part, AudioPart | DocumentPart):
        raise unsupported(part, provider)
    return encode_part(part, provider)
