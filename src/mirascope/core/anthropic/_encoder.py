"""Encodes messages and parameters as arguments of the SDK's ``messages.create``.

Common system messages go into ``system``, wherever they are, and so does one in Anthropic's own
form at the beginning; other messages in that form are unchanged. If all parameters are common ones,
they are renamed, and those that Anthropic does not have are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from pydantic import BaseModel

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.provider import Arguments
from mirascope.core._prompts import message_param as parts
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool import all_tools
from mirascope.core.anthropic.tool import AnthropicTool

MAX_TOKENS: Final = 1024

_Block: TypeAlias = dict[str, object]
_Content: TypeAlias = "str | Sequence[_Block]"

_ROLES: Final = {"tool": "user"}
_BODY_ONLY: Final = ("temperature", "top_k", "top_p")
_COMMON: Final = frozenset(CommonCallParams.__annotations__)
_SUPPORTED: Final = frozenset({"max_tokens", "stop", "temperature", "top_p"})


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,
    tools: Sequence[type[AnthropicTool]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request."""
    renamed = _rename_common(call_params)
    params: Arguments = {
        "max_tokens": MAX_TOKENS,
        **renamed,
        **_response_format(form, renamed),
        **all_tools(tools, renamed),
    }
    if moved := {name: params.pop(name) for name in _BODY_ONLY if name in params}:
        params["extra_body"] = moved | _mapping(params.get("extra_body"))
    system, others = _split_system(messages)
    if system_param := params.pop("system", None):
        system.append(cast("_Content", system_param))
    arguments: Arguments = {"model": model, "messages": others, **params}
    if system:
        arguments["system"] = system[0] if len(system) == 1 else _joined(system)
    if streaming:
        arguments["stream"] = True
    return arguments


def supports_format(form: ResponseFormat) -> bool:
    """Return whether the request's parameter is sufficient; it is with a strict schema."""
    return form.model is not None and form.strict


def _response_format(form: ResponseFormat | None, params: Mapping[str, object]) -> Arguments:
    """Return the parameters of a response format; the user's take precedence."""
    if form is not None and form.tool is not None and "tool_choice" not in params:
        return {"tool_choice": {"type": "tool", "name": form.tool}}
    if form is not None and form.model is not None and form.strict:
        schema = {"type": "json_schema", "schema": strict_schema(form.model)}
        return {"output_config": {"format": schema, **_mapping(params.get("output_config"))}}
    return {}


def _mapping(value: object) -> dict[str, object]:
    return {**cast("Mapping[str, object]", value or {})}


def _rename_common(call_params: Mapping[str, object]) -> dict[str, object]:
    if not call_params.keys() <= _COMMON:
        return dict(call_params)
    params = {k: v for k, v in call_params.items() if k in _SUPPORTED and v is not None}
    if stop := params.pop("stop", None):
        params["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return params


def _split_system(messages: list[Message]) -> tuple[list[_Content], list[Mapping[str, object]]]:
    """Return the contents of the system messages, and the other messages."""
    system: list[_Content] = []
    others: list[Mapping[str, object]] = []
    for message in messages:
        encoded = _encode_message(message)
        leads = not others or isinstance(message, parts.BaseMessageParam)
        if encoded.get("role") == "system" and leads:
            system.append(cast("_Content", encoded["content"]))
        else:
            others.append(encoded)
    return system, others


def _joined(contents: list[_Content]) -> list[_Block]:
    several = ([_text_block(each)] if isinstance(each, str) else each for each in contents)
    return [block for blocks in several for block in blocks]


def _encode_message(message: Message) -> Mapping[str, object]:
    if isinstance(message, parts.BaseMessageParam):
        content_parts = parts.validate_roles(message, "Anthropic")
        if message.role == "assistant":  # the API rejects blank texts here
            content_parts = [part for part in content_parts if not parts.is_blank(part)]
        is_text = isinstance(message.content, str)
        content = message.content if is_text else _blocks(content_parts)
        return {"role": _ROLES.get(message.role, message.role), "content": content}
    if isinstance(message, BaseModel):
        response = record_of(message)
        return {"role": response.get("role"), "content": response.get("content")}
    return message


def _blocks(content_parts: Sequence[parts.Part]) -> list[_Block]:
    """Return the blocks of a message; cache control becomes a property of the block before it."""
    blocks: list[_Block] = []
    for part in content_parts:
        if not isinstance(part, parts.CacheControlPart):
            blocks.append(_block(part))
        elif blocks:
            blocks[-1]["cache_control"] = {"type": part.cache_type}
    return blocks


def _block(part: parts.Part) -> _Block:
    if isinstance(part, parts.TextPart):
        return _text_block(part.text)
    if isinstance(part, parts.ImageURLPart | parts.DocumentURLPart):
        kind = part.type.removesuffix("_url")
        return {"type": kind, "source": {"type": "url", "url": part.url}}
    if isinstance(part, parts.ImagePart):
        return {"type": "image", "source": _base64_source(part.media_type, part.image)}
    if isinstance(part, parts.DocumentPart):
        return {"type": "document", "source": _document_source(part)}
    if isinstance(part, parts.ToolCallPart):
        call_id = parts.require_id(part, "Anthropic")
        return {"type": "tool_use", "id": call_id, "name": part.name, "input": part.args or {}}
    if isinstance(part, parts.ToolResultPart):
        return _tool_result(part)
    raise parts.unsupported(part, "Anthropic")


def _tool_result(part: parts.ToolResultPart) -> _Block:
    call_id = parts.require_id(part, "Anthropic")
    block: _Block = {"type": "tool_result", "tool_use_id": call_id, "content": part.content}
    return {**block, "is_error": True} if part.is_error else block


def _text_block(text: str) -> _Block:
    return {"type": "text", "text": text}


def _document_source(part: parts.DocumentPart) -> _Block:
    if part.media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": part.document.decode()}
    return _base64_source(part.media_type, part.document)


def _base64_source(media_type: str, data: bytes) -> _Block:
    return {"type": "base64", "media_type": media_type, "data": parts.base64_of(data)}
