"""What is shown in one response: a stream, or several with the outputs of tools between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from mirascope.core import BaseTool, ToolCallPart
from mirascope.core.base import BaseStream, BaseStructuredStream, JsonableType

Stream: TypeAlias = BaseStream[Any, Any, Any, Any] | BaseStructuredStream[Any]

ToolCall: TypeAlias = BaseTool | ToolCallPart


@dataclass(frozen=True)
class Approval:
    """A request to the user to approve a tool call; yield it in a `Turn`.

    The decision comes with the next request of the browser.

    Args:
        tool: The tool, as a stream yielded it.
    """

    tool: BaseTool


Step: TypeAlias = Stream | Approval | tuple[ToolCall, JsonableType | BaseException]
"""A stream to be read to its end; a tool with what it gave, or the error that it raised; an
approval."""

SyncTurn: TypeAlias = Iterable[Step]
"""Steps, sync. Before it is resumed, a generator's stream was read to its end."""

AsyncTurn: TypeAlias = AsyncIterable[Step]
"""Steps, async."""

Turn: TypeAlias = SyncTurn | AsyncTurn
"""Several steps that are one response to the user, such as the rounds of a tool loop."""

Streamed: TypeAlias = Stream | Turn | Awaitable[Stream]
"""What is streamed: what a call returns, awaited or not, or a turn."""

STREAMS: Final = (BaseStream, BaseStructuredStream)


def plain_stream(stream: Stream) -> BaseStream[Any, Any, Any, Any]:
    return stream.stream if isinstance(stream, BaseStructuredStream) else stream


def is_async(streamed: Streamed) -> bool:
    if isinstance(streamed, STREAMS):
        return plain_stream(cast("Any", streamed)).is_async
    if isinstance(streamed, AsyncIterable | Awaitable):
        return True
    if not hasattr(streamed, "__iter__"):
        raise TypeError(f"expected a stream or a turn, not {type(streamed).__name__}")
    return False


def steps_of(streamed: Streamed) -> Generator[Step]:
    if isinstance(streamed, STREAMS):
        yield streamed
    else:
        yield from cast("Iterable[Step]", streamed)


async def asteps_of(streamed: Streamed) -> AsyncGenerator[Step]:
    if isinstance(streamed, STREAMS):
        yield streamed
    elif isinstance(streamed, Awaitable):
        yield await streamed
    else:
        turn = aiter(cast("AsyncIterable[Step]", streamed))
        try:
            async for step in turn:
                yield step
        finally:
            if isinstance(turn, AsyncGenerator):
                await cast("AsyncGenerator[Step]", turn).aclose()
