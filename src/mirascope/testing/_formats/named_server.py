"""The Chat Completions of a named server, with its differences from OpenAI's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from typing_extensions import override

from mirascope.core._calls.servers import Server, ServerSettingError
from mirascope.testing._formats.chat_completions import DONE, ChatCompletions, usage
from mirascope.testing._formats.wire_format import JSONObject, Reply


class NamedServer(ChatCompletions):
    """The API of a server.

    Args:
        server: The server.
    """

    path = "/chat/completions"

    def __init__(self, server: Server) -> None:
        self.name = server.name
        self.key_variable = next(iter(server.api_keys), "")
        self.other_keys = server.api_keys[1:]
        self.url_variable = server.url_variable
        self.upstream = server.base_url
        self._server = server

    @override
    def real_url(self) -> str:
        with suppress(ServerSettingError):
            return self._server.url()
        return self.upstream

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        return super().content(self._in_its_form(reply))

    @override
    def whole(self, reply: Reply) -> JSONObject:
        return super().whole(self._in_its_form(reply))

    @override
    def reasoning(self, text: str) -> JSONObject:
        return {self._server.reasoning: text}

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        counts = {"usage": usage(reply)}
        if self._server.usage == "own record":
            yield from super().end(reply)
        elif self._server.usage == "last choice":
            yield self.chunk(reply, {}, reply.finish_reason, in_choice=counts)
            yield DONE
        else:
            yield self.chunk(reply, {}, reply.finish_reason, **counts)
            yield DONE

    def _in_its_form(self, reply: Reply) -> Reply:
        if self._server.reasoning != "in text" or not reply.reasoning:
            return reply
        return replace(
            reply, reasoning=(), text=["<think>", *reply.reasoning, "</think>", *reply.text]
        )
