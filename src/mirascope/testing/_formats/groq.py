"""Groq's Chat Completions, which report the usage with the finish reason too."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import override

from mirascope.testing._formats.chat_completions import (
    DONE,
    ChatCompletions,
    error_type,
    usage,
)
from mirascope.testing._formats.wire_format import Reply, event


class Groq(ChatCompletions):
    """The API."""

    name = "groq"
    key_variable = "GROQ_API_KEY"
    url_variable = "GROQ_BASE_URL"
    path = "/openai/v1/chat/completions"
    upstream = "https://api.groq.com"
    other_variables = ("GROQ_CUSTOM_HEADERS",)
    reasoning_field = "reasoning"

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        report = {"id": "req_1", "usage": usage(reply)}
        yield self.chunk(reply, {}, reply.finish_reason, x_groq=report)
        yield self.chunk(reply, None, usage=usage(reply))
        yield DONE

    @override
    def error_event(self, message: str, status: int) -> bytes:
        error = {"message": message, "type": error_type(status), "status_code": status}
        return event({"error": error}, "error")


FORMAT = Groq()
