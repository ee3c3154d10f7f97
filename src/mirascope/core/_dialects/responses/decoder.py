"""Reads a Responses stream: output items are opened, grow and are done, by index.

Four rules are decided here. The response has ended with the event that has its status, and nothing
follows that. Text and calls whose deltas a server leaves out are received when they are done, or
with the last event, at the latest. Function calls are calls of tools; a call of a custom tool is
one if the user has such a tool, and else what the server runs itself. And a plain response is read
as the last event of a stream.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Generic

from typing_extensions import TypeVar

from mirascope.core._dialects.responses.chunk import ResponsesChunk, call_delta
from mirascope.core._dialects.responses.errors import failure
from mirascope.core._dialects.responses.output_items import (
    CUSTOM_CALL,
    FIELDS,
    FUNCTION_CALL,
    PLACES,
    TEXTS,
    OutputItem,
    OutputItems,
    completed,
    deltas_of,
    without_logprobs,
)
from mirascope.core._dialects.responses.tools import INPUT_CLOSES, INPUT_OPENS, input_fragment
from mirascope.core._engine.decoder import SingleMessageDecoder
from mirascope.core._wire.accumulator import Keep, replace_fields
from mirascope.core._wire.error_reports import find_error
from mirascope.core._wire.events import JSON, Record, ToolCallDelta
from mirascope.core._wire.json_fields import fields, number, objects, text

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel

ChunkT = TypeVar("ChunkT", bound=ResponsesChunk[Any])

_TEXT: Final = "response.output_text.delta"
_DELTAS: Final = {f"{kind}.delta": place for kind, place in PLACES.items()}
_DONE: Final = {f"{kind}.done": place for kind, place in PLACES.items()}
_OPENED: Final = "response.output_item.added"
_INDEXES: Final = ("output_index", "content_index", "summary_index")
_PARTS: Final = {
    "response.content_part.added": "content",
    "response.reasoning_summary_part.added": "summary",
}
_CALL_DONE: Final = frozenset(
    {"response.output_item.done", "response.function_call_arguments.done"}
)


class ResponsesDecoder(SingleMessageDecoder, Generic[ChunkT]):
    """Reads one stream: events in, chunks out, and the response that they add up to.

    Args:
        chunk_type: The provider's chunk.
        keep: How much of the response to keep.
        custom_tools: The names of the user's custom tools.
    """

    def __init__(
        self, chunk_type: type[ChunkT], *, keep: Keep = "all", custom_tools: Collection[str] = ()
    ) -> None:
        super().__init__(keep=keep)
        self._new_chunk = chunk_type.from_record
        self._new_text = chunk_type.of_text
        self._custom_tools = custom_tools
        self._open_inputs: set[JSON] = set()  # the indexes of custom calls
        self._response: dict[str, JSON] = {}
        self._items = OutputItems(self.reply)

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        """Read one event and add its chunk to ``out``; a keep-alive has none.

        Raises:
            ProviderError: The event reports a failure.
        """
        kind = record.get("type")
        if kind == "keepalive":
            return
        if not kind or not isinstance(kind, str):
            if event := self._plain_response(record):
                self.decode(event, json.dumps(event).encode(), out)
            return
        if "output_index" not in record and ("item_id" in record or "item" in record):
            index = self._items.number(record, opens=kind == _OPENED)
            record = {**record, "output_index": index}
        delta = record.get("delta")
        if (  # almost all events add nothing but a text to one part, so they take a short way
            kind == _TEXT and isinstance(delta, str) and self._items.continue_text(record, delta)
        ):
            self.reply.add_text(delta)
            out.append(self._new_text(delta, raw, None, None))
            return
        if any(isinstance(record.get(name), dict | list) for name in _INDEXES):  # as if absent
            record = {name: value for name, value in record.items() if name not in _INDEXES}
        chunk = self._new_chunk(record, raw)
        self._read_event(kind, record, chunk)
        self.reply.add(chunk)
        if chunk.tool_calls:
            for opened, call in zip(chunk.tool_calls, chunk.calls, strict=True):
                self._items.at(opened.key, FUNCTION_CALL).call = call
        if kind in _CALL_DONE:
            self.reply.close_tool_call(number(record.get("output_index")))
        if self.done and self.reply.tool_calls:
            chunk.set_calls_tools()
        out.append(chunk)

    def response(self) -> dict[str, JSON]:
        """Return the received part of the response as a plain call returns it."""
        output = self._items.final(objects(self._response.get("output")))
        if not self.reply.keeps_all:
            output = [without_logprobs(item) for item in output]
        if self.reply.finish_reason == "completed":
            output = [completed(item) for item in output]
        known: dict[str, JSON] = {"id": self.id, "model": self.model, "output": [*output]}
        return {**self._response, **known}

    def _plain_response(self, record: Record) -> dict[str, JSON] | None:
        """Return the event for a plain response, ``None`` for a record of another kind.

        The number of the event is null, as no server's is: its chunk has the parts of the output.

        Raises:
            ProviderError: The record reports a failure.
        """
        if record.get("object") == "response" or "output" in record:
            status = text(record.get("status")) or "completed"
            kind = f"response.{status}"
            return {"type": kind, "sequence_number": None, "response": dict(record)}
        if error := find_error(record):
            raise error
        self.unknown = record
        return None

    def _read_event(self, kind: str, record: Record, chunk: ChunkT) -> None:
        """Read an event; add to its chunk what earlier events left out.

        Raises:
            ProviderError: The event reports a failure.
        """
        index = record.get("output_index")
        if place := _DELTAS.get(kind):
            self._items.add(place, record)
            if place.item == CUSTOM_CALL:
                self._add_input(index, input_fragment(text(record.get("delta"))), chunk)
        elif place := _DONE.get(kind):
            delta = {
                **record,
                "type": kind.replace("done", "delta"),
                "delta": record.get(place.field),
            }
            self._add_missing(self._items.at(index, place.item), delta, chunk)
        elif kind == _OPENED:
            self._open(index, fields(record.get("item")), chunk)
        elif kind == "response.output_item.done":
            self._add_whole(index, fields(record.get("item")), chunk)
        elif kind in _PARTS:
            self._items.add_part(_PARTS[kind], record)
        elif kind == "response.output_text.annotation.added":
            self._items.add_annotation(record)
        elif response := fields(record.get("response")):
            self._read_response(response, chunk)
        elif kind == "error":
            raise failure(record)
        elif not kind.startswith("response.") and (error := find_error(record)):
            raise error

    def _open(self, index: JSON, item: Record, chunk: ChunkT) -> None:
        """Add an item; its call, if it is a function call, has been read to the chunk."""
        opened = self._items.open(index, item)
        if item.get("arguments"):
            opened.received.add(("arguments", None))
        if item.get("type") == CUSTOM_CALL and item.get("name") in self._custom_tools:
            call = call_delta({**item, "arguments": INPUT_OPENS}, number(index))
            chunk.tool_calls = (*chunk.tool_calls, call)
            self._open_inputs.add(index)

    def _add_input(self, index: JSON, fragment: str, chunk: ChunkT) -> None:
        """Add a fragment of a custom tool's input, as JSON, to a chunk."""
        if index in self._open_inputs:
            delta = ToolCallDelta(number(index), None, None, fragment)
            chunk.tool_calls = (*chunk.tool_calls, delta)

    def _add_missing(self, item: OutputItem, delta: Record, chunk: ChunkT) -> None:
        """Add a delta to a chunk, unless it was received."""
        place = _DELTAS[text(delta.get("type"))]
        if text(delta.get("delta")) and place.key(delta) not in item.received:
            self._add_event(delta, chunk)

    def _add_event(self, event: Record, chunk: ChunkT) -> None:
        """Read an event that was not received, and add its content to a chunk."""
        missing = self._new_chunk(event, b"")
        self._read_event(text(event.get("type")), event, missing)
        chunk.content += missing.content
        chunk.reasoning += missing.reasoning
        chunk.tool_calls = (*chunk.tool_calls, *missing.tool_calls)

    def _add_whole(self, index: JSON, item: Record, chunk: ChunkT) -> None:
        """Add what was not received of a whole item to a chunk."""
        known = self._items.get(index)
        if known is None or not known.is_same(item):
            opened = {name: value for name, value in item.items() if name not in FIELDS}
            event: dict[str, JSON] = {"type": _OPENED, "output_index": index, "item": opened}
            self._add_event(event, chunk)
            known = self._items.at(index, item.get("type"))
        for delta in deltas_of(item, index):
            self._add_missing(known, delta, chunk)
        self._close_input(index, chunk)
        if self.reply.keeps_text:
            known.whole = dict(item)

    def _close_input(self, index: JSON, chunk: ChunkT) -> None:
        """Close the JSON of a custom tool's input."""
        self._add_input(index, INPUT_CLOSES, chunk)
        self._open_inputs.discard(index)

    def _read_response(self, response: Record, chunk: ChunkT) -> None:
        """Read the fields of the response as a whole.

        Raises:
            ProviderError: The response has failed.
        """
        replace_fields(self._response, response)
        self.id = chunk.id or self.id
        self.model = chunk.model or self.model
        self.tokens = chunk.tokens or self.tokens
        if chunk.finish_reasons == ["failed"]:
            raise failure(response)
        if chunk.finish_reasons:
            self._add_output(objects(response.get("output")), chunk)
            self.reply.finish_reason = chunk.finish_reasons[0]
            self.done = True

    def _add_output(self, output: list[Record], chunk: ChunkT) -> None:
        """Add what was not received of the items of the whole response to a chunk.

        Some servers number them differently here: text is missing if there was none before, and a
        call if its id is new.
        """
        received = {kind for kind in TEXTS if self._items.has(kind)}
        received |= {call.id for call in self.reply.tool_calls if call.id}
        for index, item in enumerate(output):
            known = self._items.get(index)
            is_same = known is not None and known.is_same(item)
            if is_same or received.isdisjoint((text(item.get("type")), text(item.get("call_id")))):
                self._add_whole(index, item, chunk)
        for unfinished in [*self._open_inputs]:
            self._close_input(unfinished, chunk)
