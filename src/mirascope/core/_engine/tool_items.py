"""The tools of a stream: which item each comes with.

A tool comes with the chunk that shows it to be complete, each once, in the order in which the calls
were opened. Further tools of one chunk come with chunks that say nothing. A call that is unusable
spoils neither the text nor the other calls: it is told when all else has been.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic

from typing_extensions import TypeVar

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue
from mirascope.core._tools.tool import ToolT
from mirascope.core._tools.tool_calls import (
    build_tool,
    by_name,
    is_declared,
    sdk_call,
    tool_call_record,
)
from mirascope.core._wire.accumulator import MessageAccumulator
from mirascope.core._wire.events import ToolCall
from mirascope.errors import ToolCallError

ChunkT = TypeVar("ChunkT", bound=BaseCallResponseChunk[Any, Any])


class ToolItems(Generic[ChunkT, ToolT]):
    """Makes items of chunks and the tools that they complete.

    Args:
        types: The tools that the model may call.
        partial: Whether tools are told while their arguments grow.
        call_kwargs: The request, whose tools in the provider's own form are never items.

    Attributes:
        failures: The calls that are unusable.
    """

    def __init__(
        self,
        types: Sequence[type[ToolT]],
        *,
        partial: bool,
        call_kwargs: Mapping[str, object],
    ) -> None:
        self._types = by_name(types)
        self._partial = partial
        self._call_kwargs = call_kwargs
        self._growing: dict[ToolCall, PartialValue[ToolT]] = {}
        self._last: ChunkT | None = None
        self.failures: list[ToolCallError] = []

    def of(self, chunk: ChunkT, reply: MessageAccumulator) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items of a chunk: one, or one for each tool."""
        self._last = chunk
        tools = self._tools(chunk, reply)
        yield chunk, next(tools, None)
        for tool in tools:
            yield chunk.empty_copy(), tool

    def rest(self, reply: MessageAccumulator) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the tools that only the end of the answer shows to be complete."""
        for tool in self._complete(reply, ended=True):
            if self._last is not None:
                yield self._last.empty_copy(), tool

    def _tools(self, chunk: ChunkT, reply: MessageAccumulator) -> Iterator[ToolT]:
        if self._partial and chunk.tool_calls:
            for piece, call in zip(chunk.tool_calls, chunk.calls, strict=True):
                if (kind := self._types.get(call.name)) is not None:
                    yield self._grown(kind, call, piece.arguments)
        yield from self._complete(reply, ended=False)

    def _complete(self, reply: MessageAccumulator, *, ended: bool) -> Iterator[ToolT]:
        for call in reply.take_tool_calls(ended=ended):
            self._growing.pop(call, None)
            declared = call.name not in self._types and is_declared(self._call_kwargs, call.name)
            if declared or not call.is_function:
                continue
            try:
                yield build_tool(self._types, tool_call_record(call))
            except ToolCallError as failure:
                self.failures.append(failure)

    def _grown(self, kind: type[ToolT], call: ToolCall, fragment: str) -> ToolT:
        """Return the partial tool of a call that has grown."""
        growing = self._growing.get(call)
        if growing is None:
            growing = self._growing[call] = PartialValue(kind)
        with suppress(MalformedJSONError):  # which is told when the call is complete
            growing.feed(fragment)
        return kind.from_partial_value(growing, sdk_call(kind, tool_call_record(call)), fragment)
