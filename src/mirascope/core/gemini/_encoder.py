"""Messages and parameters as arguments of the SDK's ``generate_content``."""

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
_WHOLE: Final = ("generation_config", "config")
_ROLES: Final = {"assistant": "model", "tool": "user"}

_NOT_GEMINIS: Final = b"skip_thought_signature_validator"
"""Gemini 3 refuses calls without their signature; this is the documented one for other models'."""
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "image_url": ("image/",),
    "audio_url": ("audio/", "video/"),
    "document_url": ("",),
}
"""How the media types of what a URL leads to begin."""

_OURS: Final = {"automatic_function_calling": {"disable": True}, "automatic_continuation": False}
"""The SDK would run tools and send further requests by itself; a stream is one answer."""


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a method of its own, with the same arguments
    tools: Sequence[type[GeminiTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request; what the SDK's config refuses is told here.

    Raises:
        ValueError: A parameter or a message is not what the SDK takes.
    """
    given = _config(call_params)
    config = _answer(form, given) | given
    if tools:
        schemas = (tool.tool_schema().function_declarations or () for tool in tools)
        ours = types.Tool(function_declarations=[each for several in schemas for each in several])
        config["tools"] = [ours, *cast("list[object]", config.get("tools") or [])]
    contents: list[types.Content] = []
    system = _instructions(config.pop("system_instruction", None))
    for message in messages:
        content = content_of(message)
        if isinstance(message, parts.BaseMessageParam) and message.role == "system":
            system += content.parts or ()
        else:
            contents.append(content)
    config |= {"system_instruction": system or None, **_OURS}
    checked = types.GenerateContentConfig.model_validate(config)
    return {"model": model, "messages": contents, "config": checked}


def supports_format(form: ResponseFormat) -> bool:
    """Tell whether JSON mode says all; it takes any schema, but no tools beside it."""
    return form.model is not None and not form.beside_tools


def _answer(form: ResponseFormat | None, given: Mapping[str, object]) -> dict[str, object]:
    if form is None or form.beside_tools:
        return {}
    if form.tool is not None:
        allowed = {"allowed_function_names": [form.tool]} if given.get("tools") else {}
        return {"tool_config": {"function_calling_config": {"mode": "ANY", **allowed}}}
    return {"response_mime_type": "application/json", "response_json_schema": form.schema}


def _config(call_params: Mapping[str, object]) -> dict[str, object]:
    """Return the config that the parameters are; a later one goes before an earlier one."""
    params = dict(call_params)
    config: dict[str, object] = {}
    for name in _WHOLE:
        whole = dict(cast("Mapping[str, object]", params.pop(name, None) or {}))
        config |= {field: value for field, value in whole.items() if value is not None}
    config |= {_RENAMED.get(name, name): value for name, value in params.items()}
    if isinstance(stop := config.get("stop_sequences"), str):
        config["stop_sequences"] = [stop]
    return config


def _instructions(given: object) -> list[object]:
    if isinstance(given, types.Content):
        return [*(given.parts or ())]
    return [*cast("list[object]", given)] if isinstance(given, list) else [given] if given else []


def content_of(message: Message) -> types.Content:
    """Return a message as Gemini's; one in Gemini's own form as the SDK would read it."""
    if isinstance(message, parts.BaseMessageParam):
        said = parts.validate_roles(message, "Gemini")
        role = _ROLES.get(message.role, message.role)
        return types.Content(role=role, parts=[_part(part) for part in said])
    if isinstance(message, Mapping):
        given = cast("str | list[object]", message.get("parts") or [])
        given = [given] if isinstance(given, str) else given
        texts = [{"text": part} if isinstance(part, str) else part for part in given]
        return types.Content.model_validate({**message, "parts": texts})
    return types.Content.model_validate(message)


def _part(part: parts.Part) -> types.Part:
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
            return types.Part(function_call=call, thought_signature=_NOT_GEMINIS)
        case parts.ToolResultPart(id=id_, name=name):
            said = {"error" if part.is_error else "output": part.content}
            result = types.FunctionResponse(id=id_, name=name, response=said)
            return types.Part(function_response=result)
        case _:
            raise parts.unsupported(part, "Gemini")


def _file(part: parts.ImageURLPart | parts.AudioURLPart | parts.DocumentURLPart) -> types.FileData:
    """Return a URL with its media type: the given one, or what its path's ending implies.

    Where there is neither, Gemini finds out itself, as of uploaded files and YouTube's videos.
    """
    guessed, _ = mimetypes.guess_type(urlsplit(part.url).path, strict=False)
    fits = guessed is not None and guessed.startswith(_FAMILIES[part.type])
    return types.FileData(
        file_uri=part.url, mime_type=part.media_type or (guessed if fits else None)
    )
