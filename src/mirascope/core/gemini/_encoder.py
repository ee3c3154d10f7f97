"""Messages and parameters as arguments of the SDK's ``generate_content``."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final, cast

from google.genai.types import (
    Blob,
    Content,
    FunctionCall,
    FunctionResponse,
    GenerateContentConfig,
)
from google.genai.types import Part as GeminiPart

from mirascope.core.base._provider import Arguments
from mirascope.core.base.message_param import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    unsupported,
)
from mirascope.core.base.prompt import Message

_RENAMED: Final = {"max_tokens": "max_output_tokens", "stop": "stop_sequences"}
_WHOLE: Final = ("generation_config", "config")
_ROLES: Final = {"assistant": "model", "tool": "user"}

_OURS: Final = {"automatic_function_calling": {"disable": True}, "automatic_continuation": False}
"""The SDK would run tools and send further requests by itself; a stream is one answer."""


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a method of its own, with the same arguments
) -> Arguments:
    """Return the arguments of one request; what the SDK's config refuses is told here.

    Raises:
        ValueError: A parameter or a message is not what the SDK takes.
    """
    contents: list[Content] = []
    system: list[object] = []
    for message in messages:
        if isinstance(message, BaseMessageParam) and message.role == "system":
            system += _parts(message)
        else:
            contents.append(_content(message))
    config = _config(call_params)
    if system:
        given = config.get("system_instruction")
        config["system_instruction"] = [*_instructions(given), *system]
    return {
        "model": model,
        "messages": contents,
        "config": GenerateContentConfig.model_validate({**config, **_OURS}),
    }


def _config(call_params: Mapping[str, object]) -> dict[str, object]:
    config: dict[str, object] = {}
    for name in _WHOLE:
        whole = call_params.get(name)
        if isinstance(whole, GenerateContentConfig):
            config |= {field: getattr(whole, field) for field in whole.model_fields_set}
        elif whole:
            config |= cast("Mapping[str, object]", whole)
    config |= {_RENAMED.get(k, k): v for k, v in call_params.items() if k not in _WHOLE}
    stop = config.get("stop_sequences")
    if isinstance(stop, str):
        config["stop_sequences"] = [stop]
    return config


def _instructions(given: object) -> list[object]:
    if isinstance(given, Content):
        return list(given.parts or ())
    return cast("list[object]", given) if isinstance(given, list) else [given] if given else []


def _content(message: Message) -> Content:
    if isinstance(message, Content):
        return message
    if isinstance(message, BaseMessageParam):
        return Content(role=_ROLES.get(message.role, message.role), parts=_parts(message))
    if isinstance(message, Mapping):
        parts = message.get("parts")
        parts = [parts] if isinstance(parts, str) else cast("list[object]", parts or [])
        texts = [{"text": part} if isinstance(part, str) else part for part in parts]
        return Content.model_validate({**message, "parts": texts})
    return Content.model_validate(message)


def _parts(message: BaseMessageParam) -> list[GeminiPart]:
    if isinstance(message.content, str):
        return [GeminiPart(text=message.content)]
    return [_part(part) for part in message.content]


def _part(part: Part) -> GeminiPart:  # noqa: PLR0911  # one for each kind
    match part:
        case TextPart():
            return GeminiPart(text=part.text)
        case ImagePart():
            return _inline(part.image, part.media_type)
        case AudioPart():
            return _inline(part.audio, part.media_type)
        case DocumentPart():
            return _inline(part.document, part.media_type)
        case ImageURLPart() | AudioURLPart() | DocumentURLPart():
            return GeminiPart.from_uri(file_uri=part.url)
        case ToolCallPart():
            call = FunctionCall(id=part.id, name=part.name, args=part.args or {})
            return GeminiPart(function_call=call)
        case ToolResultPart():
            said = {"error" if part.is_error else "output": part.content}
            result = FunctionResponse(id=part.id, name=part.name, response=said)
            return GeminiPart(function_response=result)
        case _:
            raise unsupported(part, "Gemini")


def _inline(data: bytes | str, media_type: str) -> GeminiPart:
    data = base64.b64decode(data) if isinstance(data, str) else data
    return GeminiPart(inline_data=Blob(data=data, mime_type=media_type))
