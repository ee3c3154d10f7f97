"""Messages and parameters as arguments of the SDK's ``chat.complete`` and ``chat.stream``.

Messages become the SDK's own classes, as the SDK would make them, so that what it refuses is told
at the call. Usage comes by itself: Mistral refuses ``stream_options``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mistralai.client.models import ChatCompletionRequestMessage
from pydantic import TypeAdapter

from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.chat_completions_messages import encode_message, encode_part
from mirascope.core._dialects.chat_completions_tools import tool_arguments
from mirascope.core._prompts.message_param import (
    AudioPart,
    AudioURLPart,
    DocumentPart,
    DocumentURLPart,
    Message,
    Part,
    base64_of,
    data_url,
)
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core.mistral.call_response import MistralMessage
from mirascope.core.mistral.tool import MistralTool

_MESSAGE: Final[TypeAdapter[MistralMessage]] = TypeAdapter(ChatCompletionRequestMessage)


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a stream takes the same
    tools: Sequence[type[MistralTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request."""
    params = dict(call_params)
    if "seed" in params:
        params.setdefault("random_seed", params.pop("seed"))
    return {
        "model": model,
        "messages": [each for message in messages for each in _encoded(message)],
        **tool_arguments(tools, form, params, choice="any"),
    }


def _encoded(message: Message) -> list[MistralMessage]:
    if isinstance(message, MistralMessage):
        return [message]
    encoded = encode_message(message, "Mistral", _part)
    return [_MESSAGE.validate_python(each) for each in encoded]


def _part(part: Part, provider: str) -> dict[str, object]:
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": base64_of(part.audio)}
    if isinstance(part, AudioURLPart):
        return {"type": "input_audio", "input_audio": part.url}
    if isinstance(part, DocumentPart):
        return _document(data_url(part.media_type, part.document))
    if isinstance(part, DocumentURLPart):
        return _document(part.url)
    return encode_part(part, provider)


def _document(url: str) -> dict[str, object]:
    return {"type": "document_url", "document_url": url}
