"""The Chat Completions API, as OpenAI has it; their modules have what others do otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from typing_extensions import override

from mirascope.testing._formats.wire_format import (
    CREATED,
    JSONObject,
    Message,
    Reply,
    WireFormat,
    event,
    text_of,
)

DONE: Final = b"data: [DONE]\n\n"

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class ChatCompletions(WireFormat):
    """The API.

    Attributes:
        reasoning_field: The field of a message with the reasoning.
    """

    reasoning_field: ClassVar[str] = "reasoning_content"

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        yield self.chunk(reply, {"role": "assistant", "content": ""})
        for piece in reply.reasoning:
            yield self.chunk(reply, self.reasoning(piece))
        for piece in reply.text:
            yield self.chunk(reply, {"content": piece})
        for index, call in enumerate(reply.calls):
            yield from (self.chunk(reply, delta) for delta in self.call(index, *call))

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        yield self.chunk(reply, {}, reply.finish_reason)
        yield self.chunk(reply, None, usage=usage(reply))
        yield DONE

    def chunk(
        self,
        reply: Reply,
        delta: JSONObject | None,
        finish_reason: str | None = None,
        in_choice: JSONObject | None = None,
        **fields: object,
    ) -> bytes:
        """Return the event of a chunk; of one without a choice if there is no delta."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        choice |= in_choice or {}
        choices = [] if delta is None else [choice]
        return event(_envelope(reply, "chat.completion.chunk", choices, **fields))

    def reasoning(self, text: str) -> JSONObject:
        """Return the fields of a delta, or of a message, with reasoning."""
        return {self.reasoning_field: text}

    def call(self, index: int, id_: str, name: str, given: Sequence[str]) -> Iterator[JSONObject]:
        """Yield the deltas of a tool call."""
        function = {"name": name, "arguments": ""}
        first = {"index": index, "id": id_, "type": "function", "function": function}
        yield {"tool_calls": [first]}
        for piece in given:
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    @override
    def whole(self, reply: Reply) -> JSONObject:
        message: JSONObject = {"role": "assistant", "content": "".join(reply.text) or None}
        if reply.reasoning:
            message |= self.reasoning("".join(reply.reasoning))
        if reply.calls:
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": "".join(a)}}
                for id_, name, a in reply.calls
            ]
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        return _envelope(reply, "chat.completion", [choice], usage=usage(reply))

    @override
    def error_event(self, message: str, status: int) -> bytes:
        return event({"error": {"message": message, "type": error_type(status), "code": status}})

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        error = {"message": message, "type": error_type(status), "param": None, "code": None}
        return {"error": error}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        return [
            Message("system" if role == "developer" else role, text_of(message.get("content")))
            for message in body.get("messages", ())
            for role in [message.get("role", "")]
        ]


def usage(reply: Reply) -> JSONObject:
    """Return the usage of a reply."""
    given, made = reply.usage
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def error_type(status: int) -> str:
    """Return OpenAI's type of an error."""
    return _TYPES.get(status, "server_error")


def _envelope(reply: Reply, kind: str, choices: list[JSONObject], **fields: object) -> JSONObject:
    head = {"id": "chatcmpl-1", "object": kind, "created": CREATED, "model": reply.model}
    return {**head, "choices": choices, **fields}
