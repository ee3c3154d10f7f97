"""The Agent User Interaction protocol, AG-UI 1.0, as CopilotKit's and other clients speak it.

`run_input` reads the body of a request, `messages` and `tools` what is in it, and `events` and
`response` are the run. Its types and its encoder are those of ``ag-ui-protocol``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, cast
from uuid import uuid4

from pydantic import ConfigDict, ValidationError
from typing_extensions import override

from mirascope import errors
from mirascope.core import BaseMessageParam, BaseTool, TextPart, ToolCallPart, ToolResultPart
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

try:
    import ag_ui.core as protocol
    from ag_ui.encoder import EventEncoder
except ImportError as error:
    raise errors.MissingSDKError("ag-ui-protocol", "web") from error

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

_APPROVE: Final = "approve-"
_Content: TypeAlias = "str | Sequence[protocol.ContentPart]"


def run_input(body: object, *, max_bytes: int = MAX_BYTES) -> protocol.RunAgentInput:
    """Return what a client sends to run an agent.

    Args:
        body: The request's JSON, decoded or not.
        max_bytes: How large it may be; 16 MiB by default.

    Raises:
        ValueError: It is not what the protocol says; the text says what is wrong where, and can be
            shown to the client.
    """
    value = decoded(body, max_bytes)
    try:
        return protocol.RunAgentInput.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"]) or "the body"
        raise ValueError(f"{place}: {first['msg']}") from None


def messages(run: protocol.RunAgentInput) -> Conversation:
    """Return the messages of a run, to be given to a call.

    A tool call without a result is left out; one that the user approves with this run, in answer
    to an interrupt, is among the `Conversation.approved`.

    Args:
        run: What the client sends; see `run_input`.

    Raises:
        ValueError: A result has no call, two calls have one id, or a file cannot be read; the text
            can be shown to the client.
    """
    reading = _Reading(run)
    for at, message in enumerate(run.messages[:MAX_MESSAGES]):
        reading.read(Place(message, f"messages[{at}]"))
    if len(run.messages) > MAX_MESSAGES:
        raise ValueError(f"messages has {len(run.messages)} elements, more than {MAX_MESSAGES}")
    return reading.conversation


def tools(run: protocol.RunAgentInput) -> list[type[BaseTool]]:
    """Return the client's tools, for the ``tools`` of a call. The client calls them itself.

    Args:
        run: What the client sends; see `run_input`.

    Raises:
        ValueError: A tool's parameters are no JSON schema of an object.
    """
    return [_tool_type(Place(tool, f"tools[{at}]")) for at, tool in enumerate(run.tools or ())]


def events(
    stream: Streamed,
    run: protocol.RunAgentInput | None = None,
    *,
    ping: float | None = None,
    on_error: OnError | None = None,
) -> Events:
    """Return a stream as a run's events, to be iterated with ``for`` or ``async for``.

    A structured value is the run's state. An `Approval` is an interrupt; the client answers it
    with a payload ``{"approved": true}``.

    Args:
        stream: What a call returns, awaited or not, or a `Turn` of several streams.
        run: What the client sent, for the ids of the thread and the run; by default new ones.
        ping: After how many seconds of silence a comment comes; by default never.
        on_error: Makes the text of an error that the client gets; by default it says nothing that
            only the server should know. The error itself is logged as ``mirascope.web``.
    """
    return Events(stream, _Run(run), ping=ping, on_error=on_error)


def response(
    stream: Streamed | Events,
    run: protocol.RunAgentInput | None = None,
    *,
    ping: float | None = PING,
    on_error: OnError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a stream as a response of Starlette and FastAPI.

    When the client goes, the connection to the provider ends. A failure before the first event has
    an HTTP status.

    Args:
        stream: The stream, or its `Events`.
        run: See `events`.
        ping: After how many seconds of silence a comment is sent; ``None`` for never.
        on_error: See `events`.
        headers: Further headers.
    """
    if not isinstance(stream, Events):
        stream = events(stream, run, ping=ping, on_error=on_error)
    return sse.starlette_response(stream, headers)


_encoder: Final = EventEncoder()


def _bytes(event: protocol.BaseEvent) -> bytes:
    return _encoder.encode(event).encode()


class _Run(Encoder):
    headers: ClassVar = HEADERS

    def __init__(self, run: protocol.RunAgentInput | None) -> None:
        self._thread_id = run.thread_id if run else uuid4().hex
        self._run_id = run.run_id if run else uuid4().hex
        self._message_id = ""
        self._reasoning_id = ""
        self._steps = 0
        self._told = False
        self._interrupts: list[protocol.Interrupt] = []
        self._open_calls: set[str] = set()
        self._unanswered: list[str] = []

    @override
    def start(self) -> bytes:
        return _bytes(protocol.RunStartedEvent(thread_id=self._thread_id, run_id=self._run_id))

    @override
    def begin_step(self) -> bytes:
        self._message_id = uuid4().hex
        self._told = False
        return b""

    @override
    def begin_text(self) -> bytes:
        self._told = True
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
        self._reasoning_id = uuid4().hex
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
        self._told = True
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
        self._unanswered.append(call_id)
        return self._end_tool(call_id)

    @override
    def tool_failed(self, call_id: str, name: str, arguments: str, text: str) -> bytes:
        return self._end_tool(call_id) + self.output_failed(call_id, name, text)

    def _end_tool(self, call_id: str) -> bytes:
        self._open_calls.discard(call_id)
        return _bytes(protocol.ToolCallEndEvent(tool_call_id=call_id))

    @override
    def output(self, call_id: str, name: str, value: object) -> bytes:
        self._unanswered = [each for each in self._unanswered if each != call_id]
        content = value if isinstance(value, str) else to_json(value).decode()
        return _bytes(
            protocol.ToolCallResultEvent(
                message_id=uuid4().hex, tool_call_id=call_id, content=content, role="tool"
            )
        )

    @override
    def output_failed(self, call_id: str, name: str, text: str) -> bytes:
        return self.output(call_id, name, {"error": text})

    @override
    def approval(self, call_id: str, name: str) -> bytes:
        self._interrupts.append(
            protocol.Interrupt(
                id=_APPROVE + call_id,
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
        if not self._told:  # the client has no message to keep it with
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
        cut_off, self._message_id, self._told = self._message_id, uuid4().hex, False
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
                pending_tool_call_ids=self._unanswered or None
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


class _Reading:
    """Reads the messages of a run, in order."""

    def __init__(self, run: protocol.RunAgentInput) -> None:
        self.conversation = Conversation()
        self._calls: dict[str, ToolCallPart] = {}
        self._answered = {
            message.tool_call_id
            for message in run.messages
            if isinstance(message, protocol.ToolMessage)
        }
        self._resumed = {each.interrupt_id: each for each in run.resume or ()}

    def read(self, place: Place) -> None:
        """Add a message."""
        message = place.value
        match message:
            case protocol.SystemMessage() | protocol.DeveloperMessage():
                self._add("system", message.content)
            case protocol.UserMessage():
                self._add("user", _content(message.content, place))
            case protocol.AssistantMessage():
                self._assistant(message, place)
            case protocol.ToolMessage():
                self._result(message, place)
            case _:
                pass  # an activity, or reasoning, which no model reads again

    def _add(self, role: str, content: Any) -> None:
        self.conversation.append(BaseMessageParam(role=role, content=content))

    def _assistant(self, message: protocol.AssistantMessage, place: Place) -> None:
        said: list[TextPart | ToolCallPart] = []
        if message.content:
            said.append(TextPart(text=message.content))
        denied: list[ToolResultPart] = []
        for call in message.tool_calls or ():
            if call.id in self._calls:
                raise place.wrong(f"has the id of another tool call, {shortened(call.id)}")
            part = _call(call, place)
            self._calls[call.id] = part
            approved, result = self._answer(call.id, part)
            if call.id in self._answered or approved or result:
                said.append(part)
            if result:
                denied.append(result)
            if approved:
                self.conversation.approved.append(part)
        if said:
            brought = message.encrypted_value
            self.conversation.append(returned(said, None if brought is None else _json(brought)))
        if denied:
            self._add("tool", denied)

    def _answer(self, call_id: str, call: ToolCallPart) -> tuple[bool, ToolResultPart | None]:
        """Return whether a call is approved with this run, or what the model is told instead."""
        resumed = self._resumed.get(_APPROVE + call_id)
        if resumed is None or call_id in self._answered:
            return False, None
        answer = _object(resumed.payload)
        if resumed.status == "resolved" and answer.get("approved") is True:
            return True, None
        reason = answer.get("reason")
        text = f"The user denied this call{f': {reason}' if isinstance(reason, str) else '.'}"
        return False, ToolResultPart(name=call.name, content=text, id=call_id, is_error=True)

    def _result(self, message: protocol.ToolMessage, place: Place) -> None:
        call = self._calls.get(message.tool_call_id)
        if call is None:
            raise place.wrong(f"is a result of no tool call: {shortened(message.tool_call_id)}")
        content = message.content
        if not isinstance(content, str):
            texts = [part.text for part in content if isinstance(part, protocol.TextPart)]
            if len(texts) != len(content):
                raise place.wrong("must have nothing but text in a tool's result")
            content = "".join(texts)
        part = ToolResultPart(
            name=call.name,
            content=message.error or content,
            id=call.id,
            is_error=message.error is not None,
        )
        last = self.conversation[-1] if self.conversation else None
        if last is not None and last.role == "tool":
            self.conversation[-1] = last.model_copy(update={"content": [*last.content, part]})
        else:
            self._add("tool", [part])


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _json(text: str) -> object:
    """Return what we had a client keep; what is not ours says nothing."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _call(call: protocol.ToolCall, place: Place) -> ToolCallPart:
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise place.wrong(f"has a tool call, {shortened(call.id)}, whose arguments are no object")
    return ToolCallPart(name=call.function.name, args=cast("dict[str, Any]", arguments), id=call.id)


def _content(content: _Content, place: Place) -> str | list[TextPart | Media]:
    if isinstance(content, str):
        return content
    if len(content) > MAX_PARTS:
        raise place.wrong(f"has {len(content)} parts, more than {MAX_PARTS}")
    return [
        _part(each, Place(each, f"{place.name}.content[{at}]")) for at, each in enumerate(content)
    ]


def _part(part: protocol.ContentPart, place: Place) -> TextPart | Media:
    if isinstance(part, protocol.TextPart):
        return TextPart(text=part.text)
    source = part.source
    match source:
        case protocol.DataSource():
            url = f"data:{source.mime_type};base64,{source.value}"
            return media(place, url, source.mime_type)
        case protocol.UrlSource():
            return media(place, source.value, source.mime_type or "", part.type)
        case _:
            raise place.wrong("must have its data, or a URL: a provider's file cannot be sent")


def _tool_type(place: Place) -> type[BaseTool]:
    tool = cast("protocol.Tool", place.value)
    schema = _object({} if tool.parameters is None else tool.parameters)
    if schema.get("type", "object") != "object" or not (schema or tool.parameters in ({}, None)):
        raise place.wrong("must have the JSON schema of an object as parameters")
    parameters: dict[str, Any] = {"type": "object", "properties": {}, **schema}
    parameters.pop("$schema", None)
    members: dict[str, Any] = {
        "__doc__": tool.description,
        "__module__": __name__,
        "__custom_name__": tool.name,
        "schema_of_client": parameters,
        "__annotations__": {"schema_of_client": ClassVar[dict[str, Any]]},
    }
    return cast("type[BaseTool]", type(tool.name, (ClientTool,), members))


class ClientTool(BaseTool):
    """A tool that the client calls, with whatever arguments its schema allows."""

    model_config = ConfigDict(extra="allow")

    schema_of_client: ClassVar[dict[str, Any]] = {}

    @property
    @override
    def args(self) -> dict[str, object]:
        """The arguments by name."""
        return {**super().args, **(self.model_extra or {})}

    @override
    def call(self) -> object:
        """Refuse: the client calls its tools itself.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{type(self).__name__} is a tool of the client, which calls it itself")

    @override
    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the client's JSON schema."""
        return dict(cls.schema_of_client)
