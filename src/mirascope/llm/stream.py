"""The provider-agnostic stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, TypeAlias, cast

from typing_extensions import override

from mirascope.core._engine.stream import BaseStream
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core._tools.tool import BaseTool
from mirascope.core._types import JsonableType
from mirascope.llm._delegating import delegating
from mirascope.llm._tool_messages import tool_messages
from mirascope.llm.call_response import CallResponse
from mirascope.llm.call_response_chunk import CallResponseChunk
from mirascope.llm.tool import Tool

AnyStream: TypeAlias = BaseStream[Any, Any, Any, Any]


@delegating("_stream", common=("messages", "user_message_param"))
class Stream(BaseStream[CallResponse, CallResponseChunk, Tool, BaseMessageParam]):
    """A streamed response of any provider: iterate it once.

    A call with ``stream=True`` returns it. Use ``for``, or ``async for`` if the function is async.
    Each item is a pair: a chunk (`CallResponseChunk`), and the tool (`Tool`) whose call this chunk
    completes, or ``None``. Iteration sends the request. The loop ends without an error only after a
    complete response. Leaving the loop early closes the connection.

    The chunks, the responses and the messages have the same form for all providers. Every other
    attribute is that of the provider's stream.

    Args:
        stream: The provider's stream.

    Raises:
        StreamError: While iterating: any failure. It is also an error of the provider's SDK.

    Example:
        >>> from mirascope import llm
        >>> @llm.call("openai:gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
        >>> stream.state, stream.finish_reasons
        ('finished', ['stop'])
    """

    def __init__(self, stream: AnyStream) -> None:
        self._stream = stream

    @override
    def __iter__(self) -> Iterator[tuple[CallResponseChunk, Tool | None]]:
        """Send the request and yield ``(chunk, tool)`` pairs."""
        with closing(items_of(self._stream)) as items:
            for chunk, tool in items:
                yield CallResponseChunk(chunk), tool

    @override
    async def __aiter__(self) -> AsyncIterator[tuple[CallResponseChunk, Tool | None]]:
        """Send the request and yield ``(chunk, tool)`` pairs, async."""
        async with aclosing(aitems_of(self._stream)) as items:
            async for chunk, tool in items:
                yield CallResponseChunk(chunk), tool

    @property
    @override
    def message_param(self) -> BaseMessageParam:
        """The complete response as a message that you can send to any provider.

        Raises:
            StreamNotFinished: The response is not complete, or was not kept.
        """
        return self._stream.common_message_param

    @override
    def construct_call_response(self) -> CallResponse:
        """Return the response that a call without ``stream`` would have returned.

        Raises:
            StreamNotFinished: The response is not complete, or was not kept; see `partial`.
        """
        return CallResponse(self._stream.construct_call_response())

    @override
    def partial(self) -> CallResponse:
        """Return the response as received so far, in any state."""
        return CallResponse(self._stream.partial())

    @classmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[BaseTool, JsonableType]]
    ) -> list[BaseMessageParam]:
        """Return the messages with the outputs of tool calls; see `CallResponse`."""
        return tool_messages(tools_and_outputs)


def items_of(stream: AnyStream) -> Generator[tuple[Any, Any]]:
    """Return the items of a stream; closing them closes the connection."""
    return cast("Generator[tuple[Any, Any]]", iter(stream))


def aitems_of(stream: AnyStream) -> AsyncGenerator[tuple[Any, Any]]:
    """Return the items of a stream, async."""
    return cast("AsyncGenerator[tuple[Any, Any]]", aiter(stream))
