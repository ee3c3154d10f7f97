"""A response in a notebook: HTML that is replaced in its place.

A long response is several outputs. Only the last one is replaced, so what is sent each time is
bounded. All that the model wrote is escaped; images are links, so that nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final, Protocol

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from typing_extensions import override

from mirascope.show._blocks import LIMIT, Blocks
from mirascope.show._clean import clean
from mirascope.show._parts import Part, Parts, ProsePart, ToolPart, ValuePart
from mirascope.show._shapes import Grid, Node, Shape, arguments_shape, shape_of
from mirascope.show._status import Status, Tone
from mirascope.show._views import PartView, PartViews, Reasoning, View

PAGE: Final = 16_000
"""How many characters of HTML one output has before the next one begins."""

_ELEMENTS: Final = 50
"""How many elements of a list are shown while it grows."""

_MUTED: Final = "opacity:.6"
_BOX: Final = "border:1px solid;border-radius:4px;padding:.3em .6em;margin:.5em 0"
_COLORS: Final[dict[Tone, str]] = {"good": "green", "bad": "crimson", "open": "teal"}


class Outputs(Protocol):
    """The outputs of a cell.

    Attributes:
        in_thread: Whether they are reached from every thread.
    """

    in_thread: bool

    def replace(self, index: int, html: str) -> None:
        """Show HTML as an output: the next one, or one that is there."""


class _ProseHTML(PartView[str]):
    def __init__(self, part: ProsePart) -> None:
        self._part = part
        self._blocks = Blocks(html=False)

    @override
    def advance(self) -> list[str]:
        out: list[str] = []
        for tokens in self._blocks.feed(self._part.deltas.take()):
            out += self._html(tokens)
            while len(self._blocks.text) > LIMIT:
                cut = self._blocks.forced_cut()
                out += self._html(self._blocks.before(cut))
                self._blocks.cut(cut)
        return out

    @override
    def live(self) -> list[str]:
        return self._html(self._blocks.open())

    @override
    def finish(self) -> list[str]:
        return self.advance() + self._html(self._blocks.finish())

    def _html(self, tokens: Sequence[Token]) -> list[str]:
        if not tokens:
            return []
        html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
        return [html if self._part.kind == "text" else f'<div style="{_MUTED}">{html}</div>']


class _FoldedHTML(PartView[str]):
    def __init__(self, part: ProsePart) -> None:
        self._part = part
        self._length = 0

    @override
    def live(self) -> list[str]:
        self._length += len(self._part.deltas.take())
        return [f'<div style="{_MUTED}">▸ reasoning, {self._length:,} characters</div>']

    @override
    def finish(self) -> list[str]:
        return self.live()


class _ToolHTML(PartView[str]):
    def __init__(self, part: ToolPart) -> None:
        self._part = part
        self._arguments = ""

    @override
    def live(self) -> list[str]:
        return self._html(at_most=_ELEMENTS)

    @override
    def finish(self) -> list[str]:
        return self._html()

    def _html(self, at_most: int | None = None) -> list[str]:
        self._arguments += self._part.deltas.take()
        body = _shape_html(arguments_shape(self._arguments, at_most=at_most))
        return [f'<div style="{_BOX}"><b>{escape(clean(self._part.name))}</b>{body}</div>']


class _ValueHTML(PartView[str]):
    def __init__(self, part: ValuePart) -> None:
        self._part = part

    @override
    def live(self) -> list[str]:
        return [_shape_html(shape_of(self._part.value(), at_most=_ELEMENTS))]

    @override
    def finish(self) -> list[str]:
        return [_shape_html(shape_of(self._part.value()))]


def _shape_html(shape: Shape) -> str:
    if not isinstance(shape, Grid):
        return _list(shape)
    above = f"<caption>{shape.omitted:,} rows above</caption>" if shape.omitted else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in shape.columns)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in shape.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _list(nodes: Sequence[Node]) -> str:
    if not nodes:
        return ""
    return f'<ul style="margin:.2em 0">{"".join(map(_entry, nodes))}</ul>'


def _entry(node: Node) -> str:
    name = f"<b>{escape(node.name)}</b> " if node.name not in {"", "•"} else ""
    text = f'<span style="white-space:pre-wrap">{escape(node.text)}</span>' if node.text else ""
    return f"<li>{name}{text}{_list(node.children)}</li>"


class NotebookView(View):
    """Shows a response in the outputs of a cell.

    Args:
        outputs: The outputs.
        parts: The response.
        reasoning: How reasoning is shown.
    """

    pause = 1 / 8

    def __init__(self, outputs: Outputs, parts: Parts, reasoning: Reasoning) -> None:
        self.in_thread = outputs.in_thread
        self._outputs = outputs
        self._reasoning = reasoning
        self._views = PartViews(parts, self._view)
        self._index = 0
        self._page: list[str] = []
        self._shown = (-1, "")

    @override
    def draw(self, status: Status) -> None:
        self._draw(status, is_last=False)

    @override
    def finish(self, status: Status) -> None:
        self._draw(status, is_last=True)

    def _draw(self, status: Status, *, is_last: bool) -> None:
        for html in self._views.final():
            if self._page and sum(map(len, self._page)) + len(html) > PAGE:
                self._show("".join(self._page))
                self._index, self._page = self._index + 1, []
            self._page.append(html)
        live = [] if is_last else self._views.live()
        self._show("".join([*self._page, *live, _status_html(status)]))

    def _show(self, html: str) -> None:
        if (self._index, html) != self._shown:
            self._shown = (self._index, html)
            self._outputs.replace(self._index, html)

    def _view(self, part: Part) -> PartView[str]:
        if isinstance(part, ToolPart):
            return _ToolHTML(part)
        if isinstance(part, ValuePart):
            return _ValueHTML(part)
        if part.kind == "reasoning" and self._reasoning == "fold":
            return _FoldedHTML(part)
        return _ProseHTML(part)


def _status_html(status: Status) -> str:
    color = _COLORS[status.tone]
    facts = escape("".join(f" · {fact}" for fact in status.facts))
    state = f'<span style="color:{color}">{escape(status.state)}</span>'
    return f'<div><small>{state}<span style="{_MUTED}">{facts}</span></small></div>'


def bars_html(rows: Sequence[tuple[str, float | None, str]]) -> str:
    """Return bars of progress: of each its description, its fraction and its facts."""

    def row(description: str, fraction: float | None, facts: str) -> str:
        value = "" if fraction is None else f' value="{fraction:.3f}"'
        cells = (escape(description), f"<progress{value}></progress>", escape(facts))
        return "".join(f"<td>{cell}</td>" for cell in cells)

    return f"<table>{''.join(f'<tr>{row(*each)}</tr>' for each in rows)}</table>"


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Return a link to an image: what a model wrote must not make the browser fetch anything."""
    token = tokens[index]
    text = renderer.renderInlineAsText(token.children, options, env)
    source = str(token.attrGet("src") or "")
    return f'<a href="{escape(source)}" rel="noreferrer">🖼 {escape(text or source)}</a>'


def _markdown() -> Any:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    parser.add_render_rule("image", _image)
    return parser


_MARKDOWN: Final[MarkdownIt] = _markdown()
