"""Encodes messages and parameters as arguments of the SDK's ``chat`` and ``chat_stream``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from cohere import (
    AssistantChatMessageV2,
    JsonObjectResponseFormatV2,
    SystemChatMessageV2,
    ToolChatMessageV2,
    UserChatMessageV2,
)
from pydantic import BaseModel

from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.chat_completions import messages as chat
from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    ImagePart,
    ImageURLPart,
    Message,
    Part,
    TextPart,
    unsupported,
)
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool import all_tools
from mirascope.core.cohere.tool import CohereTool

_MESSAGE_TYPES: Final[dict[str, type[BaseModel]]] = {
    "assistant": AssistantChatMessageV2,
    "system": SystemChatMessageV2,
    "tool": ToolChatMessageV2,
    "user": UserChatMessageV2,
}
MESSAGE_FORMAT: Final = replace(chat.MESSAGE_FORMAT, empty="...")
"""Cohere rejects an assistant message without content."""

_SUPPORTED_PARTS: Final = (TextPart, ImagePart, ImageURLPart)
_RENAMED: Final = {"top_p": "p", "stop": "stop_sequences"}


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a stream has the same arguments
    tools: Sequence[type[CohereTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request; a message in Cohere's own form is unchanged."""
    return {
        "model": model,
        "messages": [each for message in messages for each in _encode_message(message)],
        **_response_format(form),
        **_rename_common(call_params),
        **all_tools(tools, call_params),
    }


def supports_format(form: ResponseFormat) -> bool:
    """Return whether JSON mode is sufficient; it accepts any schema."""
    return form.model is not None


def _response_format(form: ResponseFormat | None) -> Arguments:
    if form is None:
        return {}
    if form.tool is not None:
        return {"tool_choice": "REQUIRED"}
    return {"response_format": JsonObjectResponseFormatV2(json_schema=form.schema)}


def _rename_common(call_params: Mapping[str, object]) -> Arguments:
    params = {_RENAMED.get(name, name): value for name, value in call_params.items()}
    stop = params.get("stop_sequences")
    return params | {"stop_sequences": [stop]} if isinstance(stop, str) else params


def _encode_message(message: Message) -> list[object]:
    if not isinstance(message, BaseMessageParam):
        return [message]
    encoded = chat.encode_message(message, "Cohere", _encode_part)
    return [_build_message(each) for each in encoded]


def _build_message(fields: Mapping[str, object]) -> object:
    message_type = _MESSAGE_TYPES.get(str(fields["role"]))
    return fields if message_type is None else message_type.model_validate(fields)


def _encode_part(part: Part, provider: str) -> dict[str, object]:
    if not isinstance(part, _SUPPORTED_PARTS):
        raise unsupported(part, provider)
    return chat.encode_part(part, provider)
