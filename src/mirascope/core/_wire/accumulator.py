"""The answer so far: what the deltas of a stream add up to.

Text grows in a buffer, never by joining strings, so a long answer costs what its length costs.
Counts and names are totals: the newest replaces what was there.

How much of it is kept is the user's to say. ``"all"`` is everything. ``"text"`` leaves out what is
told of single tokens and no message needs, which may be thousands of times the text. ``"none"``
keeps no text either, and the arguments of a tool call only until it is complete and was told.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mirascope.core._wire.deltas import merge_delta
from mirascope.core._wire.events import NullBuffer, ToolCall
from mirascope.core._wire.tool_call_matching import ToolCallMatcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mirascope.core._wire.deltas import Mergeable
    from mirascope.core._wire.events import JSON, Delta, ToolCallDelta

Keep: TypeAlias = Literal["none", "text", "all"]
"""How much of an answer is kept while it comes."""


class MessageAccumulator:
    """One answer so far.

    Args:
        keep: How much of it to keep.

    Attributes:
        keeps_text: Whether text, reasoning and tool calls are kept.
        keeps_all: Whether what is told of single tokens is kept too.
        tool_calls: The tool calls, in the order in which they were opened.
        finish_reason: Why the answer ended, in the provider's words; ``None`` before its end.
        extra: Whatever else was said, added up: refusal, audio, annotations and the like.
    """

    __slots__ = (
        *("_content", "_dropped", "_finder", "_reasoning", "_taken"),
        *("extra", "finish_reason", "keeps_all", "keeps_text", "tool_calls"),
    )

    def __init__(self, keep: Keep = "all") -> None:
        self.keeps_text = keep != "none"
        self.keeps_all = keep == "all"
        self._content = StringIO() if self.keeps_text else NullBuffer()
        self._reasoning = StringIO() if self.keeps_text else NullBuffer()
        self.tool_calls: list[ToolCall] = []
        self._finder = ToolCallMatcher(self.tool_calls)
        self._taken = 0
        self._dropped = 0
        self.finish_reason: str | None = None
        self.extra: dict[str, Mergeable] = {}

    @property
    def content(self) -> str:
        """The text so far."""
        return self._content.getvalue()

    def content_from(self, position: int) -> str:
        """Return the text after a position, without building the whole."""
        self._content.seek(position)
        return self._content.read()

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return self._reasoning.getvalue()

    @property
    def kept_calls(self) -> list[ToolCall]:
        """The tool calls that are kept with their arguments: all or none."""
        return self.tool_calls if self.keeps_text else []

    def add(self, said: Delta[Any]) -> None:
        """Add the text, the reasoning and the tool calls of an event, and tell it those calls."""
        if said.content:
            self._content.write(said.content)
        if said.reasoning:
            self._reasoning.write(said.reasoning)
        if said.tool_calls:
            said.calls = self.add_tool_calls(said.tool_calls)

    def add_extra(self, rest: Mapping[str, JSON]) -> None:
        """Add whatever else an event says."""
        if self.keeps_text:
            merge_delta(self.extra, rest)

    def add_tool_calls(self, pieces: Iterable[ToolCallDelta]) -> tuple[ToolCall, ...]:
        """Add pieces of tool calls, each to the newest call that it fits; return those calls."""
        if not self.keeps_text:
            self._drop_told()
        return tuple(map(self._add_piece, pieces))

    def _add_piece(self, piece: ToolCallDelta) -> ToolCall:
        call = self._finder.find(piece)
        if call is None:
            call = ToolCall(piece)
            self._finder.add(call)
        else:
            call.add(piece)
        if piece.extra and self.keeps_text:
            merge_delta(call.extra, piece.extra)
        return call

    def _drop_told(self) -> None:
        """Drop the arguments of calls that are complete: after its event, whoever asked has them.

        Calls are told in order, so that one that is complete may still wait for one before it.
        """
        while self._dropped < len(self.tool_calls) and self.tool_calls[self._dropped].is_complete:
            self.tool_calls[self._dropped].drop()
            self._dropped += 1

    def close_tool_call(self, key: int | None) -> None:
        """Note that the provider ends the call with an index, if there is one."""
        for call in self._finder.with_key(key):
            call.is_complete = True

    def take_tool_calls(self, *, at_end: bool) -> Iterator[ToolCall]:
        """Yield the calls that are complete now, each once and in the order they were opened.

        Args:
            at_end: Whether nothing more will come, which ends any call. A finish reason does not
                tell that: some servers send one with each call.
        """
        while self._taken < len(self.tool_calls):
            call = self.tool_calls[self._taken]
            if not (at_end or call.is_complete):
                return
            self._taken += 1
            yield call


def replace(into: dict[str, JSON], newer: Mapping[str, JSON]) -> None:
    """Take over what is newer; ``null`` says nothing about what was told before."""
    into.update({k: v for k, v in newer.items() if v is not None or k not in into})
