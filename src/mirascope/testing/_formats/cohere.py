"""Cohere's Chat, version 2."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import override

from mirascope.testing._formats.wire_format import (
    JSONObject,
    Message,
    Reply,
    WireFormat,
    event,
    text_of,
)


class Cohere(WireFormat):
    """The API."""

    name = "cohere"
    key_variable = "CO_API_KEY"
    url_variable = "CO_API_URL"
    path = "/v2/chat"
    upstream = "https://api.cohere.com"
    other_variables = ("COHERE_API_KEY",)
    finish_reasons = {  # noqa: RUF012  # a ClassVar, as the base class declares
        "stop": "COMPLETE",
        "length": "MAX_TOKENS",
        "tool_calls": "TOOL_CALL",
    }

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        message: JSONObject = {"role": "assistant", "content": [], "tool_plan": ""}
        message |= {"tool_calls": [], "citations": []}
        yield _event("message-start", {"message": message}, id="reply-1")
        parts = {"thinking": reply.reasoning, "text": reply.text}
        for index, (kind, texts) in enumerate((k, v) for k, v in parts.items() if v):
            part = {"content": {"type": kind, kind: ""}}
            yield _event("content-start", {"message": part}, index=index)
            for text in texts:
                yield _event("content-delta", {"message": {"content": {kind: text}}}, index=index)
            yield _event("content-end", index=index)
        for index, (id_, name, arguments) in enumerate(reply.calls):
            function = {"name": name, "arguments": ""}
            call = {"id": id_, "type": "function", "function": function}
            yield _event("tool-call-start", {"message": {"tool_calls": call}}, index=index)
            for text in arguments:
                delta = {"tool_calls": {"function": {"arguments": text}}}
                yield _event("tool-call-delta", {"message": delta}, index=index)
            yield _event("tool-call-end", index=index)

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        delta = {"finish_reason": reply.finish_reason, "usage": _usage(reply)}
        yield _event("message-end", delta)
        yield b"data: [DONE]\n\n"

    @override
    def whole(self, reply: Reply) -> JSONObject:
        content: list[JSONObject] = []
        if reply.reasoning:
            content.append({"type": "thinking", "thinking": "".join(reply.reasoning)})
        if reply.text:
            content.append({"type": "text", "text": "".join(reply.text)})
        message: JSONObject = {"role": "assistant", "content": content}
        if reply.calls:
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": "".join(a)}}
                for id_, name, a in reply.calls
            ]
        end = {"finish_reason": reply.finish_reason, "usage": _usage(reply)}
        return {"id": "reply-1", "message": message, **end}

    @override
    def error_event(self, message: str, status: int) -> bytes:
        reason = "TIMEOUT" if status >= 500 else "ERROR"  # noqa: PLR2004  # the only two
        return _event("message-end", {"finish_reason": reason, "error": message, "usage": {}})

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        return {"id": "request-1", "message": message}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        return [
            Message(message.get("role", ""), text_of(message.get("content")))
            for message in body.get("messages", ())
        ]


def _event(kind: str, delta: JSONObject | None = None, **fields: object) -> bytes:
    return event({"type": kind, **fields, **({} if delta is None else {"delta": delta})}, kind)


def _usage(reply: Reply) -> JSONObject:
    given, made = reply.usage
    tokens = {"input_tokens": float(given), "output_tokens": float(made)}
    return {"billed_units": tokens, "tokens": tokens}


FORMAT = Cohere()
