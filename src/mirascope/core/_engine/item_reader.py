"""The pure part of a stream: blocks of a response body in, ``(chunk, tool)`` items out.

An `ItemReader` knows nothing of connections, event loops, deadlines or retries. It belongs to one
attempt to read a response and is held by the driver alone; see `BaseStream`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from time import perf_counter
from typing import Any, Generic, cast

from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._engine.decoder import Decoder, TextDecoder
from mirascope.core._engine.source import UserItem
from mirascope.core._engine.tool_items import ToolItems
from mirascope.core._errors.redaction import excerpt
from mirascope.core._observers.observation import ItemTimes
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, record_of
from mirascope.core._tools.tool import BaseTool
from mirascope.core._tools.tool_calls import call_id, delta_of
from mirascope.core._wire.error_reports import provider_error
from mirascope.core._wire.events import MalformedEventError, ProviderError, Record
from mirascope.core._wire.framing import Framing
from mirascope.core._wire.json_text import from_bytes, from_text
from mirascope.core._wire.sse import DONE, ERROR_EVENT

ChunkT = TypeVar("ChunkT", bound=BaseCallResponseChunk[Any, Any])
ToolT = TypeVar("ToolT", bound=BaseTool)

_CUT_OFF = "the connection ended before the end of the response: it is cut off"
_NOT_A_STREAM = "the response is neither a stream of events nor JSON"
_UNREAD = "the server also sent:"


class ItemReader(Generic[ChunkT, ToolT]):
    """Reads the items of one response body, or of user-supplied items.

    Args:
        decoder: The provider's decoder.
        framing: Splits the body into records.
        tools: Pairs chunks with tools; ``None`` if the call has no tools.
        on_first_output: Called once, before the first item with output is yielded.

    Attributes:
        done: Whether the body has reported its own end, so that only the end of the HTTP framing
            may follow.
        stopped: Whether no further block is to be read: it is done, or `stop` was called.
        awaiting_output: Whether no output was received since the last read started.
        produced_output: Whether there was any output: text, reasoning or a delta of a tool call.
    """

    def __init__(
        self,
        decoder: Decoder[ChunkT],
        framing: Framing,
        tools: ToolItems[ChunkT, ToolT] | None,
        on_first_output: Callable[[], object],
    ) -> None:
        self.decoder = decoder
        self.done = False
        self.stopped = False
        self.awaiting_output = True
        self.produced_output = False
        self._tools = tools
        self._on_first_output = on_first_output
        self._framing = framing
        self._user_tools = 0
        texts = cast("TextDecoder[ChunkT]", decoder) if isinstance(decoder, TextDecoder) else None
        self._decode_text = None if texts is None else texts.decode_text

    def stop(self) -> None:
        """Yield no further item of the current block."""
        self.stopped = True

    @property
    def is_complete(self) -> bool:
        """Whether the response was received to its own end."""
        return self.done or self.decoder.is_complete

    @property
    def failures(self) -> list[errors.ToolCallError]:
        """The errors of the tool calls that are invalid."""
        return self._tools.failures if self._tools else []

    def feed(self, block: bytes | UserItem) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that a block of the body, or a user-supplied item, completes.

        Raises:
            ProviderError: The body reports a failure.
            MalformedEventError: An event is not a JSON object.
        """
        if not isinstance(block, bytes):
            yield from self._user_item(block)
            return
        decoder, tools, decode_text = self.decoder, self._tools, self._decode_text
        for data in self._framing.feed(block):
            text_chunk = None if decode_text is None else decode_text(data)
            ready = [] if text_chunk is None else [text_chunk]
            if text_chunk is None and data:
                try:
                    decoder.decode(_json_object(data), data, ready)
                except (MalformedEventError, ProviderError) as error:
                    if data.startswith(DONE):
                        self.done = self.stopped = True
                        return
                    yield from self._before_error()
                    self._check_error(error, data)
            if self.awaiting_output:
                self._check_output(ready)
            if tools is None:
                for chunk in ready:
                    yield chunk, None
                    if self.stopped:
                        return
            else:
                yield from self._paired(ready, tools)
                if self.stopped:
                    return
            if decoder.done:
                self.done = self.stopped = True
                return

    def flush(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that were held back; the body has ended."""
        self.stopped = False
        if not self.done and (ending := self._framing.missing_terminator()):
            yield from self.feed(ending)
        ready: list[ChunkT] = []
        self.decoder.flush(ready)
        yield from self._items(ready)

    def _before_error(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that were held back, unless an error changes nothing or is retried."""
        if not self.decoder.is_complete:
            ready: list[ChunkT] = []
            self.decoder.flush(ready)
            self._check_output(ready)
            if self.produced_output:
                yield from self._items(ready)

    def remaining_tools(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the tools whose calls only the end of a complete response completes."""
        if self._tools is not None:
            yield from self._tools.remaining(self.decoder.reply)

    def truncation(self, secrets: Collection[str]) -> tuple[type[errors.StreamError], str]:
        """Return the error, as its class and message, for a body that ends before the response.

        Bytes outside of events, and the newest record without known fields, may hold the reason.

        Args:
            secrets: The API keys to remove from the message.
        """
        self._keep_partial_json()
        kind: type[errors.StreamError] = errors.StreamTruncated
        message, unread = _CUT_OFF, self._framing.unread
        if self.decoder.unknown:
            unread = json.dumps(self.decoder.unknown).encode()
        elif self._framing.is_text:
            kind, message = errors.StreamDataError, _NOT_A_STREAM
        if unread:
            message = f"{message}; {_UNREAD} {excerpt(unread, secrets)}"
        return kind, message

    def _keep_partial_json(self) -> None:
        """Decode the text of a response that is cut off within bare JSON, but no tool calls.

        If arguments are an object, nothing shows that some of them are missing.
        """
        with suppress(ValueError, RecursionError):
            cut_off = self._framing.cut_off.decode(errors="replace")
            record = from_text(cut_off, allow_partial="trailing-strings")
            if isinstance(record, dict):
                self.decoder.decode(record, b"{}", [])
                self.decoder.reply.tool_calls.clear()

    def _check_error(self, error: MalformedEventError | ProviderError, data: bytes = b"") -> None:
        """Raise the error that an event reports or is; ignore it after the end of the response."""
        if self.decoder.is_complete:
            return
        if data.startswith(ERROR_EVENT):
            raise self._reported_error(data.removeprefix(ERROR_EVENT).strip()) from None
        raise error

    def _reported_error(self, report: bytes) -> ProviderError:
        """Return the failure that an event named ``error`` reports, in whatever format."""
        try:
            record = _json_object(report)
        except MalformedEventError:
            return provider_error(report.decode(errors="replace"))
        self.decoder.decode(record, report, [])
        return provider_error(dict(record))

    def _user_item(self, item: UserItem) -> Iterator[tuple[ChunkT, ToolT | None]]:
        """Yield the items that a user-supplied item completes: itself, if it has its tool."""
        ready: list[ChunkT] = []
        raw: Any = item[0].chunk if isinstance(item, tuple) else item
        try:
            self.decoder.decode(record_of(raw), raw, ready)
        except ProviderError as error:
            yield from self._before_error()
            self._check_error(error)
        if isinstance(item, tuple):
            self.decoder.flush(ready)
            self._tools = None  # the user supplies the tools, too
            if item[1] is not None:
                self._count_user_tool(item[1])
            yield cast("tuple[ChunkT, ToolT | None]", item)
        else:
            yield from self._items(ready)

    def _count_user_tool(self, tool: BaseTool) -> None:
        """Add the call of a user-supplied tool to the message, unless its chunks have added it."""
        self._user_tools += tool.delta is None
        calls = self.decoder.reply.tool_calls
        if self._user_tools > len(calls):
            self.decoder.reply.add_tool_calls([delta_of(tool)])
        elif tool.delta is None:
            call = calls[self._user_tools - 1]
            call.id = call.id or call_id(tool)

    def _items(self, chunks: list[ChunkT]) -> Iterator[tuple[ChunkT, ToolT | None]]:
        if self.awaiting_output:
            self._check_output(chunks)
        if self._tools is not None:
            yield from self._paired(chunks, self._tools)
        else:
            for chunk in chunks:
                yield chunk, None
                if self.stopped:
                    return

    def _paired(
        self, chunks: list[ChunkT], tools: ToolItems[ChunkT, ToolT]
    ) -> Iterator[tuple[ChunkT, ToolT | None]]:
        for chunk in chunks:
            for item in tools.pair(chunk, self.decoder.reply):
                yield item
                if self.stopped:
                    return

    def _check_output(self, chunks: list[ChunkT]) -> None:
        for chunk in chunks:
            if chunk.content or chunk.is_output:
                self.awaiting_output = False
                if not self.produced_output:
                    self.produced_output = True
                    self._on_first_output()
                return


class TimedReader(ItemReader[ChunkT, ToolT]):
    """An item reader that records the times of the items, for an observed stream."""

    def __init__(
        self,
        decoder: Decoder[ChunkT],
        framing: Framing,
        tools: ToolItems[ChunkT, ToolT] | None,
        on_first_output: Callable[[], object],
        times: ItemTimes,
    ) -> None:
        super().__init__(decoder, framing, tools, on_first_output)
        self._times = times

    @override
    def feed(self, block: bytes | UserItem) -> Iterator[tuple[ChunkT, ToolT | None]]:
        times, received = self._times, perf_counter()
        before = times.count
        for item in super().feed(block):
            times.count += 1
            yield item
        if times.count > before:
            times.first, times.last = times.first or received, received


def new_reader(
    decoder: Decoder[ChunkT],
    framing: Framing,
    tools: ToolItems[ChunkT, ToolT] | None,
    on_first_output: Callable[[], object],
    times: ItemTimes | None,
) -> ItemReader[ChunkT, ToolT]:
    """Return an item reader, which records times if there is where to."""
    if times is None:
        return ItemReader(decoder, framing, tools, on_first_output)
    return TimedReader(decoder, framing, tools, on_first_output, times)


def _json_object(data: bytes) -> Record:
    """Decode an event's JSON object.

    Raises:
        MalformedEventError: The data is not JSON, or not an object.
    """
    try:
        record = from_bytes(data)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"an event is not JSON ({error})") from None
    if not isinstance(record, dict):
        raise MalformedEventError("an event is not a JSON object")
    return record
