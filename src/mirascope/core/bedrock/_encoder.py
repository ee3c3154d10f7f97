"""Encodes messages and parameters as arguments of a client's ``converse`` methods.

Common system messages go into ``system``, wherever they are, and so does one in Bedrock's own form
at the beginning. Common parameters go into ``inferenceConfig``; those that Bedrock does not have
are left out. Two things are done only when a request is sent: the model is ``modelId`` there, and
consecutive messages of one role are one, because Bedrock demands that roles alternate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from zlib import crc32

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.provider import Arguments
from mirascope.core._prompts import message_param as parts
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool import all_tools
from mirascope.core.bedrock._blobs import as_bytes, with_bytes
from mirascope.core.bedrock._normalize import DOCUMENT_TYPES
from mirascope.core.bedrock.tool import BedrockTool

_Block = dict[str, Any]

_COMMON: Final = frozenset(CommonCallParams.__annotations__)
_INFERENCE: Final = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop": "stopSequences",
}
_FORMATS: Final = {media_type: name for name, media_type in DOCUMENT_TYPES.items()}


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,  # noqa: ARG001  # a stream has the same arguments
    tools: Sequence[type[BedrockTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request."""
    params = {name: value for name, value in call_params.items() if name not in _COMMON}
    config = {**_inference_config(call_params), **_mapping(params.pop("inferenceConfig", None))}
    tool_config = _tool_config(tools, form, _mapping(params.pop("toolConfig", None)))
    system, others = _split_system(messages)
    system += _text_blocks(params.pop("system", None) or [])
    optional = {"system": system, "inferenceConfig": config, "toolConfig": tool_config}
    given = {name: value for name, value in optional.items() if value}
    return {"model": model, "messages": others, **given, **params}


def request_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the client's method."""
    messages: list[_Block] = []
    for message in arguments["messages"]:
        if messages and messages[-1]["role"] == message["role"]:
            content = [*messages[-1]["content"], *message["content"]]
            messages[-1] = {**messages[-1], "content": content}
        else:
            messages.append(message)
    rest = {name: arguments[name] for name in arguments.keys() - {"model", "timeout", "retries"}}
    return {**rest, "modelId": arguments["model"], "messages": messages}


def _mapping(value: object) -> dict[str, Any]:
    return {**cast("Mapping[str, Any]", value or {})}


def _inference_config(call_params: Mapping[str, object]) -> dict[str, object]:
    given = ((name, call_params.get(common)) for common, name in _INFERENCE.items())
    config = {name: value for name, value in given if value is not None}
    stop = config.get("stopSequences")
    return config | {"stopSequences": [stop]} if isinstance(stop, str) else config


def _tool_config(
    tools: Sequence[type[BedrockTool]], form: ResponseFormat | None, given: dict[str, Any]
) -> dict[str, Any]:
    """Return the tools and the choice among them.

    More models can be made to call any tool than a certain one.
    """
    config: dict[str, Any] = {**given, **all_tools(tools, given)}
    if form is not None and form.tool is not None:
        single = len(config["tools"]) == 1
        config.setdefault("toolChoice", {"any": {}} if single else {"tool": {"name": form.tool}})
    return config


def _text_blocks(content: Any) -> list[_Block]:
    return [{"text": content}] if isinstance(content, str) else [*content]


def _split_system(messages: list[Message]) -> tuple[list[_Block], list[_Block]]:
    """Return the blocks of the system messages, and the other messages."""
    system: list[_Block] = []
    others: list[_Block] = []
    for message in messages:
        encoded = _encode_message(message)
        leads = not others or isinstance(message, parts.BaseMessageParam)
        if encoded.get("role") == "system" and leads:
            system += _text_blocks(encoded["content"])
        else:
            others.append(encoded)
    return system, others


def _encode_message(message: Message) -> _Block:
    if isinstance(message, parts.BaseMessageParam):
        content_parts = parts.validate_roles(message, "Bedrock")
        if message.role == "assistant":  # the API rejects blank texts here
            content_parts = [part for part in content_parts if not parts.is_blank(part)]
        role = "user" if message.role == "tool" else message.role
        return {"role": role, "content": [_block(part) for part in content_parts]}
    native = message if isinstance(message, Mapping) else record_of(message)
    encoded: _Block = with_bytes(dict(native))
    if isinstance(encoded.get("content"), str):
        encoded["content"] = _text_blocks(encoded["content"])
    return encoded


def _block(part: parts.Part) -> _Block:
    if isinstance(part, parts.TextPart):
        return {"text": part.text}
    if isinstance(part, parts.ImagePart):
        return {"image": _media(part.media_type.removeprefix("image/"), part.image)}
    if isinstance(part, parts.AudioPart):
        return {"audio": _media(part.media_type.removeprefix("audio/"), as_bytes(part.audio))}
    if isinstance(part, parts.DocumentPart):
        name = {"name": f"document-{crc32(part.document):08x}"}  # the same in each request
        form = _FORMATS.get(part.media_type) or part.media_type.rpartition("/")[2]
        return {"document": _media(form, part.document) | name}
    if isinstance(part, parts.CacheControlPart):
        return {"cachePoint": {"type": "default"}}
    if isinstance(part, parts.ToolCallPart):
        call_id = parts.require_id(part, "Bedrock")
        return {"toolUse": {"toolUseId": call_id, "name": part.name, "input": part.args or {}}}
    if isinstance(part, parts.ToolResultPart):
        return tool_result(parts.require_id(part, "Bedrock"), part.content, part.is_error)
    raise parts.unsupported(part, "Bedrock")


def tool_result(call_id: str, output: str, is_error: bool = False) -> _Block:  # noqa: FBT001, FBT002  # a field
    """Return the content block of a tool's result."""
    result: _Block = {"toolUseId": call_id, "content": [{"text": output}]}
    return {"toolResult": {**result, "status": "error"} if is_error else result}


def _media(form: str, data: bytes) -> _Block:
    return {"format": form, "source": {"bytes": data}}
