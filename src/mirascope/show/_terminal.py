"""A response on a terminal."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.tree import Tree
from typing_extensions import override

from mirascope.show._clean import clean
from mirascope.show._lines import BLANK, Line, lines_of
from mirascope.show._parts import Part, Parts, ProsePart, ToolPart, ValuePart
from mirascope.show._prose import Prose
from mirascope.show._screen import Screen
from mirascope.show._shapes import Grid, Node, Shape, arguments_shape, shape_of
from mirascope.show._status import Status, Tone
from mirascope.show._views import PartView, PartViews, Reasoning, View

_DIM: Final = Style(dim=True)
_TONES: Final[dict[Tone, str]] = {"good": "green", "bad": "bold red", "open": "cyan"}
_NARROWEST_COLUMN: Final = 8


class _ProseView(PartView[Line]):
    def __init__(self, console: Console, part: ProsePart) -> None:
        self._part = part
        self._prose = Prose(console, None if part.kind == "text" else _DIM)

    @override
    def advance(self) -> list[Line]:
        text = self._part.deltas.take()
        return self._prose.feed(text) if text else []

    @override
    def live(self) -> list[Line]:
        return self._prose.live()

    @override
    def finish(self) -> list[Line]:
        return self.advance() + self._prose.finish()


class _FoldedView(PartView[Line]):
    """Reasoning, of which only the length is shown."""

    def __init__(self, console: Console, part: ProsePart) -> None:
        self._console = console
        self._part = part
        self._length = 0

    @override
    def live(self) -> list[Line]:
        self._length += len(self._part.deltas.take())
        text = f"▸ reasoning, {self._length:,} characters"
        return lines_of(self._console, Text(text, _DIM), source=text)

    @override
    def finish(self) -> list[Line]:
        return self.live()


class _ShapeView(PartView[Line]):
    """A part that is drawn again when its value, or the size of the terminal, has changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawn: tuple[object, object] = (None, None)
        self._lines: list[Line] = []

    @abstractmethod
    def _value(self) -> object:
        """Return what is drawn; the same object if nothing was received."""

    @abstractmethod
    def _renderable(self, value: Any, at_most: int | None) -> RenderableType:
        """Return a value as something that Rich renders."""

    @override
    def live(self) -> list[Line]:
        value, size = self._value(), self._console.size
        if self._drawn[0] is not value or self._drawn[1] != size:
            self._drawn = value, size
            self._lines = self._rendered(value, size.height)
        return self._lines

    @override
    def finish(self) -> list[Line]:
        return self._rendered(self._value(), None)

    def _rendered(self, value: object, at_most: int | None) -> list[Line]:
        renderable = self._renderable(value, at_most)
        return lines_of(self._console, renderable, source=str(value))


class _ToolView(_ShapeView):
    def __init__(self, console: Console, part: ToolPart) -> None:
        super().__init__(console)
        self._part = part
        self._arguments = ""

    @override
    def _value(self) -> str:
        if deltas := self._part.deltas.take():
            self._arguments += deltas
        return self._arguments

    @override
    def _renderable(self, value: str, at_most: int | None) -> RenderableType:
        content = _of_shape(arguments_shape(value, at_most=at_most), self._console)
        title = Text(clean(self._part.name) or "…", "bold cyan")
        return Panel(content, title=title, title_align="left")


class _ValueView(_ShapeView):
    def __init__(self, console: Console, part: ValuePart) -> None:
        super().__init__(console)
        self._part = part

    @override
    def _value(self) -> object:
        return self._part.value()

    @override
    def _renderable(self, value: object, at_most: int | None) -> RenderableType:
        return _of_shape(shape_of(value, at_most=at_most), self._console)


def _of_shape(shape: Shape, console: Console) -> RenderableType:
    if not isinstance(shape, Grid):
        return _tree(shape)
    if len(shape.columns) * _NARROWEST_COLUMN > console.width:
        return _tree([_row(shape.columns, row) for row in shape.rows])
    table = Table(caption=f"{shape.omitted:,} rows above" if shape.omitted else None)
    for name in shape.columns:
        table.add_column(Text(name))
    for row in shape.rows:
        table.add_row(*map(Text, row))
    return table


def _row(columns: list[str], row: list[str]) -> Node:
    return Node("•", "", [Node(name, text, []) for name, text in zip(columns, row, strict=True)])


def _tree(nodes: list[Node]) -> Tree:
    tree = Tree("", hide_root=True)
    _add(tree, nodes)
    return tree


def _add(tree: Tree, nodes: list[Node]) -> None:
    for name, text, children in nodes:
        separator = " " if name == "•" else ": " if name and text else ":" if children else ""
        label = Text.assemble((name, "" if name == "•" else "cyan"), separator, text)
        _add(tree.add(label), children)


class TerminalView(View):
    """Draws a response.

    Args:
        console: The terminal.
        parts: The response.
        reasoning: How reasoning is shown.
    """

    def __init__(self, console: Console, parts: Parts, reasoning: Reasoning) -> None:
        self._console = console
        self._screen = Screen(console)
        self._reasoning = reasoning
        self._views = PartViews(parts, self._view, gap=[BLANK])

    @override
    def draw(self, status: Status) -> None:
        final, live = self._views.final(), self._views.live()
        gap = [BLANK] if live or self._views.has_shown else []
        self._screen.draw(final, [*live, *gap, *self._status(status)])

    @override
    def finish(self, status: Status) -> None:
        final = self._views.final()
        gap = [BLANK] if self._views.has_shown else []
        self._screen.draw([*final, *gap, *self._status(status)], [])

    def _view(self, part: Part) -> PartView[Line]:
        if isinstance(part, ToolPart):
            return _ToolView(self._console, part)
        if isinstance(part, ValuePart):
            return _ValueView(self._console, part)
        if part.kind == "reasoning" and self._reasoning == "fold":
            return _FoldedView(self._console, part)
        return _ProseView(self._console, part)

    def _status(self, status: Status) -> list[Line]:
        facts = "".join(f" · {fact}" for fact in status.facts)
        text = Text.assemble((status.state, _TONES[status.tone]), (facts, "dim"))
        return lines_of(self._console, text, source=text.plain)
