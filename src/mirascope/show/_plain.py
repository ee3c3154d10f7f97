"""A response where no lines can be drawn again: in a pipe, in a file, on a simple terminal.

Text is written as it is received. A tool is a line with its name and its arguments; a structured
value is its JSON, at the end. Reasoning is left out: what reads a pipe wants the answer.
"""

from __future__ import annotations

from pydantic_core import to_json
from rich.console import Console
from typing_extensions import override

from mirascope.show._clean import clean
from mirascope.show._parts import Part, Parts, ProsePart, ToolPart
from mirascope.show._screen import write
from mirascope.show._status import Status
from mirascope.show._views import View


class PlainView(View):
    """Writes a response.

    Args:
        console: Where.
        parts: The response.
    """

    pause = 0.0
    in_thread = False

    def __init__(self, console: Console, parts: Parts) -> None:
        self._console = console
        self._parts = parts
        self._complete = 0
        self._at_start = True

    @override
    def draw(self, status: Status) -> None:
        received = self._parts.all
        while self._complete < len(received):
            part = received[self._complete]
            is_complete = part.is_complete
            self._write(part, is_complete=is_complete)
            if not is_complete:
                return
            self._complete += 1

    def _write(self, part: Part, *, is_complete: bool) -> None:
        if isinstance(part, ProsePart):
            text = part.deltas.take()
            if part.kind == "text" and text:
                self._text(clean(text))
            elif part.kind == "note":
                self._line(text)
        elif not is_complete:
            return
        elif isinstance(part, ToolPart):
            self._line(clean(f"{part.name}({part.deltas.take()})"))
        elif (value := part.value()) is not None:
            self._line(clean(to_json(value, fallback=str).decode()))

    def _text(self, text: str) -> None:
        self._at_start = text.endswith("\n")
        write(self._console, text)

    def _line(self, text: str) -> None:
        self._text(("" if self._at_start else "\n") + text + "\n")

    @override
    def finish(self, status: Status) -> None:
        self.draw(status)
        if not self._at_start:
            self._text("\n")
        if self._console.file.isatty():
            self._line(str(status))
