"""One choice of a Chat Completions stream, accumulated to the choice of a plain response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mirascope.core._dialects.chat_completions.content_parts import add_parts, only_text
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.deltas import freeze, freeze_fields, merge_delta
from mirascope.core._wire.function_calls import tool_call_json
from mirascope.core._wire.json_fields import fields

if TYPE_CHECKING:
    from mirascope.core._dialects.any_text import AnyText
    from mirascope.core._wire.events import JSON, Delta, Mergeable, Record, ToolCall

_CHOICE_FIELDS: Final = frozenset(
    {"delta", "finish_reason", "index", "logprobs", "message", "text"}
)
_REPEATED: Final = frozenset({"content", "delta", "role"})
_ACCUMULATED: Final = frozenset({"content", "tool_calls"})


class Choice:
    """The received part of one choice.

    Args:
        keep: How much of it to keep.

    Attributes:
        reply: The accumulated message.
    """

    __slots__ = ("_extra", "_logprobs", "_parts", "_text_in_parts", "reply")

    def __init__(self, keep: Keep) -> None:
        self.reply = MessageAccumulator(keep)
        self._extra: dict[str, JSON] = {}
        self._logprobs: dict[str, Mergeable] = {}
        self._parts: list[Mergeable] = []
        self._text_in_parts = 0

    def add(self, choice: Record, delta: Delta[Any]) -> None:
        """Add the choice of one record, given as JSON and as the delta read from it."""
        reply = self.reply
        reply.add(delta)
        if delta.finish_reasons:
            reply.finish_reason = delta.finish_reasons[0]
        if logprobs := choice.get("logprobs"):
            self._add_logprobs(logprobs)
        if not _CHOICE_FIELDS.issuperset(choice):
            self._add_choice_fields(choice)
        message = choice.get("delta")
        if isinstance(message, dict) and (
            len(message) > 1 or not delta.content or message["content"] is not delta.content
        ):
            self._add_message_fields(message, delta.content)

    def _add_logprobs(self, logprobs: JSON) -> None:
        if isinstance(logprobs, dict) and self.reply.keeps_all:
            merge_delta(self._logprobs, logprobs)

    def _add_choice_fields(self, choice: Record) -> None:
        """Add the fields beside the delta: lists are extended, other values replaced."""
        for name in choice.keys() - _CHOICE_FIELDS:
            value, before = choice[name], self._extra.get(name)
            if isinstance(value, list) and self.reply.keeps_all:
                if not isinstance(before, list):
                    self._extra[name] = before = list["JSON"]()
                before.extend(value)
            else:
                self._extra[name] = value

    def _add_message_fields(self, message: Record, content: str) -> None:
        """Add the fields of a delta beside its text, reasoning and tool calls."""
        parts = message.get("content")
        if isinstance(parts, list) and self.reply.keeps_text:
            self._add_text_to_parts(excluded=len(content))
            add_parts(self._parts, parts)
        extra = {
            name: value
            for name, value in message.items()
            if name != "role" and not (value and name in _ACCUMULATED)
        }
        if extra:
            self.add_extra(extra)

    def _add_text_to_parts(self, *, excluded: int = 0) -> None:
        """Add the text received since the last part, without so many characters at its end."""
        text = self.reply.content_from(self._text_in_parts)
        self._text_in_parts += len(text)
        if before := text[: len(text) - excluded]:
            add_parts(self._parts, [{"type": "text", "text": before}])

    def add_extra(self, extra: dict[str, JSON]) -> None:
        """Add the fields of a delta that are merged as they are."""
        self.reply.add_extra(extra)

    def response(self, index: int) -> dict[str, JSON]:
        """Return the choice as a plain response has it."""
        return {
            **self._extra,
            "index": index,
            "finish_reason": self.reply.finish_reason,
            "logprobs": freeze(self._logprobs) if self._logprobs else None,
            "message": self.message(),
        }

    def message(self) -> dict[str, JSON]:
        """Return the message as a plain response has it."""
        reply = self.reply
        calls = reply.kept_calls
        message: dict[str, JSON] = {
            "role": "assistant",
            "content": None if calls or reply.extra else "",
            **freeze_fields(reply.extra),
        }
        if self._parts:
            self._add_text_to_parts()
        if content := reply.content if only_text(self._parts) else freeze(self._parts):
            message["content"] = content
        if calls:
            message["tool_calls"] = [self.tool_call(call) for call in calls]
        return message

    def tool_call(self, call: ToolCall) -> dict[str, JSON]:
        """Return a tool call as a plain response has it."""
        return tool_call_json(call)


def text_form(choice: Record, text: AnyText) -> list[dict[str, object]] | None:
    """Return what equals choices that add only a text if this choice was added before them.

    It has nothing else that counts twice: other values are empty, or a role. If this choice has
    more, there is no such form.
    """
    delta = fields(choice.get("delta"))
    if delta.get("content") != text:
        return None
    if any(value for name, value in (*choice.items(), *delta.items()) if name not in _REPEATED):
        return None
    return [{**choice, "delta": {**delta, "content": text}}]
