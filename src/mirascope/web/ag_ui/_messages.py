"""The body of a run's request: its messages, and the tools of the client."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final, TypeAlias, cast

from pydantic import ConfigDict, ValidationError
from typing_extensions import override

from mirascope.core import BaseMessageParam, BaseTool, TextPart, ToolCallPart, ToolResultPart
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
from mirascope.web.ag_ui._protocol import protocol

APPROVE: Final = "approve-"
_Content: TypeAlias = "str | Sequence[protocol.ContentPart]"


def run_input(body: object, *, max_bytes: int = MAX_BYTES) -> protocol.RunAgentInput:
    """Return what a client sends to run an agent.

    Args:
        body: The request's JSON, decoded or not.
        max_bytes (int): The maximum size of ``body``. Default: 16 MiB.

    Raises:
        ValueError: It does not match the protocol. The message names the invalid field; you can
            show it to the user.
    """
    value = decoded(body, max_bytes)
    try:
        return protocol.RunAgentInput.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"]) or "the body"
        raise ValueError(f"{place}: {first['msg']}") from None


def messages(run: protocol.RunAgentInput) -> Conversation:
    """Return the messages of a run, to pass to a call.

    A tool call without a result is left out. A call that the user approves with this run, in
    response to an interrupt, is in ``approved`` of the `Conversation`.

    Args:
        run: What the client sends; see `run_input`.

    Raises:
        ValueError: A result has no call, two calls have the same id, or a file cannot be read. You
            can show the message to the user.
    """
    reading = _Reading(run)
    for at, message in enumerate(run.messages[:MAX_MESSAGES]):
        reading.read(Place(message, f"messages[{at}]"))
    if len(run.messages) > MAX_MESSAGES:
        raise ValueError(f"messages has {len(run.messages)} elements, more than {MAX_MESSAGES}")
    return reading.conversation


def tools(run: protocol.RunAgentInput) -> list[type[BaseTool]]:
    """Return the client's tools, for the ``tools`` of a call; the client runs them.

    Args:
        run: What the client sends; see `run_input`.

    Raises:
        ValueError: The parameters of a tool are not the JSON schema of an object.
    """
    return [_tool_type(Place(tool, f"tools[{at}]")) for at, tool in enumerate(run.tools or ())]


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
        parts: list[TextPart | ToolCallPart] = []
        if message.content:
            parts.append(TextPart(text=message.content))
        denied: list[ToolResultPart] = []
        for call in message.tool_calls or ():
            if call.id in self._calls:
                raise place.wrong(f"has the id of another tool call, {shortened(call.id)}")
            part = _call(call, place)
            self._calls[call.id] = part
            approved, result = self._answer(call.id, part)
            if call.id in self._answered or approved or result:
                parts.append(part)
            if result:
                denied.append(result)
            if approved:
                self.conversation.approved.append(part)
        if parts:
            kept = message.encrypted_value
            self.conversation.append(returned(parts, None if kept is None else _json(kept)))
        if denied:
            self._add("tool", denied)

    def _answer(self, call_id: str, call: ToolCallPart) -> tuple[bool, ToolResultPart | None]:
        """Return whether a call is approved with this run, or else the result that denies it."""
        resumed = self._resumed.get(APPROVE + call_id)
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
            raise place.wrong(
                f"is the result of an unknown tool call: {shortened(message.tool_call_id)}"
            )
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
    """Return what we had a client keep; ``None`` if it is not JSON."""
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
        raise place.wrong(
            f"has a tool call, {shortened(call.id)}, whose arguments are not an object"
        )
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
        "__module__": __package__,
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
        raise TypeError(
            f"{type(self).__name__} is a tool of the client: the client runs it, not this server"
        )

    @override
    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the client's JSON schema."""
        return dict(cls.schema_of_client)
