"""Where a response is shown: which views a program, a shell or a notebook has.

Notebooks are found among the modules that are loaded; none is imported to look for it.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any, TextIO, cast

from rich.console import Console
from typing_extensions import override

from mirascope.show._notebook import NotebookView, Outputs
from mirascope.show._parts import Parts
from mirascope.show._plain import PlainView
from mirascope.show._terminal import TerminalView
from mirascope.show._views import Reasoning, View


class JupyterOutputs:
    """The outputs of a cell in Jupyter, VS Code or Colab: display handles."""

    in_thread = True

    def __init__(self) -> None:
        self._display: Any = import_module("IPython.display").display  # which runs already
        self._handles: list[Any] = []

    def replace(self, index: int, html: str) -> None:
        """Show HTML as an output."""
        bundle = {"text/html": html, "text/plain": "a response of a model, as HTML"}
        if index == len(self._handles):
            self._handles.append(self._display(bundle, raw=True, display_id=True))
        else:
            self._handles[index].update(bundle, raw=True)


class MarimoOutputs:
    """The outputs of a cell in marimo."""

    in_thread = False

    def __init__(self, marimo: Any) -> None:
        self._marimo = marimo
        self._before = self._in_cell()
        self._count = 0

    def replace(self, index: int, html: str) -> None:
        """Show HTML as an output."""
        output, shown = self._marimo.output, self._marimo.Html(html)
        if index == self._count:
            self._count += 1
            output.append(shown)
        else:
            output.replace_at_index(shown, self._before + index)

    @staticmethod
    def _in_cell() -> int:
        """Return how many outputs the cell has, which marimo's public interface does not."""
        try:
            context = import_module("marimo._runtime.context").get_context()
            return len(context.execution_context.output)
        except (ImportError, AttributeError, TypeError):
            return 0


def notebook() -> Outputs | None:
    """Return the outputs of the cell that runs; ``None`` outside of notebooks."""
    marimo: Any = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        return MarimoOutputs(marimo)
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is not None:
        return JupyterOutputs()
    return None


class _AboveBars(io.TextIOBase):
    """Standard output while bars are shown below it: complete lines go above them."""

    @override
    def write(self, text: str, /) -> int:
        return sys.stdout.write(text)

    @override
    def isatty(self) -> bool:
        return sys.stdout.isatty()


def view_of(parts: Parts, console: Console | None, reasoning: Reasoning) -> View:
    """Return the view of a response.

    Args:
        parts: The response.
        console: The user's console; ``None`` for the notebook, or standard output.
        reasoning: How reasoning is shown.
    """
    outputs = notebook() if console is None else None
    if outputs is not None:
        return NotebookView(outputs, parts, reasoning)
    if console is None and hasattr(sys.stdout, "rich_proxied_file"):
        return PlainView(Console(file=cast("TextIO", _AboveBars())), parts)
    where = Console() if console is None else console
    if is_live(where, is_given=console is not None):
        return TerminalView(where, parts, reasoning)
    return PlainView(where, parts)


def is_live(console: Console, *, is_given: bool) -> bool:
    """Return whether lines of a console can be drawn again."""
    if console.is_dumb_terminal or console.legacy_windows or not console.is_interactive:
        return False
    return is_given or console.file.isatty()  # colors may be forced where there is no terminal
