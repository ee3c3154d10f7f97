"""Messages and parameters as arguments of the SDK's ``chat`` and ``chat_stream``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cohere import AssistantChatMessageV2, SystemChatMessageV2, UserChatMessageV2
from pydantic import BaseModel

from mirascope.core._dialects.chat_completions_messages import encode_message
from mirascope.core.base._provider import Arguments
from mirascope.core.base.message_param import (
    BaseMessageParam,
    ImagePart,
    ImageURLPart,
    TextPart,
    unsupported,
)
from mirascope.core.base.prompt import Message

_MESSAGE_TYPES: Final[dict[str, type[BaseModel]]] = {
    "assistant": AssistantChatMessageV2,
    "system": SystemChatMessageV2,
    "user": UserChatMessageV2,
}
_IN_USER_MESSAGES: Final = (TextPart, ImagePart, ImageURLPart)
_RENAMED: Final = {"top_p": "p", "stop": "stop_sequences"}


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # which it is, the SDK's two methods say
) -> Arguments:
    """Return the arguments of one request; a message in Cohere's own form stays as it is."""
    return {
        "model": model,
        "messages": [_message(message) for message in messages],
        **_params(call_params),
    }


def _params(call_params: Mapping[str, object]) -> Arguments:
    params = {_RENAMED.get(name, name): value for name, value in call_params.items()}
    stop = params.get("stop_sequences")
    return params | {"stop_sequences": [stop]} if isinstance(stop, str) else params


def _message(message: Message) -> object:
    if not isinstance(message, BaseMessageParam):
        return message
    role, parts = message.role, () if isinstance(message.content, str) else message.content
    taken = _IN_USER_MESSAGES if role == "user" else TextPart
    for part in parts:
        if not isinstance(part, taken):
            raise unsupported(part, "Cohere" if role == "user" else f"Cohere's {role}")
    fields = encode_message(message, "Cohere")
    message_type = _MESSAGE_TYPES.get(role)
    return fields if message_type is None else message_type.model_validate(fields)
