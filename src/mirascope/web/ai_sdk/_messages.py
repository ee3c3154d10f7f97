"""The messages that ``useChat`` sends, as the messages of a call."""

from __future__ import annotations

from typing import Any, Final, cast

from mirascope.core import BaseMessageParam, TextPart, ToolCallPart, ToolResultPart
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
from mirascope.web._encoder import to_json

MESSAGE: Final = "data-message"
"""The part that brings back what only the provider reads, such as the signatures of reasoning."""


def messages(body: object, *, max_bytes: int = MAX_BYTES) -> Conversation:
    """Return the messages that ``useChat`` sends, to pass to a call.

    A tool part becomes a tool call and its result. The result comes from this server, from the
    browser, or from the user who denied the call. A call without a result is left out; a call that
    the user just approved is in ``approved`` of the `Conversation`. Reasoning is left out, except
    for the part that its provider needs.

    Args:
        body: The request's JSON, decoded or not: an object with ``messages``, or their list. At
            most 1000 messages, 1000 parts in each, and 64 levels.
        max_bytes (int): The maximum size of ``body``. Default: 16 MiB.

    Raises:
        ValueError: It is not what ``useChat`` sends. The message names the invalid field; you can
            show it to the user.

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
    "assistant": {"text", "tool", MESSAGE},
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
    return "data" if kind.startswith("data-") and kind != MESSAGE else kind


def _content(part: Place) -> TextPart | Media:
    if part.field("type").value == "text":
        return TextPart(text=part.field("text").text())
    url, media_type = part.field("url").text(), part.field("mediaType").text(required=False)
    return media(part, url, media_type)


class _Step:
    """One step of an assistant message: its parts and its tool results.

    Args:
        parts: The parts.
        calls: The ids of the calls before, and of these.
        newest: Whether it is of the newest message: only there an approval counts.
    """

    def __init__(self, parts: list[Place], calls: set[str], *, newest: bool) -> None:
        self._parts = parts
        self._newest = newest
        self._calls = calls
        self._parts_read: list[TextPart | ToolCallPart] = []
        self._results: list[ToolResultPart] = []
        self._approved: list[ToolCallPart] = []
        self._native: object = None

    def read(self, into: Conversation) -> None:
        """Add the messages of the step."""
        for part in self._parts:
            kind = _kind(part.field("type").text())
            if kind == "text":
                if text := part.field("text").text():
                    self._parts_read.append(TextPart(text=text))
            elif kind == "tool":
                self._tool(part)
            else:
                self._native = part.field("data").value
        if self._parts_read:
            into.append(returned(self._parts_read, self._native))
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
            return  # a call without a result is left out of the conversation
        call = ToolCallPart(name=name, args=self._arguments(part, state), id=call_id)
        self._parts_read.append(call)
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
        """Return the result of a call for the model, and whether it is a failure."""
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
