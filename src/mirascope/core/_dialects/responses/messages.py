"""Converts messages to the input items of a Responses request, and back.

A message is one item there, and so is each tool call and each tool result. A response has a list of
items, which is one message here: `OutputMessage`. Items in the provider's own form are sent as they
are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Final, Literal

from pydantic import BaseModel
from typing_extensions import TypedDict

from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    data_url,
    require_id,
    unsupported,
    validate_roles,
)
from mirascope.core._prompts.native_messages import Known, MessageFormat
from mirascope.core._prompts.normalize import normalized, record_to_read, url_part
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields, objects, parse_partial, text

Item = Mapping[str, object]
"""An input item of a request, or an output item of a response."""


class OutputMessage(TypedDict):
    """A response that is sent back: its output items, with every field as received."""

    role: Literal["assistant"]
    output: list[Item]


INPUT: Final = "input"
"""The one argument of a custom tool, which is free text."""

_CUSTOM_CALL: Final = "custom_tool_call"
_CUSTOM_OUTPUT: Final = "custom_tool_call_output"
_AUTO: Final = "auto"  # the API's default level of detail

_TEXT_TYPES: Final = frozenset({"input_text", "output_text"})
_ITEM_TYPES: Final = frozenset(
    {"message", "function_call", "function_call_output", _CUSTOM_CALL, _CUSTOM_OUTPUT}
)
_CONTENT: Final[Mapping[str, Known]] = {
    "type": {*_TEXT_TYPES, "input_image", "input_file"},
    **dict.fromkeys(("text", "logprobs", "image_url", "detail")),
    **dict.fromkeys(("filename", "file_data", "file_url")),
}
_ITEM: Final[Mapping[str, Known]] = {
    "type": _ITEM_TYPES,
    **dict.fromkeys(("id", "role", "status", "phase", "name", "call_id", "arguments", INPUT)),
    "content": _CONTENT,
}
_OUTPUT: Final[Mapping[str, Known]] = {**_ITEM, "type": _ITEM_TYPES | _TEXT_TYPES, "text": None}
_KNOWN: Final[Mapping[str, Known]] = {**_ITEM, "output": _OUTPUT}


def encode_messages(messages: Iterable[Message], provider: str) -> list[Item]:
    """Return the input items of a request; those in the provider's own form are unchanged.

    Args:
        messages: The messages.
        provider: The provider's name, for errors.

    Raises:
        ValueError: The API does not support a part.
    """
    messages = [*messages]
    own = (item for m in messages if not isinstance(m, BaseMessageParam) for item in _own_items(m))
    custom = {
        call_id
        for item in own
        if item.get("type") == _CUSTOM_CALL and isinstance(call_id := item.get("call_id"), str)
    }
    return [item for message in messages for item in _items(message, provider, custom)]


def _items(message: Message, provider: str, custom: AbstractSet[object]) -> Iterable[Item]:
    if not isinstance(message, BaseMessageParam):
        return _own_items(message)
    if isinstance(message.content, str):
        return [_message(message.role, message.content)]
    return _encode_parts(message.role, validate_roles(message, provider), provider, custom)


def _own_items(message: Mapping[str, object] | BaseModel) -> Collection[Item]:
    """Return the items of a message in the provider's own form, such as the SDK's ``Response``."""
    item = record_to_read(message) if isinstance(message, BaseModel) else message
    if "type" in item or not isinstance(output := item.get("output"), list):
        return [item]
    return [each for each in output if isinstance(each, Mapping)]  # pyright: ignore[reportUnknownVariableType]


def _encode_parts(
    role: str, parts: Iterable[Part], provider: str, custom: AbstractSet[object]
) -> Iterator[Item]:
    for kind, group in groupby(parts, _item_type):
        if kind == "message":
            # the texts of an assistant are separate items: one would join them
            texts = [*group]
            messages = [[part] for part in texts] if role == "assistant" else [texts]
            yield from (_message(role, _content(role, each, provider)) for each in messages)
            continue
        for part in group:
            if isinstance(part, ToolCallPart):
                yield {
                    "type": kind,
                    "call_id": require_id(part, provider),
                    "name": part.name,
                    "arguments": _arguments_text(part.args),
                }
            elif isinstance(part, ToolResultPart):
                call_id = require_id(part, provider)
                yield tool_output(call_id, part.content, custom=call_id in custom)


def _item_type(part: Part) -> str:
    kinds = {"tool_call": "function_call", "tool_result": "function_call_output"}
    return kinds.get(part.type, "message")


def tool_output(call_id: str | None, output: str, *, custom: bool) -> dict[str, object]:
    """Return the item with the output of a tool; the API has another type for custom tools."""
    kind = _CUSTOM_OUTPUT if custom else "function_call_output"
    return {"type": kind, "call_id": call_id, "output": output}


def _message(role: str, content: str | list[dict[str, object]]) -> Item:
    """Return a message; llama.cpp requires the type, and a text as the content of an assistant."""
    return {"type": "message", "role": role, "content": content}


def _content(role: str, parts: list[Part], provider: str) -> str | list[dict[str, object]]:
    """Return the content of a message; only users send more than text.

    Raises:
        ValueError: The API does not support a part in this role.
    """
    if role == "user":
        return [_encode_part(part, provider) for part in parts]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    if len(texts) < len(parts):
        other = next(part for part in parts if not isinstance(part, TextPart))
        raise unsupported(other, f"{provider}'s {role}")
    return "".join(texts)


def _encode_part(part: Part, provider: str) -> dict[str, object]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, ImagePart):
        return _image(data_url(part.media_type, part.image), part.detail)
    if isinstance(part, ImageURLPart):
        return _image(part.url, part.detail)
    if isinstance(part, DocumentPart):
        name = "document." + part.media_type.rpartition("/")[2]
        data = data_url(part.media_type, part.document)
        return {"type": "input_file", "filename": name, "file_data": data}
    if isinstance(part, DocumentURLPart):
        return {"type": "input_file", "file_url": part.url}
    raise unsupported(part, provider)


def _image(url: str, detail: str | None) -> dict[str, object]:
    return {"type": "input_image", "image_url": url, "detail": detail or _AUTO}


def _arguments_text(args: Mapping[str, object] | None) -> str:
    return json.dumps(args or {}, ensure_ascii=False)


def normalize(message: Message) -> BaseMessageParam:
    """Return a message of a prompt or a response in the common form, as far as that goes."""
    if isinstance(message, BaseMessageParam):
        return message
    record = record_to_read(message)
    items = _records(record)
    parts = [part for item in items for part in _read_item(item)]
    is_result = any(isinstance(part, ToolResultPart) for part in parts)
    role = text(record.get("role")) or ("tool" if is_result else "assistant")
    return normalized(role, parts)


def _records(message: Record) -> list[Record]:
    """Return the items of a message."""
    return [message] if "type" in message else objects(message.get("output")) or [message]


def _read_item(item: Record) -> Iterator[Part]:
    kind, call_id = text(item.get("type")), text(item.get("call_id")) or None
    name = text(item.get("name"))
    if kind in {"", "message"}:
        yield from _read_content(item.get("content"))
    elif kind == "function_call":
        args = dict[str, object](_parsed(item))
        yield ToolCallPart(name=name, args=args, id=call_id)
    elif kind == _CUSTOM_CALL:
        yield ToolCallPart(name=name, args={INPUT: text(item.get(INPUT))}, id=call_id)
    elif kind in {"function_call_output", _CUSTOM_OUTPUT}:
        parts = _read_content(item.get("output"))
        output = "".join(part.text for part in parts if isinstance(part, TextPart))
        yield ToolResultPart(name=name, content=output, id=call_id)


def _parsed(call: Record) -> Record:
    """Return the arguments of a function call, of an incomplete one as far as they go."""
    return fields(parse_partial(text(call.get("arguments"))))


def _read_content(content: JSON) -> Iterator[Part]:
    if isinstance(content, str):
        yield TextPart(text=content)
    for part in objects(content):
        kind = text(part.get("type"))
        if kind in _TEXT_TYPES:
            yield TextPart(text=text(part.get("text")))
        elif kind == "input_image" and (url := text(part.get("image_url"))):
            detail = text(part.get("detail")) or _AUTO
            yield url_part("image", url, None if detail == _AUTO else detail)
        elif kind == "input_file" and (url := _file_url(part)):
            yield url_part("document", url)


def _file_url(part: Record) -> str:
    return text(part.get("file_data")) or text(part.get("file_url"))


def _encodes_differently(message: Record) -> bool:
    """Return whether the items differ from those encoded from the common form.

    Models are trained on the items as they sent them, in the same order, and the provider's cache
    finds only the same text of arguments again.
    """
    items = _records(message)
    return len(items) > 1 or any(
        item.get("phase")
        or text(item.get("type")) in {_CUSTOM_CALL, _CUSTOM_OUTPUT}
        or text(item.get("arguments")) not in {"", _arguments_text(_parsed(item))}
        for item in items
    )


MESSAGE_FORMAT: Final = MessageFormat(
    read=normalize,
    known=_KNOWN,
    kept=_encodes_differently,
    foreign=("parts", "tool_calls", "tool_call_id"),
    empty=None,
)
"""The dialect's message format."""
