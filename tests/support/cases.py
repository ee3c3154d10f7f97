"""The built-in providers as the tests see them: what any provider's tests need, and recordings.

One test body serves all providers, sync and async. A `Case` defines what a provider sends, one
module each (``providers/openai.py``); a `Driver` makes a prompt function sync or async and reads
its stream. Both are those of `mirascope.testing.conformance`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from mirascope.core._calls.servers import SERVERS
from mirascope.core._dialects.event_stream import EventStreamDecoder
from mirascope.testing import conformance
from mirascope.testing.conformance import Attempt, Driver

__all__ = [
    "Attempt",
    "Case",
    "Driver",
    "arguments_of",
    "event",
    "records",
    "reported",
    "without_keys",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case(conformance.Case):
    """A provider; the name of a built-in one is also its module's below `mirascope.core`.

    Attributes:
        like: The provider that has the same API and the same classes, if it is another one.
        reports_id: Whether its responses have an id.
        temperature_of: Finds the temperature in a request's JSON.
        retrying: The options of a client that retries by itself, where that is not the default.
        timeout: Returns call parameters that set the SDK's own timeout in seconds.
        recordings: The folders of its recordings.
        api: What the recordings of the provider's API that is read here are marked with.
        begins: Returns whether a response restarts with a chunk, if it can.
        expected: Turns an official SDK's reading of a recording into what `reported` returns.
        server_sent: Whether streams are server-sent events.
        unbounded: What an event begins with that never ends.
        has_ids: Whether the id of a response is in its body, not in its headers.
        client_per_loop: Whether each event loop has a default client of its own.
        disagree: Recordings that we read differently, each with the reason.
    """

    model: str | None = "the-model-that-answers"
    like: str = ""
    reports_id: bool = True
    temperature_of: Callable[[Any], float]
    retrying: dict[str, Any] = field(default_factory=dict)
    timeout: Callable[[float], dict[str, Any]]
    recordings: tuple[str, ...] = ()
    api: str | None = None
    begins: Callable[[Any], bool] = lambda _: False
    expected: Callable[[dict[str, Any]], dict[str, Any]]
    server_sent: bool = True
    unbounded: bytes = b"data: "
    has_ids: bool = True
    client_per_loop: bool = True
    disagree: dict[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The name of the provider whose API and classes it has."""
        return self.like or self.name


def records(case: Case, body: Iterable[bytes]) -> list[Any]:
    """Return the JSON of the events of a body."""
    if not case.server_sent:
        return [json.loads(record) for record in EventStreamDecoder().feed(b"".join(body))]
    lines = b"".join(body).splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]


def without_keys() -> dict[str, str]:
    """Return this process's environment without what could be a provider's."""
    theirs = (
        *("ANTHROPIC_", "AWS_", "AZURE_", "CO_", "GEMINI_", "GOOGLE_", "GROQ_", "MISTRAL_"),
        "OPENAI_",
    )
    servers = {name for server in SERVERS.values() for name in server.variables}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(theirs) and name not in servers
    }


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
