"""Pairs the chunks of a stream with the tools that they complete.

A tool is yielded with the chunk that completes its call, once, in the order in which the calls were
opened. Further tools of the same chunk are yielded with empty copies of it. An invalid call affects
neither the text nor the other calls: its error is kept until the end of the stream.
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
    """Makes ``(chunk, tool)`` items of chunks.

    Args:
        types: The tools that the model may call.
        partial: Whether to yield partial tools while their arguments are received.
        call_kwargs: The arguments of the request; tools that it declares in the provider's own
            format are never yielded.

    Attributes:
        failures: The errors of the invalid calls.
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
        self._partial_values: dict[ToolCall, PartialValue[ToolT]] = {}
        self._last_chunk: ChunkT | None = None
        self.failures: list[ToolCallError] = []

    def pair(
        self, chunk: ChunkT, reply: MessageAccumulator
    ) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items of a chunk: one, or one for each tool."""
        self._last_chunk = chunk
        tools = self._tools(chunk, reply)
        yield chunk, next(tools, None)
        for tool in tools:
            yield chunk.empty_copy(), tool

    def remaining(self, reply: MessageAccumulator) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the tools whose calls only the end of the stream completes."""
        for tool in self._completed(reply, ended=True):
            if self._last_chunk is not None:
                yield self._last_chunk.empty_copy(), tool

    def _tools(self, chunk: ChunkT, reply: MessageAccumulator) -> Iterator[ToolT]:
        if self._partial and chunk.tool_calls:
            for delta, call in zip(chunk.tool_calls, chunk.calls, strict=True):
                if (tool_type := self._types.get(call.name)) is not None:
                    yield self._partial_tool(tool_type, call, delta.arguments)
        yield from self._completed(reply, ended=False)

    def _completed(self, reply: MessageAccumulator, *, ended: bool) -> Iterator[ToolT]:
        for call in reply.take_tool_calls(at_end=ended):
            self._partial_values.pop(call, None)
            declared = call.name not in self._types and is_declared(self._call_kwargs, call.name)
            if declared or not call.is_function:
                continue
            try:
                yield build_tool(self._types, tool_call_record(call))
            except ToolCallError as failure:
                self.failures.append(failure)

    def _partial_tool(self, tool_type: type[ToolT], call: ToolCall, delta: str) -> ToolT:
        value = self._partial_values.get(call)
        if value is None:
            value = self._partial_values[call] = PartialValue(tool_type)
        with suppress(MalformedJSONError):  # reported when the call is complete
            value.feed(delta)
        return tool_type.from_partial_value(
            value, sdk_call(tool_type, tool_call_record(call)), delta
        )
