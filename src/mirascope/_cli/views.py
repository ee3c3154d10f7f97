"""How a response is printed: as text, as a JSON value, as events or live."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from pydantic import TypeAdapter
from typing_extensions import override

from mirascope._cli.calls import Plain, Structured
from mirascope._cli.failures import reason
from mirascope._cli.terminal import Output, is_terminal, report
from mirascope._cli.tools import report_call, report_output, text_of_output
from mirascope.conversation import Output as ToolOutput
from mirascope.core import BaseTool, ToolCallPart
from mirascope.web._walk import Walk
from mirascope.web.sse import SSEEncoder

Outputs: TypeAlias = Sequence[tuple[BaseTool | ToolCallPart, ToolOutput]]


class TextView:
    """Prints text while it is received; tools and their outputs go to stderr."""

    def __init__(self) -> None:
        self.out = Output()

    def begin(self, stream: Plain | Structured) -> None:
        """Begin a round."""
        del stream
        self.out.end_line()

    def item(self, chunk: Any, tool: BaseTool | None) -> None:
        """Print an item of the round."""
        del tool
        self.out.write(chunk.content)

    def call(self, tool: BaseTool) -> None:
        """Print a call of a tool, before it is approved."""
        self.out.end_line()
        report_call(tool)

    def end(self, outputs: Outputs) -> None:
        """End a round that is complete."""
        self.out.end_line()
        for tool, output in outputs:
            report_output(tool, output)

    def finish(self, error: BaseException | None) -> None:
        """End the response, if need be with an error."""
        del error
        self.out.end_line()


class EventView(TextView):
    """Prints the events of `mirascope.web.sse`, each as a JSON object on a line of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._walk = Walk(SSEEncoder())
        self._read: Callable[[Any, BaseTool | None], bytes] | None = None

    @override
    def begin(self, stream: Plain | Structured) -> None:
        _, self._read = self._walk.begin(stream)

    @override
    def item(self, chunk: Any, tool: BaseTool | None) -> None:
        if self._read is not None:
            self._print(self._read(chunk, tool))

    @override
    def call(self, tool: BaseTool) -> None:
        if is_terminal(sys.stderr):  # where it is approved
            report_call(tool)

    @override
    def end(self, outputs: Outputs) -> None:
        self._print(self._walk.end())
        for tool, output in outputs:
            failed = text_of_output(output) if isinstance(output, Exception) else ""
            self._print(self._walk.output(tool, output, failed))

    @override
    def finish(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            self._print(self._walk.fail(error, reason(error)))
        elif not isinstance(error, BrokenPipeError):
            self._walk.closed = error is not None
            self._print(self._walk.finish())

    def _print(self, block: bytes) -> None:
        lines = [line for line in block.split(b"\n") if line.startswith(b"data: ")]
        self.out.write_bytes(b"".join(line.removeprefix(b"data: ") + b"\n" for line in lines))


class ValueView(TextView):
    """Prints a JSON value: on a terminal while it is received, else once it is validated."""

    def __init__(self, response_model: Any) -> None:
        super().__init__()
        self._adapter = TypeAdapter[Any](response_model)
        self._grows = is_terminal(sys.stdout)
        self._is_wrapped = not isinstance(response_model, type)
        self._printer = _JSONPrinter(self._is_wrapped)
        self._growing: object = None

    @override
    def begin(self, stream: Plain | Structured) -> None:
        self._stream = cast("Structured", stream)
        self._growing = self._stream.growing

    @override
    def item(self, chunk: Any, tool: BaseTool | None) -> None:
        self._stream.grow(chunk)
        if not self._grows:
            return
        if self._stream.growing is not self._growing:  # what was received before is not the value
            self._growing = self._stream.growing
            self._printer = _JSONPrinter(self._is_wrapped)
            self.out.end_line()
        self.out.write(self._printer.feed(self._stream.json_delta))

    @override
    def end(self, outputs: Outputs) -> None:
        self.out.end_line()
        value = self._adapter.dump_python(self._stream.finish(), mode="json", by_alias=True)
        if not self._grows or value != self._printer.value:
            if self._printer.text:
                report("the text differs from the parsed response, which is:")
            encoding = (sys.stdout.encoding or "").lower()
            self.out.write(json.dumps(value, indent=2, ensure_ascii=not encoding.startswith("utf")))
            self.out.end_line()


class _JSONPrinter:
    """Indents a JSON text while it is received.

    Args:
        is_wrapped: Whether the value is the only field of an object.

    Attributes:
        text: The text so far.

    >>> printer = _JSONPrinter(is_wrapped=True)
    >>> print(printer.feed('{"value":["a, b",{}') + printer.feed(',1]}'))
    [
      "a, b",
      {},
      1
    ]
    """

    def __init__(self, is_wrapped: bool) -> None:  # noqa: FBT001  # the only one
        self.text = ""
        self._skips = is_wrapped
        self._depth = 0
        self._in_string = self._is_escape = self._is_empty = self._done = False

    @property
    def value(self) -> object:
        """The value of the text; ``None`` if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def feed(self, text: str) -> str:
        """Return a piece of the text, indented."""
        out = "".join(map(self._indented, text))
        self.text += out
        return out

    def _indented(self, char: str) -> str:
        if self._in_string:
            self._in_string = self._is_escape or char != '"'
            self._is_escape = char == "\\" and not self._is_escape
            return char
        if self._skips or self._done or char.isspace():
            self._skips = self._skips and char != ":"
            return ""
        if char in "]}":
            self._depth -= 1
            self._done = self._depth <= 0
            break_before = "" if self._is_empty else self._break()
            self._is_empty = False
            return break_before + char
        before, self._is_empty = self._break() if self._is_empty else "", char in "[{"
        self._depth += self._is_empty
        self._in_string = char == '"'
        return before + char + {",": self._break(), ":": " "}.get(char, "")

    def _break(self) -> str:
        return "\n" + "  " * self._depth


Show: TypeAlias = Callable[[Any], object]


def live() -> Show:
    """Return the function that shows a stream live.

    Raises:
        MissingSDKError: Rich is not installed.
    """
    from mirascope.show import show  # noqa: PLC0415  # needs another extra

    return show
