"""Mistral's Chat Completions, which send a tool call at once, and reasoning as parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from typing_extensions import override

from mirascope.testing._formats.chat_completions import DONE, ChatCompletions, usage
from mirascope.testing._formats.wire_format import JSONObject, Reply, event


class Mistral(ChatCompletions):
    """The API."""

    name = "mistral"
    key_variable = "MISTRAL_API_KEY"
    url_variable = "MISTRAL_BASE_URL"
    path = "/v1/chat/completions"
    upstream = "https://api.mistral.ai"
    other_variables = ("MISTRAL_SA_TOKEN_PATH",)

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        yield self.chunk(reply, {"content": ""}, reply.finish_reason, usage=usage(reply))
        yield DONE

    @override
    def reasoning(self, text: str) -> JSONObject:
        return {"content": [_thinking(text)]}

    @override
    def call(self, index: int, id_: str, name: str, given: Sequence[str]) -> Iterator[JSONObject]:
        function = {"name": name, "arguments": "".join(given)}
        yield {"tool_calls": [{"index": index, "id": id_, "function": function}]}

    @override
    def whole(self, reply: Reply) -> JSONObject:
        body = super().whole(reply)
        if reply.reasoning:
            text = {"type": "text", "text": "".join(reply.text)}
            content = [_thinking("".join(reply.reasoning)), text]
            body["choices"][0]["message"]["content"] = content
        return body

    @override
    def error_event(self, message: str, status: int) -> bytes:
        return event(self.error_body(message, status))

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        error = {"object": "error", "message": message, "type": "error", "param": None}
        return {**error, "code": "0", "raw_status_code": status}


def _thinking(text: str) -> JSONObject:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


FORMAT = Mistral()
