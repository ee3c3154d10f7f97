"""What the events of a turn are: pure, for every protocol, sync and async.

A `Walk` reads the items of streams and has an `Encoder` write them. It opens and closes parts (a
text, a reasoning, a tool call), so that an encoder only knows how its protocol writes each thing.
What begins a response is held back until there is something to show: until then a failure is an
HTTP status. The common case, one more piece of a text, is decided by the first line of `read`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, cast

from mirascope import errors
from mirascope.core import BaseTool
from mirascope.core._tools.tool import arguments_of, name_of
from mirascope.core._tools.tool_calls import call_id as id_of
from mirascope.core._wire.json_scanner import JSONScanner
from mirascope.core.base import (
    BaseCallResponseChunk,
    BaseStream,
    BaseStructuredStream,
    JsonableType,
    Retry,
    Usage,
)
from mirascope.web._encoder import Encoder, End, jsonable, value_json
from mirascope.web._sources import findings
from mirascope.web._turns import Approval, Stream, ToolCall

_PACE: Final = 32
"""A partial value is sent again when it has grown by this part of itself: that bounds the total."""


class _Call:
    """A tool call as it was written so far."""

    __slots__ = ("begun", "done")

    def __init__(self) -> None:
        self.begun = False
        self.done = False


Chunk = BaseCallResponseChunk[Any, Any]
Read = Callable[[Chunk, BaseTool | None], bytes]


class Walk:
    """Reads what a turn's streams give, and returns the bytes to send.

    Args:
        encoder: Writes them.

    Attributes:
        began: Whether anything was returned to be sent.
        closed: Whether the server's own code closed a stream.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.began = False
        self.closed = False
        self._text = encoder.text
        self._held = encoder.start()
        self._in_step = False
        self._part: Literal["text", "reasoning"] | None = None
        self._restarting = False
        self._ended_part: Literal["text", "reasoning"] | None = None
        self._stream: BaseStream[Any, Any, Any, Any] | None = None
        self._structured: BaseStructuredStream[Any] | None = None
        self._calls: dict[Any, _Call] = {}
        self._ids: list[tuple[BaseTool, str]] = []
        self._begin_value()
        self._end = End()

    # A stream.

    def begin(self, stream: Stream) -> tuple[BaseStream[Any, Any, Any, Any], Read]:
        """Begin a stream; return it and the function that reads its items."""
        self._structured = stream if isinstance(stream, BaseStructuredStream) else None
        self._stream = plain = stream.stream if isinstance(stream, BaseStructuredStream) else stream
        plain.on_retry.append(self._note_retry)
        self._held += self._end_step() + self.encoder.begin_step()
        self._in_step = True
        self._calls = {}
        self._begin_value()
        return plain, self._read if self._structured is None else self._read_structured

    def _begin_value(self) -> None:
        self._growing = self._structured and self._structured.growing
        self._json = JSONScanner()
        self._unsent = self._sent = 0

    def _note_retry(self, retry: Retry) -> None:
        if retry.restarts and not self._restarting:
            self._restarting, self._ended_part, self._part = True, self._part, None

    def _read(self, chunk: Chunk, tool: BaseTool | None) -> bytes:
        content = chunk.content
        plain = tool is None and not chunk.tool_calls and not chunk.reasoning
        if plain and content and self._part == "text":
            return self._text(content)
        out = [self._restart(), self._reasoning(chunk)]
        if content:
            out += (self._enter("text"), self._text(content))
        if chunk.tool_calls:
            out += self._pieces(chunk)
        if tool is not None and tool.delta is None:
            out.append(self._tool(tool))
        return self._released(b"".join(out))

    def _read_structured(self, chunk: Chunk, _: BaseTool | None) -> bytes:
        structured = cast("BaseStructuredStream[Any]", self._structured)
        out = [self._restart(), self._reasoning(chunk)]
        grown = structured.grow(chunk)
        if structured.growing is not self._growing:  # the text received before is not the value
            out.append(self.encoder.restart() if self._unsent or self._sent else b"")
            self._begin_value()
        if (delta := structured.json_delta) and not self._json.is_complete:
            delta = delta[: self._json.end(delta, 0)]
            out += (self._enter(None), self.encoder.json_delta(delta))
            self._unsent += len(delta)
        if grown and self._unsent * _PACE >= self._sent:
            value = structured.partial_value
            if value is not None:
                self._sent, self._unsent = self._sent + self._unsent, 0
                out.append(self.encoder.value(value_json(value, partial=True), complete=False))
        return self._released(b"".join(out))

    def end(self) -> bytes:
        """End the stream that was read."""
        stream = cast("BaseStream[Any, Any, Any, Any]", self._stream)
        out = [self._restart(), self._enter(None)]
        if stream.state != "finished":
            self.closed = True
            return self._released(b"".join(out))
        if self._structured is not None:
            out.append(self._last_value(self._structured))
        else:
            out += self._rest(stream)
        self._note_end(stream)
        return self._released(b"".join(out))

    def end_with_unusable(self, error: errors.ToolCallError, text: str) -> bytes:
        """End the stream that was read, some of whose tool calls are unusable."""
        return self._unusable(error, text) + self.end()

    def _last_value(self, structured: BaseStructuredStream[Any]) -> bytes:
        value = value_json(structured.finish(), partial=False)
        closing = b"" if self._json.is_complete else self.encoder.json_delta("}")  # a bare list's
        return closing + self.encoder.value(value, complete=True)

    def _rest(self, stream: BaseStream[Any, Any, Any, Any]) -> Iterator[bytes]:
        for call, written in self._calls.items():
            if not written.done:  # the stream has no such tool: it is one in the provider's form
                yield self._begun(call, written)
                yield self._done(written, call.call_id, call.name, call.arguments)
        if stream.keep == "none":
            return
        sources, files = findings(stream.partial().response)
        yield from map(self.encoder.source, sources)
        yield from map(self.encoder.file, files)
        message = stream.common_message_param
        if message.native is not None and message.native.has_more:
            yield self.encoder.message(message)

    def _note_end(self, stream: BaseStream[Any, Any, Any, Any]) -> None:
        reasons, usage = stream.common_finish_reasons, stream.common_usage
        if usage is not None and self._end.usage is not None:
            usage = _sum(usage, self._end.usage)
        self._end = End(
            reasons[0] if reasons else None,
            usage or self._end.usage,
            stream.model or None,
            stream.provider or None,
        )

    # What is between streams.

    def output(self, call: ToolCall, output: JsonableType | BaseException, failed: str) -> bytes:
        """Write the output of a tool, or, if that is an error, the text for it."""
        call_id, name = self._known(call)
        if isinstance(output, BaseException):
            return self._released(self.encoder.output_failed(call_id, name, failed))
        return self._released(self.encoder.output(call_id, name, jsonable(output)))

    def approval(self, approval: Approval) -> bytes:
        """Request approval of a tool call."""
        return self._released(self.encoder.approval(*self._known(approval.tool)))

    # The end.

    def finish(self) -> bytes:
        """End the response."""
        end = self.encoder.abort() if self.closed else self.encoder.finish(self._end)
        return self._released(self._end_step() + end)

    def abort(self) -> bytes:
        """End the response where the server's own code does."""
        out = self._restart() + self._enter(None)
        return self._released(out + self._end_step() + self.encoder.abort())

    def fail(self, error: Exception, text: str) -> bytes:
        """End the response with an error."""
        out = [self._restart(), self._enter(None)]
        if isinstance(error, errors.ToolCallError):
            out.append(self._unusable(error, text))
        return self._released(b"".join((*out, self.encoder.error(text))))

    # Parts.

    def _released(self, out: bytes) -> bytes:
        """Return bytes after those that were held back, if there are any."""
        if out:
            self.began = True
            out, self._held = self._held + out, b""
        return out

    def _end_step(self) -> bytes:
        ended, self._in_step = self._in_step, False
        return self.encoder.end_step() if ended else b""

    def _enter(self, part: Literal["text", "reasoning"] | None) -> bytes:
        """Be in a part; end the one before."""
        before = self._part
        if part == before:
            return b""
        self._part = part
        out = b""
        if before is not None:
            out = self.encoder.end_text() if before == "text" else self.encoder.end_reasoning()
        if part is not None:
            out += self.encoder.begin_text() if part == "text" else self.encoder.begin_reasoning()
        return out

    def _reasoning(self, chunk: Chunk) -> bytes:
        delta = chunk.reasoning
        return self._enter("reasoning") + self.encoder.reasoning(delta) if delta else b""

    def _restart(self) -> bytes:
        if not self._restarting:
            return b""
        self._restarting = False
        self._part = self._ended_part
        out = self._enter(None)
        for call, written in self._calls.items():
            if written.begun and not written.done:
                out += self.encoder.tool_failed(call.call_id, call.name, call.arguments, _CUT_OFF)
        self._calls = {}
        self._begin_value()
        return out + self.encoder.restart()

    # Tools.

    def _pieces(self, chunk: Chunk) -> Iterator[bytes]:
        """Write the pieces of tool calls; a call begins when its name is sure to be complete."""
        for piece, call in zip(chunk.tool_calls, getattr(chunk, "calls", ()), strict=False):
            written = self._calls.setdefault(call, _Call())
            if written.begun:
                if piece.arguments:
                    yield self.encoder.tool_delta(call.call_id, call.name, piece.arguments)
            elif call.name and (call.is_complete or call.arguments):
                yield self._begun(call, written)

    def _begun(self, call: Any, written: _Call) -> bytes:
        if written.begun:
            return b""
        written.begun = True
        return self._begin_tool(call.call_id, call.name, call.arguments)

    def _begin_tool(self, call_id: str, name: str, arguments: str) -> bytes:
        out = self._enter(None) + self.encoder.begin_tool(call_id, name)
        return out + self.encoder.tool_delta(call_id, name, arguments) if arguments else out

    def _tool(self, tool: BaseTool) -> bytes:
        name, arguments = name_of(type(tool)), arguments_of(tool)
        made = id_of(tool)
        open_calls = [call for call, written in self._calls.items() if not written.done]
        call = next((each for each in open_calls if each.call_id == made), None)
        if call is None and not made:
            call = next((each for each in open_calls if each.name == name), None)
        if call is None:  # a prebuilt tool has no deltas
            call_id, written = made or f"call_{len(self._ids)}", _Call()
            begin = self._begin_tool(call_id, name, arguments)
        else:
            call_id, written = call.call_id, self._calls[call]
            begin = self._begun(call, written)
        self._ids.append((tool, call_id))
        return begin + self._done(written, call_id, name, arguments)

    def _done(self, written: _Call, call_id: str, name: str, arguments: str) -> bytes:
        written.done = True
        try:
            value = json.loads(arguments or "{}")
        except ValueError:
            return self.encoder.tool_failed(call_id, name, arguments, _UNUSABLE)
        return self.encoder.tool(call_id, name, value)

    def _unusable(self, error: errors.ToolCallError, text: str) -> bytes:
        return b"".join(self._failed(each, text) for each in (error, *error.others))

    def _failed(self, error: errors.ToolCallError, text: str) -> bytes:
        for call, written in self._calls.items():
            same = call.name == error.tool_name and call.arguments == error.arguments
            if same and not written.done:
                written.done = True
                begin = self._begun(call, written)
                return begin + self.encoder.tool_failed(
                    call.call_id, call.name, call.arguments, text
                )
        return b""

    def _known(self, call: ToolCall) -> tuple[str, str]:
        """Return the id and the name of a tool call."""
        if not isinstance(call, BaseTool):
            return call.id or "", call.name
        name = name_of(type(call))
        for tool, call_id in self._ids:
            if tool is call:
                return call_id, name
        return id_of(call) or "", name


_CUT_OFF: Final = "The call was cut off."
_UNUSABLE: Final = "The arguments of the call are unusable."


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(**{name: value + getattr(other, name) for name, value in one})
