"""The engine: bytes in, ``(chunk, tool)`` items out, and the answer that they add up to.

`BaseStream._feed` is pure: it turns a block of bytes into items and knows nothing of sockets or
event loops. Two drivers of a few lines, `__iter__` and `__aiter__`, pump blocks through it. Both
are generators that nothing but the consumer holds, so leaving the loop, by whatever way, ends the
generator, and with it the connection. For the same reason a stream holds its source and never its
own iterator. `__aiter__` is the only async generator here: the end of an event loop, or of a cycle
of garbage, closes all that are left at the same time, and so one that another needs to end would
fail.

`_life` is around the whole of either driver: it decides what state a stream ends in and what error
a failure becomes. When that is decided and the connection is closed, whoever waits for the end is
told of it, once: at the end of a driver, or by whoever closes a stream.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeAlias, cast

import anyio
from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._wire.events import (
    JSON,
    MalformedEventError,
    ProviderError,
    Record,
    TokenCounts,
)
from mirascope.core._wire.json_answer import without_reasoning
from mirascope.core._wire.json_text import from_bytes, from_text
from mirascope.core._wire.reply import Keep, Reply
from mirascope.core._wire.reports import provider_error
from mirascope.core._wire.sse import DONE, ERROR_EVENT, SSEDecoder
from mirascope.core.base._asked import Asked, MessageT
from mirascope.core.base._called import ToolT, call_id, call_of, called
from mirascope.core.base._clocks import Clocks
from mirascope.core.base._closing import Closing
from mirascope.core.base._exit import closed_at_exit
from mirascope.core.base._opening import opening
from mirascope.core.base._retry import Retry, RetryHook, RetryPolicy, atell, tell
from mirascope.core.base._secrets import excerpt
from mirascope.core.base._source import (
    AsyncItemSource,
    AsyncSource,
    Given,
    ItemSource,
    Source,
)
from mirascope.core.base._told import Told
from mirascope.core.base._tool_items import ToolItems
from mirascope.core.base._watchdog import in_this_loop
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.call_response_chunk import BaseCallResponseChunk, record_of
from mirascope.core.base.message_param import BaseMessageParam, Message
from mirascope.core.base.timeout import NEVER
from mirascope.core.base.tool import BaseTool
from mirascope.core.base.types import FinishReason, JsonableType, StreamState

ResponseT = TypeVar(  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
    "ResponseT", bound=BaseCallResponse[Any, Any, Any], default=BaseCallResponse, covariant=True
)
DecodedT = TypeVar("DecodedT", bound=BaseCallResponseChunk[Any, Any])
ChunkT = TypeVar(  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
    "ChunkT",
    bound=BaseCallResponseChunk[Any, Any],
    default=BaseCallResponseChunk,
    covariant=True,
)


class Decoder(Protocol[DecodedT]):
    """Reads one stream of a provider: records in, chunks out, and what they add up to."""

    reply: Reply
    id: str | None
    model: str | None
    tokens: TokenCounts | None
    ended: bool
    """Whether the event has come after which there is nothing to come, but the end of the body."""

    @property
    def unknown(self) -> Record | None:
        """The newest record in which there is nothing that the provider documents."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its own end."""
        ...

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, as far as it has."""
        ...

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[DecodedT]) -> None:
        """Read one record, of a stream or a plain response; add the chunks now ready to ``out``.

        Raises:
            ProviderError: It reports a failure, and so does not complete the response.
        """
        ...

    def flush(self, out: list[DecodedT]) -> None:
        """Add the chunks that were held back to ``out``."""
        ...

    def response(self) -> dict[str, JSON]:
        """Return what a plain call would have given, as far as it came."""
        ...


class Opener(ABC):
    """Sends the request of a stream.

    Attributes:
        is_async: Whether `aopen` sends it, and not `open`.
        clocks: The clocks that the answer is to be read by.
        policy: When it is sent again.
    """

    is_async: bool
    clocks: Clocks
    policy: RetryPolicy

    def secrets(self) -> frozenset[str]:
        """Return the keys that it is sent with."""
        return frozenset()

    @abstractmethod
    def open(self) -> Source:
        """Send it, and return the answer as it begins."""

    @abstractmethod
    async def aopen(self) -> AsyncSource:
        """Send it, async."""


Items: TypeAlias = "Opener | Iterable[Given] | AsyncIterable[Given]"
"""Where the items of a stream come from: a request to send, or what someone brings."""


@dataclass(kw_only=True, repr=False, eq=False)
class BaseStream(Told, Closing, Asked[MessageT], Generic[ResponseT, ChunkT, ToolT, MessageT]):
    """The answer to a call as it comes: iterate it once, with ``for`` or ``async for``.

    Each item is a chunk and, if the call has tools and this chunk completes one, the tool. The
    request is sent when iteration begins. Leaving the loop early closes the connection; to pause
    instead, hold the iterator (``items = iter(stream)``).

    Attributes:
        stream: Where the items come from: a request, or the SDK's own objects.
        model: The name of the model: the one asked for until the provider tells.
        partial_tools: Whether tools are told while their arguments grow: then each piece of a call
            comes with the tool so far, whose ``delta`` is the piece's text, and at last the tool.
        keep: How much of the answer is kept while it comes: ``"all"`` of it, ``"text"`` and tool
            calls without what is told of single tokens (logprobs), or ``"none"`` of it, so that
            `content` stays empty and `partial` has all but the content.
        state: ``"pending"``, ``"open"``, ``"finished"``, ``"truncated"``, ``"closed"`` or
            ``"failed"``.
        start_time: When iteration began, in milliseconds since the epoch; 0 before.
        end_time: When it ended, in the same unit; 0 before.
        time_to_first_chunk: Seconds from the beginning to the first text, reasoning or piece of a
            tool call; ``None`` before.
        on_end: Functions to call when it has ended, in whatever way, with the error that ended it
            or ``None``; those of an async stream may be async.
        on_retry: Functions to call, with a `Retry`, before the request is sent again; likewise. If
            the answer then begins anew, what was told before counts no more.

    Raises:
        StreamError: While iterating, for whatever goes wrong; it is also an error of the SDK, and
            its ``partial`` holds what had come. `StreamConsumed` if iterated a second time.
    """

    stream: Items
    call_response_type: type[ResponseT] | None = None
    model: str = ""
    partial_tools: bool = False
    keep: Keep = "all"

    state: StreamState = field(default="pending", init=False)
    start_time: float = field(default=0, init=False)
    end_time: float = field(default=0, init=False)
    time_to_first_chunk: float | None = field(default=None, init=False)

    _of_v1 = (0, 1, 6, 5)
    _response_type: ClassVar[type[BaseCallResponse[Any, Any, Any]]]

    def __post_init__(self) -> None:
        self._begin()  # first: it names a class that is no provider's
        super().__post_init__()
        if self.call_response_type is None:
            self.call_response_type = cast("type[ResponseT]", self._response_type)
        self._brought = 0
        self._began = 0.0
        self._clocks = self._opener.clocks if self._opener else Clocks(NEVER, NEVER)
        self._retry: Retry | None = None
        self._interrupted: Decoder[ChunkT] | None = None
        self._when_shut: Callable[[], object] = bool
        self._error: Exception | None = None
        self.on_end: list[Callable[[Exception | None], object]] = []
        self.on_retry: list[RetryHook] = [*self._opener.policy.hooks] if self._opener else []

    def _begin(self) -> None:
        """Be as before the first byte."""
        self._decoder = self._new_decoder()
        self._sse = SSEDecoder()
        self._tools = self._new_tools()
        self._source: Source | AsyncSource | None = None
        self._done = False
        self._silent = True
        self._spoke = False

    def _new_decoder(self) -> Decoder[ChunkT]:
        """Return the provider's decoder for one stream."""
        raise NotImplementedError(
            f"{type(self).__name__} is the stream of no provider: use that of one, such as "
            "mirascope.core.openai.OpenAIStream, or describe a provider of your own as a Provider "
            "(see docs/from-v1.md)"
        )

    def _new_tools(self) -> ToolItems[ChunkT, ToolT] | None:
        if not self.tool_types:
            return None
        return ToolItems(
            cast("list[type[ToolT]]", self.tool_types),
            partial=self.partial_tools,
            call_kwargs=self.call_kwargs,
        )

    # The drivers.

    def __iter__(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        with self._telling(), self._life():
            asking = True
            while asking:
                with self._attempt(), self._opened() as source:
                    with self._reading(source.hang_up):
                        self._wait()
                        for block in source:
                            self._clocks.arrived = monotonic()
                            for item in self._feed(block):
                                yield item
                                if self.state != "open":
                                    return
                            if self._done:
                                break
                            self._wait()
                    for item in self._end():
                        yield item
                asking = self._rest()

    async def __aiter__(self) -> AsyncIterator[tuple[ChunkT, ToolT | None]]:
        async with self._atelling():
            asking = True
            while asking:
                with self._attempt():
                    async with AsyncExitStack() as leaving:
                        source = await self._aopened(leaving)
                        with self._reading(in_this_loop(source.aclose)):
                            self._wait()
                            async for block in source:
                                self._clocks.arrived = monotonic()
                                for item in self._feed(block):
                                    yield item
                                    if self.state != "open":
                                        return
                                if self._done:
                                    break
                                self._wait()
                        for item in self._end():
                            yield item
                asking = await self._arest()

    # The pure middle.

    def _feed(self, block: bytes | Given) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that a block of bytes, or what someone brings, completes."""
        if not isinstance(block, bytes):
            yield from self._given(block)
            return
        ready: list[ChunkT] = []
        decoder, tools = self._decoder, self._tools
        for data in self._sse.feed(block):
            if data.startswith(DONE):
                self._done = True
                return
            if data:
                try:
                    decoder.decode(_parsed(data), data, ready)
                except (MalformedEventError, ProviderError) as error:
                    self._check(error, data)
                if self._silent:
                    self._note_output(ready)
                if tools is None:
                    for chunk in ready:
                        yield chunk, None
                else:
                    yield from self._with_tools(ready, tools)
                if decoder.ended:
                    self._done = True
                    return
                ready.clear()

    def _end(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield what was held back, and check that the answer is whole.

        A stream made of objects that someone brought has no connection that could be cut.
        """
        if not self._done and (ending := self._sse.ending()):
            yield from self._feed(ending)
        ready: list[ChunkT] = []
        self._decoder.flush(ready)
        yield from self._items(ready)
        if self._opener is not None and not self._whole:
            raise self._incomplete(self._opener.secrets())
        if self._tools is not None:
            yield from self._tools.rest(self._decoder.reply)
            self._tell_failures(self._tools.failures)

    def _check(self, error: MalformedEventError | ProviderError, data: bytes = b"") -> None:
        """Raise what an event means that cannot be decoded; after the end it means nothing."""
        if self._decoder.complete:
            return
        if data.startswith(ERROR_EVENT):
            raise self._reported(data.removeprefix(ERROR_EVENT).strip()) from None
        raise error

    def _reported(self, report: bytes) -> ProviderError:
        """Return the failure that an event of the name ``error`` reports, in whatever form."""
        try:
            record = _parsed(report)
        except MalformedEventError:
            return provider_error(report.decode(errors="replace"))
        self._decoder.decode(record, report, [])
        return provider_error(dict(record))

    def _incomplete(self, secrets: Collection[str]) -> errors.StreamError:
        """Return the error for a body that ends before the response does.

        What is in no event, and the newest record that nobody knows, may say why it did.
        """
        self._take_partial_json()
        kind: type[errors.StreamError] = errors.StreamTruncated
        message, unread = _CUT_OFF, self._sse.unread
        if self._decoder.unknown:
            unread = json.dumps(self._decoder.unknown).encode()
        elif self._sse.is_text:
            kind, message = errors.StreamDataError, _NO_STREAM
        if unread:
            message = f"{message}; {_UNREAD} {excerpt(unread, secrets)}"
        return self._errors.make(kind, message, response=self._source and self._source.response)

    def _take_partial_json(self) -> None:
        """Take over the text of a response that is cut off within bare JSON, but no tool calls.

        Where arguments are an object, nothing would show that they are not all.
        """
        with suppress(ValueError, RecursionError):
            cut_off = self._sse.cut_off.decode(errors="replace")
            record = from_text(cut_off, allow_partial="trailing-strings")
            if isinstance(record, dict):
                self._decoder.decode(record, b"{}", [])
                self.reply.tool_calls.clear()

    def _given(self, item: Given) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield what an item that someone brings completes; a chunk with its tool is that."""
        ready: list[ChunkT] = []
        raw = item[0].chunk if isinstance(item, tuple) else item
        try:
            self._decoder.decode(record_of(raw), raw, ready)
        except ProviderError as error:
            self._check(error)
        if isinstance(item, tuple):
            self._decoder.flush(ready)
            self._tools = None  # whoever brings the chunks brings the tools
            if item[1] is not None:
                self._note_brought(item[1])
            yield cast("tuple[ChunkT, ToolT | None]", item)
        else:
            yield from self._items(ready)

    def _note_brought(self, tool: BaseTool) -> None:
        """Count a tool that someone brings; its call is one of the answer, told or not."""
        self._brought += tool.delta is None
        if self._brought > len(self.reply.tool_calls):
            self.reply.add_tool_calls([call_of(tool)])
        elif tool.delta is None:
            call = self.reply.tool_calls[self._brought - 1]
            call.id = call.id or call_id(tool)

    def _items(self, chunks: list[ChunkT]) -> Iterator[tuple[ChunkT, ToolT | None]]:
        if self._silent:
            self._note_output(chunks)
        if self._tools is None:
            for chunk in chunks:
                yield chunk, None
        else:
            yield from self._with_tools(chunks, self._tools)

    def _with_tools(
        self, chunks: list[ChunkT], tools: ToolItems[ChunkT, ToolT]
    ) -> Iterator[tuple[ChunkT, ToolT | None]]:
        for chunk in chunks:
            yield from tools.of(chunk, self._decoder.reply)

    def _tell_failures(self, failures: list[errors.ToolCallError]) -> None:
        """Raise the first of the calls that are unusable; all else has been told."""
        if failures:
            self._leave("finished")
            raise self._errors.tool_call(failures, self._response(partial=False))

    def _note_output(self, chunks: list[ChunkT]) -> None:
        for chunk in chunks:
            if chunk.content or chunk.is_output:
                self._silent, self._spoke = False, True
                if self.time_to_first_chunk is None:
                    self.time_to_first_chunk = time.perf_counter() - self._began
                    self.model = self._decoder.model or self.model
                return

    def _wait(self) -> None:
        """Note that a read begins."""
        self._clocks.wait(not self._silent, self._decoder.complete)
        self._silent = True

    # The life of a stream.

    @property
    def _opener(self) -> Opener | None:
        return self.stream if isinstance(self.stream, Opener) else None

    @contextmanager
    def _attempt(self) -> Generator[None]:
        """Ask once; if that fails and may be asked for again, that is noted and nothing is raised.

        What an attempt before has told counts until this one tells something.
        """
        count = 0
        if self._retry is not None:
            count = self._retry.count
            self._interrupted = self._decoder if self._retry.restarts else None
            self._retry = None
            self._begin()
        try:
            try:
                yield
            finally:
                if self._interrupted is not None and not self._spoke:
                    self._decoder = self._interrupted
        except Exception as error:
            meant = None if self._closed else self._meaning(error)
            if meant is None:
                raise
            self._retry = self._another(meant, count)
            if self._retry is None:
                raise meant  # noqa: B904  # its cause is set

    def _another(self, error: errors.StreamError, count: int) -> Retry | None:
        """Return how to ask again after an error, if that may be, and set the clocks for it."""
        if self._opener is None:
            return None
        begun = self.time_to_first_chunk is not None
        left = self._clocks.seconds_for_another if begun else self._clocks.seconds_left
        retry = self._opener.policy.retry(error, count, left)
        if retry is not None and begun:
            self._clocks.begin_anew()
        return retry

    def _rest(self) -> bool:
        """Wait until it is time to ask again; tell whether to."""
        if self._retry is None:
            return False
        tell(self.on_retry, self._retry)
        closed = threading.Event()
        self._when_shut = closed.set
        if self.state == "open":
            closed.wait(self._retry.wait)
        return self.state == "open"

    async def _arest(self) -> bool:
        if self._retry is None:
            return False
        await atell(self.on_retry, self._retry)
        if self.state == "open":
            with self._until_shut():
                await anyio.sleep(self._retry.wait)
        return self.state == "open"

    def _until_shut(self) -> anyio.CancelScope:
        """Return a scope that ends when another task closes the stream."""
        scope = anyio.CancelScope()
        self._when_shut = scope.cancel
        return scope

    @contextmanager
    def _opened(self) -> Generator[Source]:
        self._source = source = self._open()
        try:
            with closed_at_exit(self._close_at_exit):
                yield source
        finally:
            source.finish() if self._done else source.close()

    async def _aopened(self, leaving: AsyncExitStack) -> AsyncSource:
        self._source = source = await self._aopen()

        async def leave() -> None:
            await (source.finish() if self._done else source.aclose())

        leaving.push_async_callback(leave)
        return source

    def _open(self) -> Source:
        if self._opener is not None:
            with opening() as request:
                self._when_shut = request.end
                if self._closed:  # by another thread, which could not reach the request yet
                    request.end()
                source = self._opener.open()
        elif isinstance(self.stream, Iterable):
            source = ItemSource(self.stream)
        else:
            raise TypeError("this stream is async: iterate it with `async for`")
        if self._closed:  # by another thread, which could not reach the source yet
            source.close()
        return source

    async def _aopen(self) -> AsyncSource:
        if self._opener is not None:
            with self._until_shut():
                return await self._opener.aopen()
            return AsyncSource()
        if isinstance(self.stream, AsyncIterable):
            return AsyncItemSource(self.stream)
        raise TypeError("this stream is not async: iterate it with `for`")

    @contextmanager
    def _life(self) -> Generator[None]:
        if self.state != "pending":
            raise self._errors.make(errors.StreamConsumed, _consumed(self.state))
        self.state = "open"
        self.start_time = time.time() * 1000
        self._began = time.perf_counter()
        self._clocks.begin()
        try:
            yield
            self._leave("finished")
        except Exception as error:
            if self._closed:  # by another thread or task, which is why reading failed
                return
            meant = self._meaning(error)
            self._error = meant or error
            self._leave("truncated" if isinstance(meant, errors.StreamTruncated) else "failed")
            if meant is None:
                raise
            raise meant  # noqa: B904  # its cause is set
        finally:
            self._leave("finished" if self._whole else "closed")

    @contextmanager
    def _telling(self) -> Generator[None]:
        try:
            yield
        finally:
            self._tell()

    def _atelling(self) -> AsyncExitStack:
        ending = AsyncExitStack()
        ending.push_async_callback(self._atell)
        ending.enter_context(self._life())
        return ending

    def _tell(self, error: Exception | None = None) -> None:
        """Tell who waits for the end, once it has come; an error may stand for the stream's own."""
        if self.on_end and self._ended:
            try:
                self.on_end.pop(0)(error or self._error)
            finally:
                self._tell(error)

    async def _atell(self, error: Exception | None = None) -> None:
        if self.on_end and self._ended:
            try:
                with anyio.CancelScope(shield=True):
                    told = self.on_end.pop(0)(error or self._error)
                    if inspect.isawaitable(told):
                        await told
            finally:
                await self._atell(error)

    @contextmanager
    def _reading(self, wake: Callable[[], object]) -> Generator[None]:
        """Let the clocks run; when one has run out, `wake` makes reading end, in whatever way.

        What fails after the answer's own end takes nothing away, but for what the SDK knows to be
        an error that the provider reports, and what someone's own items raise.
        """
        broke: Exception | None = None
        try:
            with self._clocks.running(wake):
                yield
        except Exception as error:
            breaks = isinstance(error, (*self._errors.connections, *self._errors.timeouts))
            if self._closed or not (breaks or self._clocks.rang or self._is_late(error)):
                raise
            broke = error
        if self._closed or self._whole:
            return
        if self._clocks.rang or isinstance(broke, self._errors.timeouts):
            self._clocks.check(broke)
        if broke is not None:
            raise broke

    def _is_late(self, error: Exception) -> bool:
        """Return whether an error comes after the response's end, and takes nothing away."""
        if not self._whole:
            return False
        if self._errors.unread_report(error):
            return True
        meant = self._errors.translate(error, opening=False)
        if meant is None:
            return self._opener is not None
        return not isinstance(meant, errors.StreamAPIError)

    @property
    def _closed(self) -> bool:
        return self.state == "closed"

    @property
    def _ended(self) -> bool:
        return self.state not in {"pending", "open"}

    @property
    def _whole(self) -> bool:
        return self._done or self._decoder.complete

    def _leave(self, state: StreamState) -> None:
        """End in a state; the first to say so is right."""
        if self.state == "open":
            self.state = state
            self.model = self._decoder.model or self.model
            self.end_time = time.time() * 1000

    def _meaning(self, error: Exception) -> errors.StreamError | None:
        response = self._source.response if self._source else None
        secrets = self._opener.secrets() if self._opener else ()
        opening = self._source is None
        meant = self._errors.translate(error, response, secrets, opening=opening)
        if meant is not None and meant.phase is None:
            begun = self.time_to_first_chunk is not None
            meant.phase = "mid" if begun else "first" if self._source else "open"
            ended = self._decoder.finish_reasons and any(self._tokens or ())
            meant.partial = self.partial() if begun or self.content or ended else None
        return meant

    @override
    def close(self) -> None:
        """Close the connection now, from whatever thread; what has come stays readable.

        Raises:
            TypeError: The stream is being read by ``async for``, or its end is to be told to what
                is async: await `aclose` instead.
        """
        source = self._source
        awaited = any(map(inspect.iscoroutinefunction, self.on_end))
        if awaited or (self.state == "open" and isinstance(source, AsyncSource)):
            raise TypeError("this stream is async: use `await stream.aclose()`")
        self._shut()
        if isinstance(source, Source):
            source.abort()
        self._tell()

    @override
    async def aclose(self) -> None:
        """Close the connection now; what has come stays readable."""
        source = self._source
        self._shut()
        if isinstance(source, AsyncSource):
            await source.aclose()
        elif source is not None:
            source.abort()
        await self._atell()

    def _close_at_exit(self, *, inherited: bool) -> None:
        try:
            if not inherited:
                self.close()
        finally:
            cast("Source", self._source).let_go()

    def _shut(self) -> None:
        if self.state == "pending":
            self.state = "open"
        self._leave("closed")
        self._when_shut()

    @property
    def is_async(self) -> bool:
        """Whether it is iterated with ``async for``, and closed with `aclose`."""
        opener = self._opener
        return not isinstance(self.stream, Iterable) if opener is None else opener.is_async

    # The answer so far.

    @property
    def reply(self) -> Reply:
        """The answer so far, with its tool calls as they stand."""
        return self._decoder.reply

    @property
    def content(self) -> str:
        """The text so far."""
        return self._decoder.reply.content

    @property
    def reasoning(self) -> str:
        """The reasoning so far; see `BaseCallResponse.reasoning`."""
        reply = self._decoder.reply
        return reply.reasoning or (self.structured and without_reasoning(reply.content)[0]) or ""

    @property
    def id(self) -> str | None:
        """The provider's id for the response, once it is told."""
        return self._decoder.id

    @property
    def finish_reasons(self) -> Sequence[str] | None:
        """Why the generation ended, in the provider's words; ``None`` before."""
        return self._decoder.finish_reasons

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return self._decoder.tokens

    @property
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended, in words that are the same for every provider.

        ``None`` before, and if the reason is none of the four.
        """
        return self.partial().common_finish_reasons

    @property
    def cost(self) -> float | None:
        """The cost so far in US dollars; ``None`` if it cannot be known, as of a response."""
        return self.partial().cost

    @property
    def message_param(self) -> MessageT:
        """The whole answer as a message that can be sent back in the next call.

        Raises:
            StreamNotFinished: The answer has not come to its end, or was not kept.
        """
        return cast("MessageT", self.construct_call_response().message_param)

    @property
    def common_message_param(self) -> BaseMessageParam:
        """The whole answer as a message that can be sent back, to this provider or any other.

        Raises:
            StreamNotFinished: As for `message_param`.
        """
        return self._common_message(self.message_param)

    @override
    def _common_message(self, message: object) -> BaseMessageParam:
        form = self._response_type.message_form
        return form.common(cast("Message", message), self.provider)

    @classmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[Any]:
        """Return the messages that tell the model what its tool calls gave.

        See `BaseCallResponse.tool_message_params`.
        """
        return cls._response_type.tool_message_params(tools_and_outputs)

    def construct_call_response(self) -> ResponseT:
        """Return the response that a plain call would have given.

        Raises:
            StreamNotFinished: The answer has not come to its end, or was not kept; see `partial`.
        """
        if self.keep == "none":
            raise self._errors.make(errors.StreamNotFinished, _NOT_KEPT)
        if self.state != "finished":
            raise self._errors.make(errors.StreamNotFinished, _NOT_FINISHED[self.state])
        return self._response(partial=False)

    def partial(self) -> ResponseT:
        """Return what has come so far as a response, in any state."""
        return self._response(partial=self.state != "finished" or self.keep == "none")

    def _response(self, *, partial: bool) -> ResponseT:
        response_type = cast("type[ResponseT]", self.call_response_type or self._response_type)
        return response_type(
            **self._asked(),
            response=response_type.raw(self._decoder.response()),
            start_time=self.start_time,
            end_time=self.end_time,
            partial=partial,
            called=[called(call) for call in self.reply.kept_calls if call.is_function],
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model}, {self.state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a stream cannot be copied or pickled: use `stream.construct_call_response()`, or "
            "`stream.partial()` before its end"
        )


def _consumed(state: StreamState) -> str:
    return (
        f"this stream is {state}; a stream is iterated once. To pause, hold the iterator: "
        "`items = iter(stream)`. To ask again, call the function again"
    )


_CUT_OFF = "the connection ended before the answer did: it is cut off"
_NO_STREAM = "the response is neither a stream of events nor JSON"
_UNREAD = "what could not be understood is:"
_NOT_KEPT = 'the answer was not kept (`keep="none"`): stream.partial() has what else was told'
_NOT_FINISHED: dict[StreamState, str] = {
    "pending": "the stream was not iterated yet: iterate it first",
    "open": "the stream is still being read: iterate it to its end, or use stream.partial()",
    "truncated": "the answer is cut off: stream.partial() has what came",
    "closed": "the stream was closed early: stream.partial() has what came",
    "failed": "the stream failed: stream.partial() has what came",
}


def _parsed(data: bytes) -> Record:
    """Decode an event's JSON object.

    Raises:
        MalformedEventError: It is none.
    """
    try:
        record = from_bytes(data)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"an event is not JSON ({error})") from None
    if not isinstance(record, dict):
        raise MalformedEventError("an event is not a JSON object")
    return record
