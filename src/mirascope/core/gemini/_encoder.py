"""Encodes messages and parameters as arguments of the SDK's ``generate_content``."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

from google.genai import types

from mirascope.core._calls.provider import Arguments
from mirascope.core._prompts import message_param as parts
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core.gemini.tool import GeminiTool

_RENAMED: Final = {"max_tokens": "max_output_tokens", "stop": "stop_sequences"}
_NESTED_CONFIGS: Final = ("generation_config", "config")
_ROLES: Final = {"assistant": "model", "tool": "user"}

_FOREIGN_SIGNATURE: Final = b"skip_thought_signature_validator"
"""Gemini 3 rejects calls without a signature; this is the documented one for foreign calls."""
_MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "image_url": ("image/",),
    "audio_url": ("audio/", "video/"),
    "document_url": ("",),
}
"""The prefixes of the media types that a URL of a kind may have."""

_DISABLED: Final = {
    "automatic_function_calling": {"disable": True},
    "automatic_continuation": False,
}
"""Keeps the SDK from running tools and sending further requests: a stream is one response."""


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a stream has the same arguments
    tools: Sequence[type[GeminiTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request, validated by the SDK's models.

    Raises:
        ValueError: The SDK rejects a parameter or a message.
    """
    params = _config(call_params)
    config = _response_format(form, params) | params
    if tools:
        schemas = (each.tool_schema().function_declarations or () for each in tools)
        tool = types.Tool(function_declarations=[each for several in schemas for each in several])
        config["tools"] = [tool, *cast("list[object]", config.get("tools") or [])]
    contents: list[types.Content] = []
    system = _instructions(config.pop("system_instruction", None))
    for message in messages:
        content = encode_message(message)
        if isinstance(message, parts.BaseMessageParam) and message.role == "system":
            system += content.parts or ()
        else:
            contents.append(content)
    config |= {"system_instruction": system or None, **_DISABLED}
    checked = types.GenerateContentConfig.model_validate(config)
    return {"model": model, "messages": contents, "config": checked}


def supports_format(form: ResponseFormat) -> bool:
    """Return whether JSON mode is sufficient; it accepts any schema, but no tools beside it."""
    return form.model is not None and not form.beside_tools


def _response_format(
    form: ResponseFormat | None, params: Mapping[str, object]
) -> dict[str, object]:
    if form is None or form.beside_tools:
        return {}
    if form.tool is not None:
        allowed = {"allowed_function_names": [form.tool]} if params.get("tools") else {}
        return {"tool_config": {"function_calling_config": {"mode": "ANY", **allowed}}}
    return {"response_mime_type": "application/json", "response_json_schema": form.schema}


def _config(call_params: Mapping[str, object]) -> dict[str, object]:
    """Return the config of the parameters; they take precedence over nested configs."""
    params = dict(call_params)
    config: dict[str, object] = {}
    for name in _NESTED_CONFIGS:
        nested = dict(cast("Mapping[str, object]", params.pop(name, None) or {}))
        config |= {field: value for field, value in nested.items() if value is not None}
    config |= {_RENAMED.get(name, name): value for name, value in params.items()}
    if isinstance(stop := config.get("stop_sequences"), str):
        config["stop_sequences"] = [stop]
    return config


def _instructions(value: object) -> list[object]:
    if isinstance(value, types.Content):
        return [*(value.parts or ())]
    return [*cast("list[object]", value)] if isinstance(value, list) else [value] if value else []


def encode_message(message: Message) -> types.Content:
    """Return a message as a content; one in Gemini's own form as the SDK would read it."""
    if isinstance(message, parts.BaseMessageParam):
        content = parts.validate_roles(message, "Gemini")
        role = _ROLES.get(message.role, message.role)
        return types.Content(role=role, parts=[_encode_part(part) for part in content])
    if isinstance(message, Mapping):
        values = cast("str | list[object]", message.get("parts") or [])
        values = [values] if isinstance(values, str) else values
        content_parts = [{"text": part} if isinstance(part, str) else part for part in values]
        return types.Content.model_validate({**message, "parts": content_parts})
    return types.Content.model_validate(message)


def _encode_part(part: parts.Part) -> types.Part:
    match part:
        case parts.TextPart(text=text):
            return types.Part(text=text)
        case parts.ImagePart(image=data) | parts.AudioPart(audio=data):
            data = base64.b64decode(data) if isinstance(data, str) else data
            return types.Part.from_bytes(data=data, mime_type=part.media_type)
        case parts.DocumentPart(document=data):
            return types.Part.from_bytes(data=data, mime_type=part.media_type)
        case parts.ImageURLPart() | parts.AudioURLPart() | parts.DocumentURLPart():
            return types.Part(file_data=_file(part))
        case parts.ToolCallPart(id=id_, name=name, args=args):
            call = types.FunctionCall(id=id_, name=name, args=args or {})
            return types.Part(function_call=call, thought_signature=_FOREIGN_SIGNATURE)
        case parts.ToolResultPart(id=id_, name=name):
            response = {"error" if part.is_error else "output": part.content}
            result = types.FunctionResponse(id=id_, name=name, response=response)
            return types.Part(function_response=result)
        case _:
            raise parts.unsupported(part, "Gemini")


def _file(part: parts.ImageURLPart | parts.AudioURLPart | parts.DocumentURLPart) -> types.FileData:
    """Return a URL with its media type: the given one, or that of the path's suffix.

    Where there is neither, Gemini detects it, as for uploaded files and YouTube videos.
    """
    guessed, _ = mimetypes.guess_type(urlsplit(part.url).path, strict=False)
    fits = guessed is not None and guessed.startswith(_MEDIA_TYPES[part.type])
    return types.FileData(
        file_uri=part.url, mime_type=part.media_type or (guessed if fits else None)
    )
