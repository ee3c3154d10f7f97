"""Markdown as the lines of a terminal, while it is received: what Rich makes of the complete text.

Each block is rendered once when it is complete. The open block is rendered whenever it is drawn; of
code the lines that are complete are final too, and of any other block what does not fit the screen,
provided that the rest looks the same without it. A block longer than `LIMIT` is cut in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import ClassVar, Final

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, TextElement, UnknownElement
from rich.style import Style
from typing_extensions import override

from mirascope.show._blocks import LIMIT, Blocks, Cut
from mirascope.show._lines import BLANK, Line, lines_of

_KEPT: Final = 3
"""How many lines of code are drawn again: their colors show whether the code can be cut there."""

_SAMPLE: Final = 24
"""How many characters of a rendered line are looked for in its source."""


class _HTMLBlock(TextElement):
    """HTML, as its source."""

    @override
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.rstrip()
        yield self.text


class TerminalMarkdown(Markdown):
    """Rich's Markdown, but for HTML: Rich shows none, which would be a part of the answer."""

    elements: ClassVar = {**Markdown.elements, "html_block": _HTMLBlock}


class Prose:
    """The lines of one text.

    Args:
        console: Where it is shown.
        style: The style of all of it.
    """

    def __init__(self, console: Console, style: Style | None = None) -> None:
        self._console = console
        self._style = style
        self._markdown = TerminalMarkdown("")
        self._blocks = Blocks()
        self._gap = False
        self._skipped = 0
        self._width = console.width
        self._live: list[Line] | None = []

    def feed(self, text: str) -> list[Line]:
        """Add text; return the lines that are final."""
        final: list[Line] = []
        for tokens in self._blocks.feed(text):
            final += self._final(tokens)
            while len(self._blocks.text) > LIMIT:
                final += self._forced()
        self._live = None
        return final + self._settled()

    def live(self) -> list[Line]:
        """Return the lines of the open block."""
        width = self._console.width
        if self._live is None or width != self._width:
            self._width, self._live = width, self._rendered(self._blocks.open())
        return self._live

    def finish(self) -> list[Line]:
        """Return the lines that are left, at the end of the text."""
        return self._final(self._blocks.finish())

    def _rendered(self, tokens: Sequence[Token]) -> list[Line]:
        lines = self._lines(tokens)
        if self._gap and tokens and tokens[0].type not in _CONTAINERS:
            return [BLANK, *lines]
        return lines[self._skipped :]

    def _lines(self, tokens: Sequence[Token]) -> list[Line]:
        if not tokens:
            return []
        self._markdown.parsed = list(tokens)
        source = "\n\n".join(token.content for token in tokens if token.content)
        return lines_of(self._console, self._markdown, source=source, style=self._style)

    def _final(self, tokens: Sequence[Token]) -> list[Line]:
        lines = self._rendered(tokens)
        if tokens:
            kind = tokens[-1].type.replace("_close", "_open")
            self._gap = TerminalMarkdown.elements.get(kind, UnknownElement).new_line
            self._skipped = 0
        self._live = None
        return lines

    # What of the open block is final.

    def _settled(self) -> list[Line]:
        """Return the lines of the open block that are final, and cut them off."""
        kind, text = self._kind, self._blocks.text
        if kind in _CODE:
            if text.count("\n") <= _KEPT:
                return []
        elif (
            kind == "table_open"
            or len(text) < self._console.width
            or len(self.live()) < self._console.height
        ):
            return []
        for cut in self._cuts():
            tail = self._lines(self._blocks.tail(cut))
            kept = len(tail) - (kind in _PADDED)
            if kept > 0 and _ends_with(self.live(), tail[-kept:]):
                return self._cut(cut, self.live()[:-kept], len(tail) - kept)
        return []

    @property
    def _kind(self) -> str:
        tokens = self._blocks.open()
        return tokens[0].type if tokens else ""

    def _cuts(self) -> Iterator[Cut]:
        """Yield places where the open block may be cut without a trace."""
        if self._kind in _CODE:
            found = list(islice(self._blocks.cuts(), _KEPT, None))
            yield from (found[0], found[len(found) // 2]) if found else ()
        elif self._kind != "paragraph_open":
            yield from islice(self._blocks.cuts(), 3)
        else:
            half = len(self.live()) // 2  # of what was received last, emphasis may still be open
            for line in self.live()[half : half + 8]:
                sample = line.plain.strip()[:_SAMPLE]
                position = self._blocks.text.rfind(sample) if sample else 0
                if position > 0:
                    yield Cut(position)

    def _forced(self) -> list[Line]:
        """Cut the open block, which is too long; return the lines before the cut."""
        cut, kind = self._blocks.forced_cut(), self._kind
        lines = self._rendered(self._blocks.before(cut))
        lines = lines[:-1] if kind in _CODE else lines
        return self._cut(cut, lines, skipped=int(kind in _PADDED))

    def _cut(self, cut: Cut, lines: list[Line], skipped: int) -> list[Line]:
        self._blocks.cut(cut)
        self._gap = False
        self._skipped = skipped
        self._live = None
        return lines


_CODE: Final = frozenset({"fence", "code_block"})
_CONTAINERS: Final = frozenset(
    {"blockquote_open", "bullet_list_open", "ordered_list_open", "table_open"}
)
"""Blocks above which Rich leaves a line blank by itself, even at the beginning of a text."""

_PADDED: Final = _CODE | _CONTAINERS
"""Blocks whose first line is blank."""


def _ends_with(lines: Sequence[Line], end: Sequence[Line]) -> bool:
    return list(lines[-len(end) :]) == list(end)
