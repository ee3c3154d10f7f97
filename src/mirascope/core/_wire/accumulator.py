"""Accumulates the deltas of a stream to one message.

Text grows in a buffer, never by concatenation, so the cost is linear in the length. Counts and
names are totals: the newest value replaces the one before.

``keep`` decides how much is kept. ``"all"`` is everything. ``"text"`` leaves out data of single
tokens (logprobs), which no message needs and which may be thousands of times the text. ``"none"``
keeps no text either, and the arguments of a tool call only until the call was delivered.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mirascope.core._wire.deltas import merge_delta
from mirascope.core._wire.events import NullBuffer, ToolCall
from mirascope.core._wire.tool_call_matching import ToolCallMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mirascope.core._wire.events import JSON, Delta, Mergeable, ToolCallDelta

Keep: TypeAlias = Literal["none", "text", "all"]
"""How much of a response is kept while it is received."""


class MessageAccumulator:
    """The received part of one message.

    Args:
        keep: How much of it to keep.

    Attributes:
        add_text: Adds a text, as `add` does of a delta that has nothing else.
        keeps_text: Whether text, reasoning and tool calls are kept.
        keeps_all: Whether data of single tokens is kept too.
        tool_calls: The tool calls, in the order in which they were opened.
        finish_reason: Why the generation ended, in the provider's words; ``None`` before.
        extra: All other fields, merged: refusal, audio, annotations and the like.
    """

    __slots__ = (
        *("_content", "_delivered", "_dropped", "_matcher", "_reasoning"),
        *("add_text", "extra", "finish_reason", "keeps_all", "keeps_text", "tool_calls"),
    )

    def __init__(self, keep: Keep = "all") -> None:
        self.keeps_text = keep != "none"
        self.keeps_all = keep == "all"
        self._content = StringIO() if self.keeps_text else NullBuffer()
        self.add_text: Callable[[str], object] = self._content.write
        self._reasoning = StringIO() if self.keeps_text else NullBuffer()
        self.tool_calls: list[ToolCall] = []
        self._matcher = ToolCallMatcher(self.tool_calls)
        self._delivered = 0
        self._dropped = 0
        self.finish_reason: str | None = None
        self.extra: dict[str, Mergeable] = {}

    @property
    def content(self) -> str:
        """The received text."""
        return self._content.getvalue()

    def content_from(self, position: int) -> str:
        """Return the text after a position, without copying the rest."""
        self._content.seek(position)
        return self._content.read()

    @property
    def reasoning(self) -> str:
        """The received reasoning."""
        return self._reasoning.getvalue()

    @property
    def kept_calls(self) -> list[ToolCall]:
        """The tool calls that are kept with their arguments: all or none."""
        return self.tool_calls if self.keeps_text else []

    def add(self, delta: Delta[Any]) -> None:
        """Add the text, reasoning and tool calls of a delta, and set the delta's ``calls``."""
        if delta.content:
            self._content.write(delta.content)
        if delta.reasoning:
            self._reasoning.write(delta.reasoning)
        if delta.tool_calls:
            delta.calls = self.add_tool_calls(delta.tool_calls)

    def add_extra(self, extra: Mapping[str, JSON]) -> None:
        """Add the other fields of a delta."""
        if self.keeps_text:
            merge_delta(self.extra, extra)

    def add_tool_calls(self, deltas: Iterable[ToolCallDelta]) -> tuple[ToolCall, ...]:
        """Add deltas of tool calls, each to the newest call that it matches; return those calls."""
        if not self.keeps_text:
            self._drop_complete()
        return tuple(map(self._add_tool_call, deltas))

    def _add_tool_call(self, delta: ToolCallDelta) -> ToolCall:
        call = self._matcher.find(delta)
        if call is None:
            call = ToolCall(delta, len(self.tool_calls))
            self._matcher.add(call)
        else:
            call.add(delta)
        if delta.extra and self.keeps_text:
            merge_delta(call.extra, delta.extra)
        return call

    def _drop_complete(self) -> None:
        """Drop the arguments of complete calls: the event after theirs, they were delivered.

        Calls are delivered in order, so that a complete one may still wait for one before it.
        """
        while self._dropped < len(self.tool_calls) and self.tool_calls[self._dropped].is_complete:
            self.tool_calls[self._dropped].drop()
            self._dropped += 1

    def close_tool_call(self, key: int | None) -> None:
        """Mark the call with an index as complete, if there is one."""
        for call in self._matcher.with_key(key):
            call.is_complete = True

    def take_tool_calls(self, *, at_end: bool) -> Iterator[ToolCall]:
        """Yield the calls that are now complete, each once and in the order they were opened.

        Args:
            at_end: Whether the end of the stream is reached, which completes any call. A finish
                reason does not, because some servers send one with each call.
        """
        while self._delivered < len(self.tool_calls):
            call = self.tool_calls[self._delivered]
            if not (at_end or call.is_complete):
                return
            self._delivered += 1
            yield call


def replace_fields(into: dict[str, JSON], newer: Mapping[str, JSON]) -> None:
    """Replace fields by newer ones; ``null`` replaces nothing."""
    into.update({k: v for k, v in newer.items() if v is not None or k not in into})
