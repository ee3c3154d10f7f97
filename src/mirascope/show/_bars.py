"""Bars of progress, and the displays that show them.

A bar is drawn from numbers that a loop counts: an addition for each item.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, Task
from rich.progress_bar import ProgressBar
from rich.text import Text
from typing_extensions import override

from mirascope.core.base import BaseCallResponse, BaseStream, BaseStructuredStream
from mirascope.show._clean import clean
from mirascope.show._notebook import bars_html
from mirascope.show._places import is_live, notebook
from mirascope.show._screen import write
from mirascope.show._status import counted, dollars, rate

_WIDTH: Final = 24
_WITH_METADATA: Final = (BaseStream, BaseStructuredStream, BaseCallResponse)
_PAUSE: Final = 1 / 8
"""Seconds between two drawings in a notebook."""


class Bar:
    """The progress of one source.

    Args:
        description: What is before it.
        total: The number of items that are expected.
    """

    def __init__(self, description: str, total: int | None) -> None:
        self.description = clean(description)
        self.total = total
        self.done = 0
        self.is_open = True
        self._unit = ""
        self._tokens = 0
        self._cost: float | None = None
        self._started = time.monotonic()
        self._ended = 0.0
        self._current: Any = None

    def begin(self, source: object) -> None:
        """Begin to iterate a source."""
        self._started = time.monotonic()
        if isinstance(source, BaseStream | BaseStructuredStream):
            self._unit = " chunks"
            self._current = source

    def begin_item(self, item: object) -> None:
        """Note an item that the loop is about to use."""
        if self._unit:
            return
        for response in (item, getattr(item, "value", None)):  # a row of `streams.gather` has one
            if isinstance(response, _WITH_METADATA):
                self._current = response
                return

    def end_item(self) -> None:
        """Count the item that the loop has used."""
        self.done += 1
        if not self._unit:
            self._add_current()

    def _add_current(self) -> None:
        metadata, self._current = _metadata(self._current), None
        if metadata is not None:
            self._tokens += metadata.output_tokens or 0
            if (cost := metadata.cost) is not None:
                self._cost = (self._cost or 0) + cost

    def end(self) -> None:
        """Note the end of the loop."""
        self._add_current()
        self._ended = time.monotonic()
        self.is_open = False

    @property
    def fraction(self) -> float | None:
        """How much of it is done, from 0 to 1; ``None`` if that is unknown."""
        if self.total:
            return min(1.0, self.done / self.total)
        return None if self.is_open else 1.0

    def facts(self) -> str:
        """Return what is after the bar."""
        metadata = _metadata(self._current)
        tokens = self._tokens + ((metadata.output_tokens or 0) if metadata is not None else 0)
        seconds = (self._ended or time.monotonic()) - self._started
        total = f"/{self.total:,}" if self.total else ""
        facts = [f"{self.done:,}{total}{self._unit}"]
        speed = rate(tokens, seconds) or (rate(self.done, seconds, "chunks") if self._unit else [])
        facts += speed
        facts += [counted(tokens)] if tokens else []
        facts += [dollars(self._cost)] if self._cost is not None else []
        return " · ".join(facts)

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.description, self.facts())))


def _metadata(item: Any) -> Any:
    """Return what has the tokens and the cost of an element."""
    return item.stream if isinstance(item, BaseStructuredStream) else item


class _Column(ProgressColumn):
    """A column of a display, whose numbers are those of the bars."""

    max_refresh = None

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    @override
    def render(self, task: Task) -> RenderableType:
        bar: Bar = task.fields["bar"]
        if self._part == "description":
            return Text(bar.description)
        if self._part == "facts":
            return Text(bar.facts())
        fraction = bar.fraction
        return ProgressBar(1, fraction or 0, width=_WIDTH, pulse=fraction is None)


class Display:
    """The bars that are shown at the same time.

    Args:
        console: The user's console; ``None`` for the notebook, or standard error.

    Attributes:
        is_over: Whether none of the bars is open.
    """

    def __init__(self, console: Console | None) -> None:
        self._bars: list[Bar] = []
        self._outputs = notebook() if console is None else None
        self._due = 0.0
        self._console = Console(stderr=True) if console is None else console
        self._progress: Progress | None = None
        if self._outputs is None and is_live(self._console, is_given=console is not None):
            columns = (_Column(part) for part in ("description", "bar", "facts"))
            self._progress = Progress(
                *columns,
                console=self._console,
                redirect_stdout=sys.stdout.isatty(),  # what goes to a file goes on to it
            )
            self._progress.start()

    @property
    def is_over(self) -> bool:
        return not any(bar.is_open for bar in self._bars)

    def add(self, bar: Bar) -> None:
        """Show a bar."""
        self._bars.append(bar)
        if self._progress is not None:
            self._progress.add_task("", total=None, bar=bar)
        self._replace()

    def counted(self) -> None:
        """Draw again what only this thread can draw, if it is time to."""
        if self._outputs is not None and time.monotonic() >= self._due:
            self._replace()

    def _replace(self) -> None:
        if self._outputs is not None:
            rows = [(bar.description, bar.fraction, bar.facts()) for bar in self._bars]
            self._outputs.replace(0, bars_html(rows))
            self._due = time.monotonic() + _PAUSE

    def ended(self, bar: Bar) -> None:
        """Note that a bar has ended."""
        self._replace()
        if self._outputs is None and self._progress is None:
            write(self._console, f"{bar}\n")
        if self._progress is not None and self.is_over:
            self._progress.stop()
