"""Prompts, responses and tools in the JSON of the conventions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from mirascope.core._observers.observation import AnyResponse, Call
from mirascope.core._prompts.message_param import (
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
)
from mirascope.core._tools.tool import BaseTool, description_of, name_of
from mirascope.otel import _names as names

Redact: TypeAlias = Callable[[str], str | None]
"""Receives the JSON text of an attribute and returns what is recorded; ``None`` for nothing."""

JSONObject: TypeAlias = dict[str, object]

MakeContent: TypeAlias = Callable[[], list[JSONObject]]


def content_of(call: Call, response: AnyResponse | None) -> dict[str, MakeContent]:
    """Return the attributes of the content of a call: what makes each, by its name."""
    content: dict[str, MakeContent] = {
        names.SYSTEM_INSTRUCTIONS: lambda: [_text("text", text) for text in call.prompt()[0]],
        names.INPUT_MESSAGES: lambda: [_message(message) for message in call.prompt()[1]],
        names.TOOL_DEFINITIONS: lambda: [_tool(tool) for tool in call.tools],
    }
    if response is not None:
        content[names.OUTPUT_MESSAGES] = lambda: _output(response)
    return content


def _output(response: AnyResponse) -> list[JSONObject]:
    reasoning = response.reasoning
    parts = [_text("reasoning", reasoning)] if reasoning else []
    parts += [part for part in _parts(response.common_message_param) if part.get("content") != ""]
    if not parts:
        return []
    reasons = response.common_finish_reasons
    reason = reasons[0] if reasons else "error"
    return [{"role": "assistant", "parts": parts, "finish_reason": reason}]


def as_attribute(make: MakeContent, redact: Redact | None) -> str | None:
    """Return content as the text of an attribute; ``None`` if there is none."""
    value = make()
    if not value:
        return None
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if redact is None else redact(text)


def _message(message: BaseMessageParam) -> JSONObject:
    parts = [*_parts(message)]
    role = "tool" if parts and parts[0]["type"] == "tool_call_response" else message.role
    return {"role": role, "parts": parts}


def _parts(message: BaseMessageParam) -> Iterable[JSONObject]:
    content: str | Sequence[Part] = message.content
    if isinstance(content, str):
        return [_text("text", content)]
    return [part for each in content if (part := _part(each)) is not None]


def _text(kind: str, text: str) -> JSONObject:
    return {"type": kind, "content": text}


def _part(part: Part) -> JSONObject | None:
    """Return a part; media are recorded without their bytes, which may be megabytes."""
    match part:
        case TextPart():
            return _text("text", part.text)
        case ToolCallPart():
            return {"type": "tool_call", "id": part.id, "name": part.name, "arguments": part.args}
        case ToolResultPart():
            return {"type": "tool_call_response", "id": part.id, "response": part.content}
        case ImagePart() | AudioPart() | DocumentPart():
            return {**_media("blob", part.type, part.media_type), "content": ""}
        case ImageURLPart() | AudioURLPart() | DocumentURLPart():
            return _linked(part)
        case _:
            return None


def _linked(part: ImageURLPart | AudioURLPart | DocumentURLPart) -> JSONObject:
    modality = part.type.removesuffix("_url")
    if part.url.startswith("data:"):
        media_type = part.media_type or part.url[len("data:") :].partition(";")[0]
        return {**_media("blob", modality, media_type), "content": ""}
    return {**_media("uri", modality, part.media_type), "uri": part.url}


def _media(kind: str, modality: str, media_type: str | None) -> JSONObject:
    return {"type": kind, "modality": modality, "mime_type": media_type}


def _tool(tool: type[BaseTool]) -> JSONObject:
    parameters = tool.model_json_schema()
    parameters.pop("description", None)
    return {
        "type": "function",
        "name": name_of(tool),
        "description": description_of(tool),
        "parameters": parameters,
    }
