"""Encodes messages and parameters as arguments of the SDK's ``chat.complete`` and ``chat.stream``.

Messages become the SDK's own models, as the SDK would make them, so that invalid ones are an error
at the call. Every stream reports usage: Mistral rejects ``stream_options``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mistralai.client.models import ChatCompletionRequestMessage
from pydantic import TypeAdapter

from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.chat_completions.messages import encode_message
from mirascope.core._dialects.chat_completions.tools import tool_arguments
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core.mistral._messages import MistralMessage, encode_part
from mirascope.core.mistral.tool import MistralTool

_MESSAGE: Final[TypeAdapter[MistralMessage]] = TypeAdapter(ChatCompletionRequestMessage)


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a stream has the same arguments
    tools: Sequence[type[MistralTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request."""
    params = dict(call_params)
    if "seed" in params:
        params.setdefault("random_seed", params.pop("seed"))
    return {
        "model": model,
        "messages": [each for message in messages for each in _encode_message(message)],
        **tool_arguments(tools, form, params, choice="any"),
    }


def _encode_message(message: Message) -> list[MistralMessage]:
    if isinstance(message, MistralMessage):
        return [message]
    encoded = encode_message(message, "Mistral", encode_part)
    return [_MESSAGE.validate_python(each) for each in encoded]
