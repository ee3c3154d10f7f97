"""Messages and parameters as arguments of the SDK's ``messages.create``.

System messages of ours go into ``system``, wherever they stand, and so does one in Anthropic's own
form at the beginning; Anthropic's own messages stay as they are elsewhere. Parameters that are all
common ones are renamed, and those that Anthropic has no name for are left out.
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
_NOT_IN_SIGNATURE: Final = ("temperature", "top_k", "top_p")
_COMMON: Final = frozenset(CommonCallParams.__annotations__)
_TAKEN: Final = frozenset({"max_tokens", "stop", "temperature", "top_p"})


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
    given = _own_names(call_params)
    params: Arguments = {
        "max_tokens": MAX_TOKENS,
        **given,
        **_form(form, given),
        **all_tools(tools, given),
    }
    if moved := {name: params.pop(name) for name in _NOT_IN_SIGNATURE if name in params}:
        params["extra_body"] = moved | _mapping(params.get("extra_body"))
    system, rest = _split(messages)
    if given_system := params.pop("system", None):
        system.append(cast("_Content", given_system))
    arguments: Arguments = {"model": model, "messages": rest, **params}
    if system:
        arguments["system"] = system[0] if len(system) == 1 else _joined(system)
    if streaming:
        arguments["stream"] = True
    return arguments


def supports_format(form: ResponseFormat) -> bool:
    """Tell whether a parameter says all; a strict schema does."""
    return form.model is not None and form.strict


def _form(form: ResponseFormat | None, given: Mapping[str, object]) -> Arguments:
    """Return the parameters of an answer's form; what is given comes before it."""
    if form is not None and form.tool is not None and "tool_choice" not in given:
        return {"tool_choice": {"type": "tool", "name": form.tool}}
    if form is not None and form.model is not None and form.strict:
        schema = {"type": "json_schema", "schema": strict_schema(form.model)}
        return {"output_config": {"format": schema, **_mapping(given.get("output_config"))}}
    return {}


def _mapping(given: object) -> dict[str, object]:
    return {**cast("Mapping[str, object]", given or {})}


def _own_names(call_params: Mapping[str, object]) -> dict[str, object]:
    if not call_params.keys() <= _COMMON:
        return dict(call_params)
    params = {k: v for k, v in call_params.items() if k in _TAKEN and v is not None}
    if stop := params.pop("stop", None):
        params["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return params


def _split(messages: list[Message]) -> tuple[list[_Content], list[Mapping[str, object]]]:
    """Return the contents of the system messages, and the other messages."""
    system: list[_Content] = []
    rest: list[Mapping[str, object]] = []
    for message in messages:
        encoded = _message(message)
        leads = not rest or isinstance(message, parts.BaseMessageParam)
        if encoded.get("role") == "system" and leads:
            system.append(cast("_Content", encoded["content"]))
        else:
            rest.append(encoded)
    return system, rest


def _joined(contents: list[_Content]) -> list[_Block]:
    several = ([_text(each)] if isinstance(each, str) else each for each in contents)
    return [block for blocks in several for block in blocks]


def _message(message: Message) -> Mapping[str, object]:
    if isinstance(message, parts.BaseMessageParam):
        said = parts.validate_roles(message, "Anthropic")
        if message.role == "assistant":  # whose blank texts the API refuses
            said = [part for part in said if not parts.is_blank(part)]
        content = message.content if isinstance(message.content, str) else _parts(said)
        return {"role": _ROLES.get(message.role, message.role), "content": content}
    if isinstance(message, BaseModel):
        sent_back = record_of(message)
        return {"role": sent_back.get("role"), "content": sent_back.get("content")}
    return message


def _parts(message: Sequence[parts.Part]) -> list[_Block]:
    """Return the blocks of a message; a cache mark is a property of the block before it."""
    blocks: list[_Block] = []
    for part in message:
        if not isinstance(part, parts.CacheControlPart):
            blocks.append(_block(part))
        elif blocks:
            blocks[-1]["cache_control"] = {"type": part.cache_type}
    return blocks


def _block(part: parts.Part) -> _Block:
    if isinstance(part, parts.TextPart):
        return _text(part.text)
    if isinstance(part, parts.ImageURLPart | parts.DocumentURLPart):
        kind = part.type.removesuffix("_url")
        return {"type": kind, "source": {"type": "url", "url": part.url}}
    if isinstance(part, parts.ImagePart):
        return {"type": "image", "source": _base64(part.media_type, part.image)}
    if isinstance(part, parts.DocumentPart):
        return {"type": "document", "source": _document(part)}
    if isinstance(part, parts.ToolCallPart):
        call_id = parts.require_id(part, "Anthropic")
        return {"type": "tool_use", "id": call_id, "name": part.name, "input": part.args or {}}
    if isinstance(part, parts.ToolResultPart):
        return _result(part)
    raise parts.unsupported(part, "Anthropic")


def _result(part: parts.ToolResultPart) -> _Block:
    call_id = parts.require_id(part, "Anthropic")
    block: _Block = {"type": "tool_result", "tool_use_id": call_id, "content": part.content}
    return {**block, "is_error": True} if part.is_error else block


def _text(text: str) -> _Block:
    return {"type": "text", "text": text}


def _document(part: parts.DocumentPart) -> _Block:
    if part.media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": part.document.decode()}
    return _base64(part.media_type, part.document)


def _base64(media_type: str, data: bytes) -> _Block:
    return {"type": "base64", "media_type": media_type, "data": parts.base64_of(data)}
