"""The Agent User Interaction protocol, AG-UI 1.0, as CopilotKit's and other clients speak it.

`run_input` reads the body of a request, `messages` and `tools` what is in it, and `events` and
`response` are the run. Its types and its encoder are those of ``ag-ui-protocol``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import uuid4

from typing_extensions import override

from mirascope.core import BaseMessageParam
from mirascope.web import sse
from mirascope.web._body import Conversation
from mirascope.web._encoder import Encoder, End, to_json
from mirascope.web._events import Events
from mirascope.web._failures import OnError
from mirascope.web._recorded import Resumable, events_of, id_of
from mirascope.web._sources import File, Source
from mirascope.web.ag_ui._messages import APPROVE, messages, run_input, tools
from mirascope.web.ag_ui._protocol import EventEncoder, protocol

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = [
    "HEADERS",
    "PING",
    "Conversation",
    "events",
    "messages",
    "response",
    "run_input",
    "tools",
]

HEADERS: Final[Mapping[str, str]] = {**sse.HEADERS, "content-type": "text/event-stream"}
"""The headers of a run."""

PING: Final = sse.PING


def events(
    stream: Resumable,
    run: protocol.RunAgentInput | None = None,
    *,
    ping: float | None = None,
    on_error: OnError | None = None,
) -> Events:
    """Return a stream as the events of a run; iterate them with ``for`` or ``async for``.

    A structured value is the state of the run. An `Approval` is an interrupt; the client responds
    with the payload ``{"approved": true}``.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        run (RunAgentInput | None): What the client sent; it has the ids of the thread and the run.
            Default: new ids.
        ping (float | None): Seconds without an event after which a comment is sent. Default: never.
        on_error (Callable | None): Gets an error and returns the text for the client. Default: a
            text without details of the server. The error itself is logged as ``mirascope.web``.

    Returns:
        The `Events`, as bytes.
    """
    return events_of(stream, _Run(run), ping=ping, on_error=on_error)


def response(
    stream: Resumable | Events,
    run: protocol.RunAgentInput | None = None,
    *,
    ping: float | None = PING,
    on_error: OnError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a stream as a response of Starlette or FastAPI.

    When the client disconnects, the connection to the provider is closed. A failure before the
    first event sets the HTTP status.

    Args:
        stream: What a call returns, a `Turn`, or its `Events`.
        run (RunAgentInput | None): See `events`.
        ping (float | None): Seconds without an event after which a comment is sent; ``None``
            for never. Default: 15.
        on_error (Callable | None): See `events`.
        headers (Mapping): More headers.

    Raises:
        MissingSDKError: Starlette is not installed.
    """
    if not isinstance(stream, Events):
        stream = events(stream, run, ping=ping, on_error=on_error)
    return sse.starlette_response(stream, headers)


_encoder: Final = EventEncoder()


def _bytes(event: protocol.BaseEvent) -> bytes:
    return _encoder.encode(event).encode()


def _random_id() -> str:
    return uuid4().hex


class _Run(Encoder):
    headers: ClassVar = HEADERS

    def __init__(self, run: protocol.RunAgentInput | None) -> None:
        self._run = run
        self._new_id = _random_id
        self._name()
        self._message_id = ""
        self._reasoning_id = ""
        self._steps = 0
        self._has_message = False
        self._interrupts: list[protocol.Interrupt] = []
        self._open_calls: set[str] = set()
        self._pending: list[str] = []

    def _name(self) -> None:
        run = self._run
        self._thread_id = run.thread_id if run else self._new_id()
        self._run_id = run.run_id if run else self._new_id()

    @override
    def identify(self, seed: str) -> None:
        numbers = count()
        self._new_id = lambda: id_of(f"{seed}/{next(numbers)}")
        self._name()

    @override
    def start(self) -> bytes:
        return _bytes(protocol.RunStartedEvent(thread_id=self._thread_id, run_id=self._run_id))

    @override
    def begin_step(self) -> bytes:
        self._message_id = self._new_id()
        self._has_message = False
        return b""

    @override
    def begin_text(self) -> bytes:
        self._has_message = True
        return _bytes(protocol.TextMessageStartEvent(message_id=self._message_id, role="assistant"))

    @override
    def text(self, delta: str) -> bytes:
        event = b'data: {"type":"TEXT_MESSAGE_CONTENT","messageId":"%b","delta":%b}\n\n'
        return event % (self._message_id.encode(), to_json(delta))

    @override
    def end_text(self) -> bytes:
        return _bytes(protocol.TextMessageEndEvent(message_id=self._message_id))

    @override
    def begin_reasoning(self) -> bytes:
        self._reasoning_id = self._new_id()
        return _bytes(protocol.ReasoningStartEvent(message_id=self._reasoning_id)) + _bytes(
            protocol.ReasoningMessageStartEvent(message_id=self._reasoning_id)
        )

    @override
    def reasoning(self, delta: str) -> bytes:
        return _bytes(
            protocol.ReasoningMessageContentEvent(message_id=self._reasoning_id, delta=delta)
        )

    @override
    def end_reasoning(self) -> bytes:
        return _bytes(protocol.ReasoningMessageEndEvent(message_id=self._reasoning_id)) + _bytes(
            protocol.ReasoningEndEvent(message_id=self._reasoning_id)
        )

    @override
    def begin_tool(self, call_id: str, name: str) -> bytes:
        self._has_message = True
        self._open_calls.add(call_id)
        return _bytes(
            protocol.ToolCallStartEvent(
                tool_call_id=call_id, tool_call_name=name, parent_message_id=self._message_id
            )
        )

    @override
    def tool_delta(self, call_id: str, name: str, delta: str) -> bytes:
        return _bytes(protocol.ToolCallArgsEvent(tool_call_id=call_id, delta=delta))

    @override
    def tool(self, call_id: str, name: str, arguments: object) -> bytes:
        self._pending.append(call_id)
        return self._end_tool(call_id)

    @override
    def tool_failed(self, call_id: str, name: str, arguments: str, text: str) -> bytes:
        return self._end_tool(call_id) + self.output_failed(call_id, name, text)

    def _end_tool(self, call_id: str) -> bytes:
        self._open_calls.discard(call_id)
        return _bytes(protocol.ToolCallEndEvent(tool_call_id=call_id))

    @override
    def output(self, call_id: str, name: str, value: object) -> bytes:
        self._pending = [each for each in self._pending if each != call_id]
        content = value if isinstance(value, str) else to_json(value).decode()
        return _bytes(
            protocol.ToolCallResultEvent(
                message_id=self._new_id(), tool_call_id=call_id, content=content, role="tool"
            )
        )

    @override
    def output_failed(self, call_id: str, name: str, text: str) -> bytes:
        return self.output(call_id, name, {"error": text})

    @override
    def approval(self, call_id: str, name: str) -> bytes:
        self._interrupts.append(
            protocol.Interrupt(
                id=APPROVE + call_id,
                reason="tool-approval",
                message=f"May {name} be called?",
                tool_call_id=call_id,
                response_schema=_ANSWER,
            )
        )
        return b""

    @override
    def value(self, value: bytes, *, complete: bool) -> bytes:
        return b'data: {"type":"STATE_SNAPSHOT","snapshot":%b}\n\n' % value

    @override
    def source(self, source: Source) -> bytes:
        return _custom("source", {"url": source.url, "title": source.title})

    @override
    def file(self, file: File) -> bytes:
        return _custom("file", {"mediaType": file.media_type, "url": file.url})

    @override
    def message(self, message: BaseMessageParam) -> bytes:
        if not self._has_message:  # the client has no message to keep it with
            return b""
        return _bytes(
            protocol.ReasoningEncryptedValueEvent(
                subtype="message",
                entity_id=self._message_id,
                encrypted_value=message.model_dump_json(),
            )
        )

    @override
    def restart(self) -> bytes:
        cut_off, self._message_id, self._has_message = self._message_id, self._new_id(), False
        return _custom("restart", {"messageId": cut_off})

    @override
    def finish(self, end: End) -> bytes:
        usage = None
        if (counts := end.usage) is not None:
            usage = [
                protocol.TokenUsage(
                    provider=end.provider,
                    model=end.model,
                    input_tokens=counts.input_tokens,
                    output_tokens=counts.output_tokens,
                    total_tokens=counts.total_tokens,
                    cached_input_tokens=counts.cached_tokens,
                )
            ]
        outcome: protocol.RunFinishedOutcome
        if self._interrupts:
            outcome = protocol.RunFinishedInterruptOutcome(interrupts=self._interrupts)
        else:
            outcome = protocol.RunFinishedSuccessOutcome(
                pending_tool_call_ids=self._pending or None
            )
        return self._finished(
            outcome=outcome, usage=usage, result={"finishReason": end.reason or "other"}
        )

    @override
    def abort(self) -> bytes:
        ended = b"".join(map(self._end_tool, sorted(self._open_calls)))
        return ended + self._finished(outcome=protocol.RunFinishedCancelledOutcome())

    def _finished(self, **fields: Any) -> bytes:
        return _bytes(
            protocol.RunFinishedEvent(thread_id=self._thread_id, run_id=self._run_id, **fields)
        )

    @override
    def error(self, text: str) -> bytes:
        return _bytes(protocol.RunErrorEvent(message=text))


_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["approved"],
}


def _custom(name: str, value: object) -> bytes:
    return _bytes(protocol.CustomEvent(name=name, value=value))
