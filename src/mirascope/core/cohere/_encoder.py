"""Messages and parameters as arguments of the SDK's ``chat`` and ``chat_stream``."""

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
from mirascope.core._dialects.chat_completions_messages import FORM as CHAT_FORM
from mirascope.core._dialects.chat_completions_messages import encode_message, encode_part
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
FORM: Final = replace(CHAT_FORM, empty="...")
"""Cohere refuses a message of the assistant without content."""

_TAKEN: Final = (TextPart, ImagePart, ImageURLPart)
_RENAMED: Final = {"top_p": "p", "stop": "stop_sequences"}


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # which it is, the SDK's two methods say
    tools: Sequence[type[CohereTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request; a message in Cohere's own form stays as it is."""
    return {
        "model": model,
        "messages": [each for message in messages for each in _encoded(message)],
        **_form(form),
        **_params(call_params),
        **all_tools(tools, call_params),
    }


def supports_format(form: ResponseFormat) -> bool:
    """Tell whether JSON mode says all; it takes any schema."""
    return form.model is not None


def _form(form: ResponseFormat | None) -> Arguments:
    if form is None:
        return {}
    if form.tool is not None:
        return {"tool_choice": "REQUIRED"}
    return {"response_format": JsonObjectResponseFormatV2(json_schema=form.schema)}


def _params(call_params: Mapping[str, object]) -> Arguments:
    params = {_RENAMED.get(name, name): value for name, value in call_params.items()}
    stop = params.get("stop_sequences")
    return params | {"stop_sequences": [stop]} if isinstance(stop, str) else params


def _encoded(message: Message) -> list[object]:
    if not isinstance(message, BaseMessageParam):
        return [message]
    encoded = encode_message(message, "Cohere", _part)
    return [_typed(each) for each in encoded]


def _typed(fields: Mapping[str, object]) -> object:
    message_type = _MESSAGE_TYPES.get(str(fields["role"]))
    return fields if message_type is None else message_type.model_validate(fields)


def _part(part: Part, provider: str) -> dict[str, object]:
    if not isinstance(part, _TAKEN):
        raise unsupported(part, provider)
    return encode_part(part, provider)
