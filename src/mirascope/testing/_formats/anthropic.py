"""Anthropic's Messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from typing_extensions import override

from mirascope.testing._formats.wire_format import (
    JSONObject,
    Message,
    Reply,
    WireFormat,
    event,
    text_of,
)

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


class Anthropic(WireFormat):
    """The API."""

    name = "anthropic"
    key_variable = "ANTHROPIC_API_KEY"
    url_variable = "ANTHROPIC_BASE_URL"
    path = "/v1/messages"
    upstream = "https://api.anthropic.com"
    other_variables = (
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_CONFIG_DIR",
        "ANTHROPIC_CUSTOM_HEADERS",
        "ANTHROPIC_FEDERATION_RULE_ID",
        "ANTHROPIC_IDENTITY_TOKEN",
        "ANTHROPIC_IDENTITY_TOKEN_FILE",
        "ANTHROPIC_ORGANIZATION_ID",
        "ANTHROPIC_PROFILE",
    )
    finish_reasons = {  # noqa: RUF012  # a ClassVar, as the base class declares
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
    }

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        counts = {"input_tokens": reply.usage[0], "output_tokens": 1}
        message = _message(reply, [], None, counts)
        yield _event("message_start", message=message)
        for index, (block, deltas) in enumerate(_blocks(reply)):
            if index:
                yield _event("content_block_stop", index=index - 1)
            yield _event("content_block_start", index=index, content_block=block)
            for delta in deltas:
                yield _event("content_block_delta", index=index, delta=delta)

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        if blocks := sum(1 for _ in _blocks(reply)):
            yield _event("content_block_stop", index=blocks - 1)
        delta = {"stop_reason": reply.finish_reason, "stop_sequence": None}
        yield _event("message_delta", delta=delta, usage=_usage(reply))
        yield _event("message_stop")

    @override
    def whole(self, reply: Reply) -> JSONObject:
        content: list[JSONObject] = []
        if reply.reasoning:
            thinking = "".join(reply.reasoning)
            content.append({"type": "thinking", "thinking": thinking, "signature": ""})
        if reply.text:
            content.append({"type": "text", "text": "".join(reply.text)})
        content += [
            {"type": "tool_use", "id": id_, "name": name, "input": json.loads("".join(arguments))}
            for id_, name, arguments in reply.calls
        ]
        return _message(reply, content, reply.finish_reason, _usage(reply))

    @override
    def error_event(self, message: str, status: int) -> bytes:
        return _event("error", error=self.error_body(message, status)["error"])

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        error = {"type": _TYPES.get(status, "api_error"), "message": message}
        return {"type": "error", "error": error}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        system = [Message("system", text_of(body["system"]))] if body.get("system") else []
        return [*system, *(read for m in body.get("messages", ()) for read in _read(m))]


def _read(message: JSONObject) -> Iterator[Message]:
    """Yield a message, and before it the outputs of tools that it holds."""
    content = message.get("content")
    text = {"type": "text", "text": content}
    parts: list[JSONObject] = [text] if isinstance(content, str) else content or []
    outputs = [part for part in parts if part.get("type") == "tool_result"]
    yield from (Message("tool", text_of(output.get("content"))) for output in outputs)
    others = [part for part in parts if part.get("type") not in {"tool_result", "tool_use"}]
    if others or not outputs:
        yield Message(message.get("role", ""), text_of(others))


def _blocks(reply: Reply) -> Iterator[tuple[JSONObject, Iterable[JSONObject]]]:
    """Yield the content blocks: each as it begins, and its deltas."""
    if reply.reasoning:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in reply.reasoning]
        yield {"type": "thinking", "thinking": "", "signature": ""}, deltas
    if reply.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in reply.text]
        yield {"type": "text", "text": ""}, deltas
    for id_, name, arguments in reply.calls:
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in arguments]
        yield {"type": "tool_use", "id": id_, "name": name, "input": {}}, deltas


def _event(kind: str, **fields: object) -> bytes:
    return event({"type": kind, **fields}, kind)


def _usage(reply: Reply) -> JSONObject:
    return {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1]}


def _message(
    reply: Reply, content: list[JSONObject], stop_reason: str | None, usage: JSONObject
) -> JSONObject:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": reply.model}
    end = {"stop_reason": stop_reason, "stop_sequence": None, "usage": usage}
    return {**head, "content": content, **end}


FORMAT = Anthropic()
