"""What a response is made of, in the order in which it is received; the same for every view.

The thread that reads the stream adds to parts; another one may draw them. Adding is one append to a
list for the common case, one more delta of a text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

from mirascope.core import BaseTool
from mirascope.core._tools.tool import arguments_of, name_of
from mirascope.core.base import BaseCallResponseChunk, BaseStream, BaseStructuredStream, Retry

Stream: TypeAlias = BaseStream[Any, Any, Any, Any] | BaseStructuredStream[Any]
Chunk: TypeAlias = BaseCallResponseChunk[Any, Any]
Read: TypeAlias = Callable[[Chunk, BaseTool | None], object]


class Deltas:
    """A text that grows: the deltas that nobody has taken."""

    def __init__(self, text: str = "") -> None:
        self._deltas = [text] if text else []
        self.add = self._deltas.append

    def take(self) -> str:
        """Return the text since the last time; another thread may add meanwhile.

        A server may send the halves of a character one after the other: they are taken together.
        """
        taken = self._deltas[:]
        del self._deltas[: len(taken)]
        text = "".join(taken)
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._deltas.insert(0, text[-1])
            text = text[:-1]
        return text


class ProsePart:
    """A text of the model.

    Attributes:
        kind: Whether it is the answer, the reasoning before it, or a note of ours.
        deltas: The text.
        is_complete: Whether nothing follows.
    """

    def __init__(self, kind: Literal["text", "reasoning", "note"], text: str = "") -> None:
        self.kind = kind
        self.deltas = Deltas(text)
        self.is_complete = kind == "note"


class ToolPart:
    """A call of a tool.

    Attributes:
        name: The tool's name.
        deltas: The JSON of the arguments.
        is_complete: Whether nothing follows.
    """

    def __init__(self, name: str, arguments: str = "", *, is_complete: bool = False) -> None:
        self.name = name
        self.deltas = Deltas(arguments)
        self.is_complete = is_complete


class ValuePart:
    """The value of a structured stream.

    Attributes:
        is_complete: Whether nothing follows.
    """

    def __init__(self, stream: BaseStructuredStream[Any], lock: threading.Lock) -> None:
        self._stream = stream
        self._lock = lock
        self.is_complete = False

    def value(self) -> object:
        """Return the value so far; ``None`` before it begins."""
        complete = getattr(self._stream, "constructed_response_model", None)
        if complete is not None:
            return complete
        with self._lock:
            return self._stream.partial_value


Part: TypeAlias = ProsePart | ToolPart | ValuePart


class Parts:
    """The parts of one response.

    Args:
        stream: The stream that is read.

    Attributes:
        stream: The plain stream: of a structured one, the stream below it.
        all: The parts; all but the last ones are complete.
        chunks: How many chunks were received.
        read: Adds an item of the stream.
    """

    def __init__(self, stream: Stream) -> None:
        structured = stream if isinstance(stream, BaseStructuredStream) else None
        self.stream = cast(
            "BaseStream[Any, Any, Any, Any]", structured.stream if structured else stream
        )
        self.all: list[Part] = []
        self.chunks = 0
        self.read: Read = self._read_structured if structured else self._read
        self._structured = structured
        self._lock = threading.Lock()
        self._calls: dict[object, ToolPart] = {}
        self._kind = ""
        self._add = _nowhere
        self._restarts = False
        self.stream.on_retry.append(self._note_retry)

    def _note_retry(self, retry: Retry) -> None:
        self._restarts = retry.restarts and bool(self.all)

    def _read(self, chunk: Chunk, tool: BaseTool | None) -> None:
        self.chunks += 1
        content = chunk.content
        plain = tool is None and not chunk.tool_calls and not chunk.reasoning
        if plain and content and self._kind == "text" and not self._restarts:
            self._add(content)
            return
        self._restart()
        if chunk.reasoning:
            self._prose("reasoning", chunk.reasoning)
        if content:
            self._prose("text", content)
        if chunk.tool_calls:
            self._read_calls(chunk)
        if tool is not None and tool.delta is None:
            self._read_tool(tool)

    def _read_structured(self, chunk: Chunk, _: BaseTool | None) -> None:
        structured = cast("BaseStructuredStream[Any]", self._structured)
        self.chunks += 1
        if self._kind == "value":  # a restart replaces the value in its place
            self._restarts = False
        self._restart()
        if chunk.reasoning:
            self._prose("reasoning", chunk.reasoning)
        with self._lock:
            grown = structured.grow(chunk)
        if grown and self._kind != "value":
            self._begin("value", ValuePart(structured, self._lock))

    def _restart(self) -> None:
        if self._restarts:
            self._restarts = False
            self._calls = {}
            self._begin("note", ProsePart("note", "The response restarts."))

    def _begin(self, kind: str, part: Part) -> None:
        """Begin a part; one that is not a tool completes all before it."""
        if kind != "tool":
            self._complete()
        elif self._kind != "tool" and self.all:
            self.all[-1].is_complete = True
        self._kind = kind
        self.all.append(part)

    def _prose(self, kind: Literal["text", "reasoning"], delta: str) -> None:
        if self._kind != kind:
            part = ProsePart(kind)
            self._begin(kind, part)
            self._add = part.deltas.add
        self._add(delta)

    def _read_calls(self, chunk: Chunk) -> None:
        for delta, call in zip(chunk.tool_calls, chunk.calls, strict=False):
            part = self._calls.get(call)
            if part is None:
                part = self._calls[call] = ToolPart(call.name)
                self._begin("tool", part)
            part.name = call.name
            part.deltas.add(delta.arguments)
            part.is_complete = call.is_complete

    def _read_tool(self, tool: BaseTool) -> None:
        """Add a complete tool, unless its deltas were received."""
        if any(part.name == name_of(type(tool)) for part in self._calls.values()):
            return
        part = ToolPart(name_of(type(tool)), arguments_of(tool), is_complete=True)
        self._begin("tool", part)

    def finish(self) -> None:
        """Complete all parts, at the end of the stream."""
        if self._structured is not None and self._kind != "value" and self.stream.content:
            self._prose("text", self.stream.content)  # which is no value
        self._complete()

    def _complete(self) -> None:
        for part in reversed(self.all):
            if part.is_complete and self._kind != "tool":
                return
            part.is_complete = True


def _nowhere(_: str, /) -> None:
    """Add to no part: there is none yet."""
