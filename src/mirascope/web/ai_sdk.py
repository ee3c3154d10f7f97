"""The UI message stream of Vercel's AI SDK (protocol v1), for its ``useChat`` and ``useObject``.

`events` and `response` are the stream, `messages` reads what ``useChat`` sends, and `text` is the
plain text of ``streamProtocol: "text"``, and of ``useObject``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from typing_extensions import override

from mirascope import errors
from mirascope.core import BaseMessageParam, TextPart, ToolCallPart, ToolResultPart
from mirascope.web import sse
from mirascope.web._body import (
    MAX_BYTES,
    MAX_MESSAGES,
    MAX_PARTS,
    Conversation,
    Media,
    Place,
    decoded,
    media,
    returned,
    shortened,
)
from mirascope.web._events import Events, OnError
from mirascope.web._sources import File, Source
from mirascope.web._turns import Streamed
from mirascope.web._walk import Encoder, End, to_json

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

_MESSAGE: Final = "data-message"
"""The part that brings back what only the provider reads, such as the signatures of reasoning."""

_REASONS: Final = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool-calls",
    "content_filter": "content-filter",
}


def events(
    stream: Streamed,
    *,
    message_id: str | None = None,
    ping: float | None = None,
    on_error: OnError | None = None,
) -> Events:
    """Return a stream as UI message stream, to be iterated with ``for`` or ``async for``.

    A structured value is a part ``data-object``, which grows. What the finish brings as the
    message's metadata is ``{model, usage: {inputTokens, cachedInputTokens, outputTokens,
    totalTokens}}``.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        message_id: The id of the message; by default the browser makes one, or goes on with its
            last one.
        ping: After how many seconds of silence a comment comes; by default never.
        on_error: Makes the text of an error that the browser gets; by default it says nothing
            that only the server should know. The error itself is logged as ``mirascope.web``.
    """
    return Events(stream, _UIMessage(message_id), ping=ping, on_error=on_error)


def text(stream: Streamed, *, on_error: OnError | None = None) -> Events:
    """Return the text of a stream, for ``streamProtocol: "text"`` and ``useObject``.

    Of a structured stream it is the JSON. Plain text has no place for an error: after a failure, or
    where the answer begins again, the iteration raises an error, and so the connection breaks off,
    which the browser notices.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        on_error: Makes the text of an error that happens before the first text, which `Events.open`
            and `response` give an HTTP status.
    """
    return Events(stream, _Text(), on_error=on_error)


def response(
    stream: Streamed | Events,
    *,
    message_id: str | None = None,
    ping: float | None = PING,
    on_error: OnError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a stream as a response of Starlette and FastAPI.

    When the browser goes, the connection to the provider ends. A failure before the first event has
    an HTTP status.

    Args:
        stream: The stream, or its `Events`, as from `text`.
        message_id: See `events`.
        ping: After how many seconds of silence a comment is sent; ``None`` for never.
        on_error: See `events`.
        headers: Further headers.
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
        return _event(_MESSAGE, data=message.model_dump(mode="json"))

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
        raise errors.StreamTruncated("the answer began again, which plain text cannot tell")

    @override
    def finish(self, end: End) -> bytes:
        return b""

    @override
    def abort(self) -> bytes:
        raise errors.StreamTruncated("the stream was closed early, which plain text cannot tell")

    @override
    def error(self, text: str) -> bytes:
        return b""


def messages(body: object, *, max_bytes: int = MAX_BYTES) -> Conversation:
    """Return the messages that ``useChat`` sends, to be given to a call.

    A tool's part becomes its call and its result, whoever gave that: this server, the browser, or
    the user who denied it. A call without a result is left out; one that the user has approved
    just now is among the `Conversation.approved`. Reasoning is left out, but for what its provider
    needs back, which comes as a part of its own.

    Args:
        body: The request's JSON, decoded or not: an object with ``messages``, or their list. At
            most 1000 messages, 1000 parts in each, and 64 levels.
        max_bytes: How large it may be; 16 MiB by default.

    Raises:
        ValueError: It is not what ``useChat`` sends; the text says what is wrong where, and can be
            shown to the browser.

    Example:
        >>> part = {"type": "text", "text": "Recommend a book"}
        >>> messages({"messages": [{"id": "1", "role": "user", "parts": [part]}]})
        [BaseMessageParam(role='user', content='Recommend a book')]
        >>> messages({"messages": [{"role": "robot", "parts": []}]})
        Traceback (most recent call last):
        ...
        ValueError: messages[0].role must be system, user or assistant, not 'robot'
    """
    place = Place(decoded(body, max_bytes), "the body")
    if isinstance(place.value, list):
        place.name = "messages"
    else:
        place = place.field("messages")
    read = Conversation()
    found = place.items(MAX_MESSAGES)
    if not found:
        raise place.wrong("is empty")
    calls: set[str] = set()
    for message in found:
        _read_message(message, read, calls, newest=message is found[-1])
    return read


def _read_message(message: Place, into: Conversation, calls: set[str], *, newest: bool) -> None:
    role = message.field("role").text()
    if role not in _PARTS:
        raise message.field("role").wrong(
            f"must be system, user or assistant, not {shortened(role)}"
        )
    steps: list[list[Place]] = [[]]
    for part in message.field("parts").items(MAX_PARTS):
        kind = part.field("type").text()
        if kind == "step-start":
            steps.append([])
        elif _kind(kind) in _PARTS[role]:
            steps[-1].append(part)
        elif _kind(kind) not in _DROPPED[role]:
            raise part.wrong(f"is a part of the type {shortened(kind)}, which {role} cannot have")
    for step in steps:
        if role == "assistant":
            _Step(step, calls, newest=newest).read(into)
        elif content := [_content(part) for part in step]:
            texts = [each.text for each in content if isinstance(each, TextPart)]
            alone = len(content) == len(texts) == 1 or role == "system"
            into.append(BaseMessageParam(role=role, content="".join(texts) if alone else content))


_PARTS: Final = {
    "system": {"text"},
    "user": {"text", "file"},
    "assistant": {"text", "tool", _MESSAGE},
}
_DROPPED: Final = {
    "system": {"data"},
    "user": {"data"},
    "assistant": {"data", "reasoning", "source-url", "source-document", "file"},
}
"""What a page shows, and no model reads again."""


def _kind(kind: str) -> str:
    """Return the type of a part without its own name."""
    if kind.startswith("tool-") or kind == "dynamic-tool":
        return "tool"
    return "data" if kind.startswith("data-") and kind != _MESSAGE else kind


def _content(part: Place) -> TextPart | Media:
    if part.field("type").value == "text":
        return TextPart(text=part.field("text").text())
    url, media_type = part.field("url").text(), part.field("mediaType").text(required=False)
    return media(part, url, media_type)


class _Step:
    """What the model said at once, and what its tools gave.

    Args:
        parts: The parts.
        calls: The ids of the calls before, and of these.
        newest: Whether it is of the newest message: only there an approval counts.
    """

    def __init__(self, parts: list[Place], calls: set[str], *, newest: bool) -> None:
        self._parts = parts
        self._newest = newest
        self._calls = calls
        self._said: list[TextPart | ToolCallPart] = []
        self._results: list[ToolResultPart] = []
        self._approved: list[ToolCallPart] = []
        self._brought: object = None

    def read(self, into: Conversation) -> None:
        """Add the messages of the step."""
        for part in self._parts:
            kind = _kind(part.field("type").text())
            if kind == "text":
                if text := part.field("text").text():
                    self._said.append(TextPart(text=text))
            elif kind == "tool":
                self._tool(part)
            else:
                self._brought = part.field("data").value
        if self._said:
            into.append(returned(self._said, self._brought))
            into.approved += self._approved
        if self._results:
            into.append(BaseMessageParam(role="tool", content=self._results))

    def _tool(self, part: Place) -> None:
        kind = part.field("type").text()
        name = (
            part.field("toolName").text() if kind == "dynamic-tool" else kind.removeprefix("tool-")
        )
        call_id, state = part.field("toolCallId").text(), part.field("state").text()
        if not name or not call_id:
            raise part.wrong("must have the name and the id of a tool call")
        if call_id in self._calls:
            raise part.wrong(f"has the id of another tool call, {shortened(call_id)}")
        self._calls.add(call_id)
        if state not in _STATES:
            raise part.field("state").wrong(
                f"must be one of {', '.join(_STATES)}, not {shortened(state)}"
            )
        result = self._result(part, state)
        approved = state == "approval-responded" and result is None and self._newest
        if result is None and not approved:
            return  # nobody has answered the call, and so no model is to read of it
        call = ToolCallPart(name=name, args=self._arguments(part, state), id=call_id)
        self._said.append(call)
        if result is None:
            self._approved.append(call)
        else:
            text, failed = result
            self._results.append(
                ToolResultPart(name=name, content=text, id=call_id, is_error=failed)
            )

    @staticmethod
    def _arguments(part: Place, state: str) -> dict[str, Any]:
        value = part.field("input").value
        if value is None and state == "output-error":
            return {}
        if not isinstance(value, dict):
            raise part.field("input").wrong("must be an object: the arguments of the call")
        return cast("dict[str, Any]", value)

    @staticmethod
    def _result(part: Place, state: str) -> tuple[str, bool] | None:
        """Return what the model is told of a call, and whether that is a failure."""
        if state == "output-available":
            value = part.field("output").value
            return value if isinstance(value, str) else to_json(value).decode(), False
        if state == "output-error":
            return part.field("errorText").text(), True
        if state not in {"output-denied", "approval-responded"}:
            return None
        approval = part.field("approval")
        approved = approval.field("approved").value if approval.value is not None else None
        if state == "approval-responded" and not isinstance(approved, bool):
            raise part.wrong("must have an approval that is approved or not")
        if approved is True and state == "approval-responded":
            return None
        reason = approval.field("reason").text(required=False) if approval.value else ""
        return f"The user denied this call{': ' + reason if reason else '.'}", True


_STATES: Final = (
    *("input-streaming", "input-available", "approval-requested", "approval-responded"),
    *("output-available", "output-error", "output-denied"),
)
