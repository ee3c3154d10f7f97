"""The engine: sends the request of a stream and yields the ``(chunk, tool)`` items of its response.

A `BaseStream` has three parts. An `ItemReader` turns blocks of the body into items; it is pure. A
`Lifecycle` holds the state and decides how each attempt ends. The stream itself has the public
interface and the two drivers, `__iter__` and `__aiter__`, which pass blocks from a `Source` to the
reader. Both drivers are generators that only the consumer holds: leaving the loop in any way ends
the generator and closes the connection. So a stream never holds its own iterator, and neither
`Lifecycle` nor `Source` holds the stream. `__aiter__` is the engine's only async generator: an
event loop that ends closes all of them at once, so none could close another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar, Generic, NoReturn, cast

from typing_extensions import TypeVar, override

from mirascope.core._engine.closing import Closable, closed_at_exit
from mirascope.core._engine.decoder import Decoder
from mirascope.core._engine.item_reader import ItemReader, new_reader
from mirascope.core._engine.lifecycle import EndCallback, Lifecycle
from mirascope.core._engine.source import AsyncSource, BackgroundStream, Items, Source, request_of
from mirascope.core._engine.tool_items import ToolItems
from mirascope.core._engine.watchdog import in_this_loop
from mirascope.core._errors.retry import RetryHook
from mirascope.core._prompts.message_param import BaseMessageParam, Message
from mirascope.core._responses.call_arguments import CallArguments, MessageT
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.response_metadata import ResponseMetadata
from mirascope.core._tools.tool_calls import ToolT, tool_call_record
from mirascope.core._types import FinishReason, JsonableType, StreamState
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.events import FinishT, TokenCounts
from mirascope.core._wire.framing import Framing
from mirascope.core._wire.json_response import without_reasoning
from mirascope.core._wire.sse import SSEDecoder

ResponseT = TypeVar(  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
    "ResponseT", bound=BaseCallResponse[Any, Any, Any], default=BaseCallResponse, covariant=True
)
ChunkT = TypeVar(  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
    "ChunkT",
    bound=BaseCallResponseChunk[Any, Any],
    default=BaseCallResponseChunk,
    covariant=True,
)
AssistantT = TypeVar("AssistantT", default=MessageT, covariant=True)  # noqa: PLC0105  # as above
ToolMessageT = TypeVar("ToolMessageT", default=MessageT, covariant=True)  # noqa: PLC0105  # as above


@dataclass(kw_only=True, repr=False, eq=False)
class BaseStream(
    ResponseMetadata,
    Closable,
    BackgroundStream,
    CallArguments[MessageT],
    Generic[ResponseT, ChunkT, ToolT, MessageT, FinishT, AssistantT, ToolMessageT],
):
    """A streamed response: iterate it once, with ``for`` or ``async for``.

    Each item is a pair: a chunk, and the tool whose call it completes, or ``None``. Iteration sends
    the request. Leaving the loop closes the connection; to pause, hold ``items = iter(stream)``.

    Attributes:
        stream: The source of the items: a request, or the SDK's own objects.
        model: The name of the model: the requested one until the provider reports it.
        partial_tools: Whether each delta of a tool call also yields the partial tool, whose
            ``delta`` is the text of the delta, before the complete tool.
        keep: What the stream keeps of the response: ``"all"``, ``"text"`` (text and tool calls
            without logprobs) or ``"none"`` (then `content` stays empty).

    Raises:
        StreamError: While iterating: any failure. It is also an error of the SDK, and its
            ``partial`` is the partial response. `StreamConsumed` at a second iteration.
    """

    stream: Items
    call_response_type: type[ResponseT] | None = None
    model: str = ""
    partial_tools: bool = False
    keep: Keep = "all"

    _v1_positions = (0, 1, 6, 5, 10, 3, 4)  # of our type parameters among v1's
    _framing: ClassVar[type[Framing]] = SSEDecoder
    _response_type: ClassVar[type[BaseCallResponse[Any, Any, Any]]]

    def __post_init__(self) -> None:
        self._decoder = self._new_decoder()  # first: it raises if this class is of no provider
        super().__post_init__()
        if self.call_response_type is None:
            self.call_response_type = cast("type[ResponseT]", self._response_type)
        self._request = request_of(self.stream)
        self._lifecycle = Lifecycle(self._errors, self._request)

    def _new_decoder(self) -> Decoder[ChunkT]:
        """Return the provider's decoder for one stream."""
        raise NotImplementedError(
            f"{type(self).__name__} belongs to no provider: use a provider's class, such as "
            "mirascope.core.openai.OpenAIStream"
        )

    def __iter__(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Send the request and yield ``(chunk, tool)`` pairs."""
        # A stack runs its last callback first.
        lifecycle, deadlines = self._lifecycle, self._lifecycle.deadlines
        lifecycle.start(self)
        while lifecycle.state == "open":
            with ExitStack() as stack:
                stack.callback(lifecycle.notify_end)
                reader = self._guarded_reader(stack)
                stack.callback(lifecycle.backoff)
                self._enter_attempt(stack, reader)
                source = self._open(stack, reader)
                with lifecycle.reading(reader, source.interrupt_read):
                    for block in source:
                        deadlines.arrived = monotonic()
                        for item in reader.feed(block):
                            yield item
                        if reader.stopped:
                            break
                        deadlines.start_read(reader)
                for item in self._last_items(reader):
                    yield item

    async def __aiter__(self) -> AsyncIterator[tuple[ChunkT, ToolT | None]]:
        """Send the request and yield ``(chunk, tool)`` pairs, async."""
        lifecycle, deadlines = self._lifecycle, self._lifecycle.deadlines
        lifecycle.start(self)
        while lifecycle.state == "open":
            async with AsyncExitStack() as stack:
                stack.push_async_callback(lifecycle.anotify_end)
                reader = self._guarded_reader(stack)
                stack.push_async_callback(lifecycle.abackoff)
                self._enter_attempt(stack, reader)
                source = await self._aopen(stack, reader)
                with lifecycle.reading(reader, in_this_loop(source.aclose)):
                    async for block in source:
                        deadlines.arrived = monotonic()
                        for item in reader.feed(block):
                            yield item
                        if reader.stopped:
                            break
                        deadlines.start_read(reader)
                for item in self._last_items(reader):
                    yield item

    def _guarded_reader(self, stack: ExitStack | AsyncExitStack) -> ItemReader[ChunkT, ToolT]:
        """Return the reader of the next attempt, whose end sets the final state."""
        retry, decoder = self._lifecycle.retry, self._decoder
        if retry is None or not retry.resumes:
            self._tools = self._new_tools()
            decoder = self._new_decoder() if retry else decoder
        times = self._request.observations.item_times
        reader = new_reader(decoder, self._framing(), self._tools, self._record_first_output, times)
        stack.enter_context(self._lifecycle.guard(reader, self._received))
        return reader

    def _new_tools(self) -> ToolItems[ChunkT, ToolT] | None:
        if not self.tool_types:
            return None
        types = cast("list[type[ToolT]]", self.tool_types)
        return ToolItems(types, partial=self.partial_tools, call_kwargs=self.call_kwargs)

    def _enter_attempt(
        self, stack: ExitStack | AsyncExitStack, reader: ItemReader[ChunkT, ToolT]
    ) -> None:
        """Enter an attempt; until it has output, the partial response is that of the one before."""
        retry, interrupted = self._lifecycle.retry, self._decoder

        def leave() -> None:
            if retry is not None and retry.restarts and not reader.produced_output:
                self._decoder = interrupted
            self._update_model()

        stack.enter_context(self._lifecycle.attempt(self._received))
        stack.callback(leave)
        self._decoder = reader.decoder

    def _open(self, stack: ExitStack, reader: ItemReader[ChunkT, ToolT]) -> Source:
        """Send the request and return the source of its response, which is closed on leaving."""
        with self._lifecycle.sending():
            source = self._request.open(self._lifecycle.position)
        self._lifecycle.source = source
        stack.callback(lambda: source.finish() if reader.done else source.close())
        stack.enter_context(closed_at_exit(self._lifecycle.close_at_exit))
        if self._lifecycle.is_closed:  # by another thread, which could not reach the source yet
            source.close()
        return source

    async def _aopen(self, stack: AsyncExitStack, reader: ItemReader[ChunkT, ToolT]) -> AsyncSource:
        """Send the request and return the source of its response, which is closed on leaving."""
        source = AsyncSource()
        with self._lifecycle.until_closed():
            source = await self._request.aopen(self._lifecycle.position)
        self._lifecycle.source = source

        async def leave() -> None:
            await (source.finish() if reader.done else source.aclose())

        stack.push_async_callback(leave)
        return source

    def _last_items(
        self, reader: ItemReader[ChunkT, ToolT]
    ) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that only the end of the body completes, and check that it is complete.

        Raises:
            StreamTruncated: The body ended too early.
            ToolCallError: A tool call is invalid.
        """
        if self._lifecycle.is_closed:
            return
        yield from reader.flush()
        if not (self._request.user_supplied or reader.is_complete):  # a connection was cut
            kind, message = reader.truncation(self._request.secrets())
            source = self._lifecycle.source
            raise self._errors.make(kind, message, response=source and source.response)
        yield from reader.remaining_tools()
        if reader.failures:
            self._lifecycle.finish()
            raise self._errors.tool_call(reader.failures, self._response(partial=False))

    def _record_first_output(self) -> None:
        self._lifecycle.record_first_output()
        self._update_model()

    def _update_model(self) -> None:
        self.model = self._decoder.model or self.model

    def _received(self) -> ResponseT | None:
        """Return the partial response; ``None`` if nothing was received."""
        produced_output = self.time_to_first_chunk is not None
        ended = self._decoder.finish_reasons and any(self._tokens or ())
        return self.partial() if produced_output or self.content or ended else None

    @override
    def close(self) -> None:
        """Close the connection now, from any thread; you can still read what was received.

        Raises:
            TypeError: The stream is async, or has an async end callback: use `aclose`.
        """
        self._update_model()
        self._lifecycle.close()

    @override
    async def aclose(self) -> None:
        """Close the connection now; you can still read what was received."""
        self._update_model()
        await self._lifecycle.aclose()

    @property
    @override
    def state(self) -> StreamState:
        """Its state: pending, open, finished, truncated, closed (by you) or failed."""
        return self._lifecycle.state

    @property
    def start_time(self) -> float:
        """When iteration began, in milliseconds since the epoch; 0 before that."""
        return self._lifecycle.start_time

    @property
    def end_time(self) -> float:
        """When the stream ended, in milliseconds since the epoch; 0 before that."""
        return self._lifecycle.end_time

    @property
    def time_to_first_chunk(self) -> float | None:
        """Seconds to the first text, reasoning or tool call; ``None`` before that."""
        return self._lifecycle.time_to_first_chunk

    @property
    def on_end(self) -> list[EndCallback]:
        """Functions to call at the end, with the error or ``None``; see `EndCallback`."""
        return self._lifecycle.on_end

    @property
    def on_retry(self) -> list[RetryHook]:
        """Functions to call with a `Retry` before the request is sent again."""
        return self._lifecycle.on_retry

    @property
    def is_async(self) -> bool:
        """Whether to iterate it with ``async for`` and to close it with `aclose`."""
        return self._request.is_async

    @property
    def reply(self) -> MessageAccumulator:
        """The message so far, including incomplete tool calls."""
        return self._decoder.reply

    @property
    def content(self) -> str:
        """The text received so far."""
        return self._decoder.reply.content

    @property
    def reasoning(self) -> str:
        """The reasoning received so far; see `BaseCallResponse.reasoning`."""
        reply = self._decoder.reply
        return reply.reasoning or (self.structured and without_reasoning(reply.content)[0]) or ""

    @property
    def id(self) -> str | None:
        """The provider's id for the response; ``None`` before it is received."""
        return self._decoder.id

    @property
    def finish_reasons(self) -> list[FinishT] | None:
        """Why the model stopped, as the provider reports it; ``None`` before that."""
        return cast("list[FinishT] | None", self._decoder.finish_reasons)

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return self._decoder.tokens

    @property
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """``"stop"``, ``"length"``, ``"tool_calls"`` or ``"content_filter"``, for every provider.

        ``None`` before the end, and for any other reason.
        """
        return self.partial().common_finish_reasons

    @property
    def cost(self) -> float | None:
        """The cost so far in US dollars; ``None`` if unknown. See `BaseCallResponse.cost`."""
        return self.partial().cost

    @property
    def message_param(self) -> AssistantT:
        """The complete response as a message that you can send in the next call.

        Raises:
            StreamNotFinished: The response is not complete, or was not kept.
        """
        return cast("AssistantT", self.construct_call_response().message_param)

    @property
    def common_message_param(self) -> BaseMessageParam:
        """The complete response as a message for any provider; see `message_param`."""
        return self._common_message(self.message_param)

    @override
    def _common_message(self, message: object) -> BaseMessageParam:
        message_format = self._response_type.message_format
        return message_format.common(cast("Message", message), self.provider)

    @classmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[ToolMessageT]:
        """Return messages with the outputs of tools; see `BaseCallResponse.tool_message_params`."""
        messages = cls._response_type.tool_message_params(tools_and_outputs)
        return cast("list[ToolMessageT]", messages)

    def construct_call_response(self) -> ResponseT:
        """Return the response that a call without ``stream`` would have returned.

        Raises:
            StreamNotFinished: The response is not complete, or was not kept; see `partial`.
        """
        self._lifecycle.check_finished(kept=self.keep != "none")
        return self._response(partial=False)

    def partial(self) -> ResponseT:
        """Return the response as received so far, in any state."""
        return self._response(partial=self.state != "finished" or self.keep == "none")

    def _response(self, *, partial: bool) -> ResponseT:
        response_type = cast("type[ResponseT]", self.call_response_type or self._response_type)
        return response_type(
            **self._call_arguments(),
            response=response_type.raw(self._decoder.response()),
            start_time=self.start_time,
            end_time=self.end_time,
            partial=partial,
            streamed_tool_calls=[
                tool_call_record(call) for call in self.reply.kept_calls if call.is_function
            ],
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model}, {self.state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a stream cannot be copied or pickled: use `stream.construct_call_response()` after "
            "its end, or `stream.partial()` before it"
        )
