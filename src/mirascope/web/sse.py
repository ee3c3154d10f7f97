"""Plain server-sent events, for a page with an ``EventSource`` or ``fetch``.

Each event is a JSON object whose ``type`` names its kind, with an id that counts from 1. In
TypeScript::

    type Event =
      | { type: "text"; text: string }                // a text delta
      | { type: "reasoning"; text: string }           // a reasoning delta
      | { type: "tool-delta"; id: string; name: string; delta: string } // an arguments delta
      | { type: "tool"; id: string; name: string; args: unknown }       // a complete tool call
      | { type: "tool-error"; id: string; name: string; error: string } // invalid arguments
      | { type: "tool-output"; id: string; name: string; output: unknown }
      | { type: "tool-output-error"; id: string; name: string; error: string }
      | { type: "approval"; id: string; name: string } // may this tool be called?
      | { type: "partial"; value: unknown; complete: boolean } // a structured value
      | { type: "source"; url: string; title: string }
      | { type: "file"; mediaType: string; url: string }
      | { type: "restart" }                           // discard the texts of this stream
      | { type: "usage"; inputTokens: number; cachedTokens: number; outputTokens: number;
          totalTokens: number }
      | { type: "finish"; reason: "stop" | "length" | "tool_calls" | "content_filter" | "other" }
      | { type: "abort" }                             // the server's own code closed the stream
      | { type: "error"; error: string };

A response ends with one of the last three; one that does not was cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from mirascope import errors
from mirascope.web._encoder import Encoder, End, to_json
from mirascope.web._events import Events
from mirascope.web._failures import OnError
from mirascope.web._recorded import Resumable, events_of
from mirascope.web._sources import File, Source

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["HEADERS", "PING", "events", "response"]

HEADERS: Final[Mapping[str, str]] = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}
"""The headers of a response: no cache and no proxy holds it back."""

PING: Final = 15.0
"""After how many seconds of silence `response` sends a comment."""


def events(
    stream: Resumable, *, ping: float | None = None, on_error: OnError | None = None
) -> Events:
    """Return a stream as server-sent events; iterate them with ``for`` or ``async for``.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        ping (float | None): Seconds without an event after which a comment is sent. Default: never.
        on_error (Callable | None): Gets an error and returns the text for the browser. Default: a
            text without details of the server. The error itself is logged as ``mirascope.web``.

    Returns:
        The `Events`, as bytes.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> from mirascope.web import sse
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.reply("Emma")
        ...     body = b"".join(sse.events(recommend("classic")))
        >>> print(body.decode().splitlines()[1])
        data: {"type":"text","text":"Emma"}
    """
    return events_of(stream, SSEEncoder(), ping=ping, on_error=on_error)


def response(
    stream: Resumable | Events,
    *,
    ping: float | None = PING,
    on_error: OnError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a stream as a response of Starlette or FastAPI.

    When the browser disconnects, the connection to the provider is closed. A failure before the
    first event sets the HTTP status. ``EventSource`` reconnects by itself when a response is cut
    off: it then gets the status 204 instead of a new response, or, with a log of
    `mirascope.resume`, the events that it missed.

    Args:
        stream: What a call returns, a `Turn`, or its `Events`.
        ping (float | None): Seconds without an event after which a comment is sent; ``None``
            for never. Default: 15.
        on_error (Callable | None): See `events`.
        headers (Mapping): More headers.

    Raises:
        MissingSDKError: Starlette is not installed.
    """
    if not isinstance(stream, Events):
        stream = events(stream, ping=ping, on_error=on_error)
    return starlette_response(stream, headers, once=True)


def starlette_response(
    events: Events, headers: Mapping[str, str] | None, *, once: bool = False
) -> Response:
    """Return events as a response."""
    try:
        from mirascope.web._response import (  # noqa: PLC0415  # only here Starlette is needed
            EventsResponse,
        )
    except ImportError as error:
        raise errors.MissingSDKError("starlette", "web") from error
    return EventsResponse(events, headers=headers, once=once)


class SSEEncoder(Encoder):
    headers: ClassVar = HEADERS

    def __init__(self) -> None:
        self._count = 0

    def _event(self, kind: bytes, **fields: object) -> bytes:
        self._count += 1
        more = b"".join(b',"%b":%b' % (n.encode(), to_json(v)) for n, v in fields.items())
        return b'id: %d\ndata: {"type":"%b"%b}\n\n' % (self._count, kind, more)

    @override
    def numbered(self, events: bytes, offset: str | None) -> bytes:
        """Only the last has it: whoever resumes there has them all."""
        blocks = [block.partition(b"\n")[2] for block in events.split(b"\n\n") if block]
        if blocks and offset is not None:
            blocks[-1] = b"id: %b\n%b" % (offset.encode(), blocks[-1])
        return b"".join(b"%b\n\n" % block for block in blocks)

    @override
    def text(self, delta: str) -> bytes:
        self._count += 1
        return b'id: %d\ndata: {"type":"text","text":%b}\n\n' % (self._count, to_json(delta))

    @override
    def reasoning(self, delta: str) -> bytes:
        return self._event(b"reasoning", text=delta)

    @override
    def begin_tool(self, call_id: str, name: str) -> bytes:
        return self._event(b"tool-delta", id=call_id, name=name, delta="")

    @override
    def tool_delta(self, call_id: str, name: str, delta: str) -> bytes:
        return self._event(b"tool-delta", id=call_id, name=name, delta=delta)

    @override
    def tool(self, call_id: str, name: str, arguments: object) -> bytes:
        return self._event(b"tool", id=call_id, name=name, args=arguments)

    @override
    def tool_failed(self, call_id: str, name: str, arguments: str, text: str) -> bytes:
        return self._event(b"tool-error", id=call_id, name=name, error=text)

    @override
    def output(self, call_id: str, name: str, value: object) -> bytes:
        return self._event(b"tool-output", id=call_id, name=name, output=value)

    @override
    def output_failed(self, call_id: str, name: str, text: str) -> bytes:
        return self._event(b"tool-output-error", id=call_id, name=name, error=text)

    @override
    def approval(self, call_id: str, name: str) -> bytes:
        return self._event(b"approval", id=call_id, name=name)

    @override
    def value(self, value: bytes, *, complete: bool) -> bytes:
        self._count += 1
        flag = b"true" if complete else b"false"
        event = b'id: %d\ndata: {"type":"partial","complete":%b,"value":%b}\n\n'
        return event % (self._count, flag, value)

    @override
    def source(self, source: Source) -> bytes:
        return self._event(b"source", url=source.url, title=source.title)

    @override
    def file(self, file: File) -> bytes:
        return self._event(b"file", mediaType=file.media_type, url=file.url)

    @override
    def restart(self) -> bytes:
        return self._event(b"restart")

    @override
    def finish(self, end: End) -> bytes:
        used = b""
        if (usage := end.usage) is not None:
            used = self._event(
                b"usage",
                inputTokens=usage.input_tokens,
                cachedTokens=usage.cached_tokens,
                outputTokens=usage.output_tokens,
                totalTokens=usage.total_tokens,
            )
        return used + self._event(b"finish", reason=end.reason or "other")

    @override
    def abort(self) -> bytes:
        return self._event(b"abort")

    @override
    def error(self, text: str) -> bytes:
        return self._event(b"error", error=text)
