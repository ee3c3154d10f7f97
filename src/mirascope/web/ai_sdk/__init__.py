"""The UI message stream of Vercel's AI SDK (protocol v1), for its ``useChat`` and ``useObject``.

`events` and `response` are the stream, `messages` reads what ``useChat`` sends, and `text` is the
plain text of ``streamProtocol: "text"``, and of ``useObject``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from mirascope import errors
from mirascope.core import BaseMessageParam
from mirascope.web import sse
from mirascope.web._body import Conversation
from mirascope.web._encoder import Encoder, End, to_json
from mirascope.web._events import Events
from mirascope.web._failures import OnError
from mirascope.web._recorded import Resumable, events_of, id_of
from mirascope.web._sources import File, Source
from mirascope.web.ai_sdk._messages import MESSAGE, messages

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = [
    "HEADERS",
    "PING",
    "TEXT_HEADERS",
    "Conversation",
    "events",
    "messages",
    "response",
    "text",
]

HEADERS: Final[Mapping[str, str]] = {
    **sse.HEADERS,
    "content-type": "text/event-stream",
    "x-vercel-ai-ui-message-stream": "v1",
}
"""The headers of a UI message stream."""

TEXT_HEADERS: Final[Mapping[str, str]] = {
    **sse.HEADERS,
    "content-type": "text/plain; charset=utf-8",
}
"""The headers of a stream of plain text."""

PING: Final = sse.PING

_REASONS: Final = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool-calls",
    "content_filter": "content-filter",
}


def events(
    stream: Resumable,
    *,
    message_id: str | None = None,
    ping: float | None = None,
    on_error: OnError | None = None,
) -> Events:
    """Return a stream as a UI message stream; iterate it with ``for`` or ``async for``.

    A structured value is a part ``data-object`` that grows. The finish has the metadata of the
    message: ``{model, usage: {inputTokens, cachedInputTokens, outputTokens, totalTokens}}``.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        message_id (str | None): The id of the message. Default: the browser makes one, or continues
            its last message.
        ping (float | None): Seconds without an event after which a comment is sent. Default: never.
        on_error (Callable | None): Gets an error and returns the text for the browser. Default: a
            text without details of the server. The error itself is logged as ``mirascope.web``.

    Returns:
        The `Events`, as bytes.
    """
    return events_of(stream, _UIMessage(message_id), ping=ping, on_error=on_error)


def text(stream: Resumable, *, on_error: OnError | None = None) -> Events:
    """Return the text of a stream, for ``streamProtocol: "text"`` and for ``useObject``.

    For a structured stream, the text is the JSON. Plain text cannot contain an error. So after a
    failure, or if the response restarts, the iteration raises an error; the connection breaks off,
    and the browser notices it.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        on_error (Callable | None): Gets an error before the first text and returns its text for the
            browser; `Events.open` and `response` set the HTTP status.
    """
    return events_of(stream, _Text(), on_error=on_error)


def response(
    stream: Resumable | Events,
    *,
    message_id: str | None = None,
    ping: float | None = PING,
    on_error: OnError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a stream as a response of Starlette or FastAPI.

    When the browser disconnects, the connection to the provider is closed. A failure before the
    first event sets the HTTP status.

    Args:
        stream: What a call returns, a `Turn`, or its `Events`, such as from `text`.
        message_id (str | None): See `events`.
        ping (float | None): Seconds without an event after which a comment is sent; ``None``
            for never. Default: 15.
        on_error (Callable | None): See `events`.
        headers (Mapping): More headers.

    Raises:
        MissingSDKError: Starlette is not installed.

    Example:
        >>> from mirascope.core import openai
        >>> from mirascope.web import ai_sdk
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... async def reply(body: bytes):
        ...     return ai_sdk.messages(body)
        >>> async def chat(request):  # a route of Starlette or FastAPI
        ...     return ai_sdk.response(await reply(await request.body()))
    """
    if not isinstance(stream, Events):
        stream = events(stream, message_id=message_id, ping=ping, on_error=on_error)
    return sse.starlette_response(stream, headers)


class _UIMessage(Encoder):
    headers: ClassVar = HEADERS

    def __init__(self, message_id: str | None) -> None:
        self._message_id = message_id
        self._count = 0
        self._values = 0
        self._text = b""
        self._reasoning = b""

    @override
    def identify(self, seed: str) -> None:
        self._message_id = self._message_id or id_of(seed)

    def _next(self) -> bytes:
        self._count += 1
        return b"%d" % self._count

    @override
    def start(self) -> bytes:
        named = {} if self._message_id is None else {"messageId": self._message_id}
        return _event("start", **named)

    @override
    def begin_step(self) -> bytes:
        self._values += 1
        return _event("start-step")

    @override
    def end_step(self) -> bytes:
        return _event("finish-step")

    @override
    def begin_text(self) -> bytes:
        part = self._next()
        self._text = b'data: {"type":"text-delta","id":"%b","delta":%%b}\n\n' % part
        return b'data: {"type":"text-start","id":"%b"}\n\n' % part

    @override
    def text(self, delta: str) -> bytes:
        return self._text % to_json(delta)

    @override
    def end_text(self) -> bytes:
        return b'data: {"type":"text-end","id":"%d"}\n\n' % self._count

    @override
    def begin_reasoning(self) -> bytes:
        part = self._next()
        self._reasoning = b'data: {"type":"reasoning-delta","id":"%b","delta":%%b}\n\n' % part
        return b'data: {"type":"reasoning-start","id":"%b"}\n\n' % part

    @override
    def reasoning(self, delta: str) -> bytes:
        return self._reasoning % to_json(delta)

    @override
    def end_reasoning(self) -> bytes:
        return b'data: {"type":"reasoning-end","id":"%d"}\n\n' % self._count

    @override
    def begin_tool(self, call_id: str, name: str) -> bytes:
        return _event("tool-input-start", toolCallId=call_id, toolName=name)

    @override
    def tool_delta(self, call_id: str, name: str, delta: str) -> bytes:
        return _event("tool-input-delta", toolCallId=call_id, inputTextDelta=delta)

    @override
    def tool(self, call_id: str, name: str, arguments: object) -> bytes:
        return _event("tool-input-available", toolCallId=call_id, toolName=name, input=arguments)

    @override
    def tool_failed(self, call_id: str, name: str, arguments: str, text: str) -> bytes:
        call = {"toolCallId": call_id, "toolName": name, "input": arguments}
        return _event("tool-input-error", **call, errorText=text)

    @override
    def output(self, call_id: str, name: str, value: object) -> bytes:
        return _event("tool-output-available", toolCallId=call_id, output=value)

    @override
    def output_failed(self, call_id: str, name: str, text: str) -> bytes:
        return _event("tool-output-error", toolCallId=call_id, errorText=text)

    @override
    def approval(self, call_id: str, name: str) -> bytes:
        approval_id = f"approve-{call_id}"
        return _event("tool-approval-request", approvalId=approval_id, toolCallId=call_id)

    @override
    def value(self, value: bytes, *, complete: bool) -> bytes:
        return b'data: {"type":"data-object","id":"%d","data":%b}\n\n' % (self._values, value)

    @override
    def source(self, source: Source) -> bytes:
        self._count += 1
        source_id = f"source-{self._count}"
        if not source.url:
            document = {"mediaType": "application/octet-stream", "title": source.title}
            return _event("source-document", sourceId=source_id, **document)
        titled = {"title": source.title} if source.title else {}
        return _event("source-url", sourceId=source_id, url=source.url, **titled)

    @override
    def file(self, file: File) -> bytes:
        return _event("file", mediaType=file.media_type, url=file.url)

    @override
    def message(self, message: BaseMessageParam) -> bytes:
        return _event(MESSAGE, data=message.model_dump(mode="json"))

    @override
    def restart(self) -> bytes:
        return _event("data-restart", data={})

    @override
    def finish(self, end: End) -> bytes:
        metadata: dict[str, object] = {} if end.model is None else {"model": end.model}
        if (usage := end.usage) is not None:
            metadata["usage"] = {
                "inputTokens": usage.input_tokens,
                "cachedInputTokens": usage.cached_tokens,
                "outputTokens": usage.output_tokens,
                "totalTokens": usage.total_tokens,
            }
        reason = _REASONS[end.reason] if end.reason else "other"
        return _event("finish", finishReason=reason, messageMetadata=metadata) + _DONE

    @override
    def abort(self) -> bytes:
        return _event("abort") + _DONE

    @override
    def error(self, text: str) -> bytes:
        return _event("error", errorText=text) + _DONE


_DONE: Final = b"data: [DONE]\n\n"


def _event(kind: str, **fields: object) -> bytes:
    return b"data: %b\n\n" % to_json({"type": kind, **fields})


class _Text(Encoder):
    headers: ClassVar = TEXT_HEADERS
    ping: ClassVar = b""
    reports: ClassVar = False

    @override
    def text(self, delta: str) -> bytes:
        return delta.encode("utf-8", "replace")

    @override
    def json_delta(self, delta: str) -> bytes:
        return self.text(delta)

    @override
    def restart(self) -> bytes:
        raise errors.StreamTruncated("the response restarted, which plain text cannot express")

    @override
    def finish(self, end: End) -> bytes:
        return b""

    @override
    def abort(self) -> bytes:
        raise errors.StreamTruncated("the stream was closed early, which plain text cannot express")

    @override
    def error(self, text: str) -> bytes:
        return b""
