"""The providers as the tests see them, and the two ways to drive a stream.

One test body serves all providers, sync and async. A `Case` defines what a provider sends, one
module each (``providers/openai.py``); a `Driver` makes a prompt function sync or async and reads
its stream.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import anyio

from mirascope.core import prompt_template
from mirascope.testing.loopback import Request, Response
from support.scripts import Step


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A provider.

    Attributes:
        name: Its name, which is also its module's below `mirascope.core`.
        call: Its call decorator.
        sdk_error: The base class of its SDK's errors.
        sdk_package: How the names of the SDK's modules begin.
        key_variable: The environment variable of the key of the default client.
        url_variable: The environment variable of its base URL.
        url_path: What follows the server's address in a base URL.
        key_of: Finds the key in a request.
        temperature_of: Finds the temperature in a request's JSON.
        text: Returns the event of a text delta.
        reasoning: Returns the event, or events, of a reasoning delta.
        begin: The events before the first text.
        keepalive: What keeps the connection alive, and holds nothing.
        end: Returns the events after the last text, given the tokens in and out.
        stop: The finish reason in those.
        last_event: Whether an event marks the end. Where not, only the end of the body does, and a
            server that lingers is waited for, but not for long.
        failure: The event of an error like HTTP's 503, inside a stream; its text says "overloaded".
        failure_status: The HTTP status that it is like.
        steps: Returns the events of a response that calls tools, between `begin` and the end.
        tool_stop: The finish reason of such a response.
        whole_calls: Whether a call is sent at once.
        called_plain: Returns the JSON of a plain response that calls one tool.
        plain: Returns the JSON of a plain response with the same text as a stream.
        messages: The type of the messages of a request, as the SDK declares it.
        said: Returns a raw response without what the SDK adds of the connection.
        model: The model that the events report, if they do.
        client: Makes a sync client in a context manager, given a base URL, a key and options.
        async_client: Makes an async client in a context manager.
        retrying: The options of a client that retries by itself, where that is not the default.
        timeout: Returns call parameters that set the SDK's own timeout in seconds.
        error_body: Returns the JSON of an HTTP error with a message.
        request_id_header: The header with the request's id, if the SDK's errors have it.
        recordings: The folders of its recordings.
        api: What the recordings of the provider's API that is read here are marked with.
        begins: Returns whether a response restarts with a chunk, if it can.
        expected: Turns an official SDK's reading of a recording into what `reported` returns.
        disagree: Recordings that we read differently, each with the reason.
    """

    name: str
    call: Callable[..., Any]
    sdk_error: type[Exception]
    sdk_package: str
    key_variable: str
    url_variable: str
    url_path: str = ""
    key_of: Callable[[Request], str]
    temperature_of: Callable[[Any], float]
    text: Callable[[str], bytes]
    reasoning: Callable[[str], bytes]
    begin: list[bytes] = field(default_factory=list)
    keepalive: bytes = b": keep-alive\n\n"
    end: Callable[[int, int], list[bytes]]
    stop: str = "stop"
    last_event: bool = True
    steps: Callable[[Iterable[Step]], list[bytes]]
    tool_stop: str = "tool_calls"
    whole_calls: bool = False
    called_plain: Callable[[str, str], dict[str, Any]]
    messages: Any
    failure: bytes
    failure_status: int = 503
    plain: Callable[[str], dict[str, Any]]
    said: Callable[[Any], Any] = lambda response: response
    model: str | None = "the-model-that-answers"
    client: Callable[..., AbstractContextManager[Any]]
    async_client: Callable[..., AbstractAsyncContextManager[Any]]
    retrying: dict[str, Any] = field(default_factory=dict)
    timeout: Callable[[float], dict[str, Any]]
    error_body: Callable[[str], Any] = lambda message: {"error": {"message": message}}
    request_id_header: str | None = None
    recordings: tuple[str, ...] = ()
    api: str | None = None
    begins: Callable[[Any], bool] = lambda _: False
    expected: Callable[[dict[str, Any]], dict[str, Any]]
    disagree: dict[str, str] = field(default_factory=dict)

    def response(self, *texts: str) -> list[bytes]:
        """Return the events of a complete response: 3 tokens in, 2 out."""
        return [*self.begin, *map(self.text, texts), *self.end(3, 2)]

    def tool_call_response(self, *steps: Step, stop: str | None = None) -> list[bytes]:
        """Return the events of a complete response that calls tools."""
        stop = self.tool_stop if stop is None else stop
        end = [event.replace(_quoted(self.stop), _quoted(stop)) for event in self.end(3, 2)]
        return [*self.begin, *self.steps(steps), *end]

    def refusal(self, status: int, message: str = "No.", **headers: str) -> Response:
        """Return an HTTP error as the provider sends one; ``retry_after="1"`` is a header."""
        return Response.of_json(self.error_body(message), status, **headers)

    def url(self, address: str) -> str:
        """Return the base URL of a server."""
        return address + self.url_path


def _quoted(text: str) -> bytes:
    return f'"{text}"'.encode()


def without_keys() -> dict[str, str]:
    """Return this process's environment without what could be a provider's."""
    theirs = ("ANTHROPIC_", "CO_", "GEMINI_", "GOOGLE_", "GROQ_", "MISTRAL_", "OPENAI_")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}


def event(data: object, name: str | None = None) -> bytes:
    """Return a server-sent event with JSON."""
    start = f"event: {name}\n".encode() if name else b""
    return start + b"data: " + json.dumps(data).encode() + b"\n\n"


def reported(stream: Any) -> dict[str, Any]:
    """Return what a finished stream reports, with the keys of `Case.expected`."""
    response = stream.construct_call_response()
    assert response.content == stream.content
    assert response.reasoning == stream.reasoning
    assert response.id == stream.id
    assert response.finish_reasons == stream.finish_reasons
    tokens = (stream.input_tokens, stream.output_tokens, stream.cached_tokens)
    assert (response.input_tokens, response.output_tokens, response.cached_tokens) == tokens
    return {
        "text": stream.content,
        "reasoning": stream.reasoning,
        "finish_reason": stream.finish_reasons[0] if stream.finish_reasons else None,
        "tool_calls": [
            (call.name, arguments_of(call.arguments), call.id)
            for call in stream._decoder.reply.tool_calls
        ],
        "tokens": tokens,
        "id": stream.id,
        "model": stream.model,
    }


def arguments_of(text: str) -> Any:
    """Return a tool call's arguments; cut-off text stays as it is."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


@dataclass
class Attempt:
    """A stream that was read as far as it went."""

    stream: Any = None
    items: list[Any] = field(default_factory=list)
    error: Exception | None = None


@dataclass(frozen=True)
class Driver:
    """Sync or async."""

    asynchronous: bool

    def function(self, case: Case, *, stream: bool = True, **options: Any) -> Callable[[str], Any]:
        """Return a decorated prompt function."""
        decorate = case.call("requested-model", stream=stream, **options)
        template = prompt_template("Recommend a {genre} book")
        if self.asynchronous:

            async def arecommend(genre: str) -> None: ...

            return decorate(template(arecommend))

        def recommend(genre: str) -> None: ...

        return decorate(template(recommend))

    def call(self, function: Callable[[str], Any]) -> Any:
        """Return a prompt function's stream or response."""
        return anyio.run(function, "fantasy") if self.asynchronous else function("fantasy")

    def read(self, stream: Any) -> list[tuple[Any, Any]]:
        """Iterate a stream to its end."""

        async def read_async() -> list[tuple[Any, Any]]:
            return [item async for item in stream]

        return anyio.run(read_async) if self.asynchronous else list(stream)

    def attempt(
        self,
        function: Callable[[str], Any],
        items_of: Callable[[Any], Any] = lambda stream: stream,
    ) -> Attempt:
        """Call and read, in one event loop, until the end or a failure."""
        tried = Attempt()

        async def ask_and_read() -> None:
            tried.stream = await function("fantasy")
            async for item in items_of(tried.stream):
                tried.items.append(item)

        try:
            if self.asynchronous:
                anyio.run(ask_and_read)
            else:
                tried.stream = function("fantasy")
                tried.items.extend(items_of(tried.stream))
        except Exception as error:  # noqa: BLE001  # the test checks which it is
            tried.error = error
        return tried

    def call_and_read(self, function: Callable[[str], Any]) -> tuple[Any, list[tuple[Any, Any]]]:
        """Call and read, in one event loop; return the stream and its items."""

        async def ask_and_read() -> tuple[Any, list[tuple[Any, Any]]]:
            stream = await function("fantasy")
            return stream, [item async for item in stream]

        if self.asynchronous:
            return anyio.run(ask_and_read)
        stream = function("fantasy")
        return stream, list(stream)

    def run(self, body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine."""
        return anyio.run(body)
