"""Rendered lines, as they are written to a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style

_LINK_ID: Final = re.compile(r"\x1b\]8;id=[^;]*;")
_COLORS: Final = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


class Line(NamedTuple):
    """A line.

    Attributes:
        text: What is written: text with escape sequences.
        plain: The text.
        cells: Its width.
    """

    text: str
    plain: str
    cells: int


BLANK: Final = Line("", "", 0)


def lines_of(
    console: Console, renderable: RenderableType, *, style: Style | None = None
) -> list[Line]:
    """Return the lines of a renderable at the console's current width."""
    options = console.options.update(height=None)
    rendered = console.render_lines(renderable, options, style=style, pad=False)
    colors = _COLORS.get(console.color_system or "")
    return [_line(segments, colors, no_color=console.no_color) for segments in rendered]


def _line(segments: Iterable[Segment], colors: ColorSystem | None, *, no_color: bool) -> Line:
    segments = [segment for segment in segments if not segment.control]
    if no_color:
        segments = list(Segment.remove_color(segments))
    _strip_end(segments)
    plain = "".join(segment.text for segment in segments)
    text = plain
    if colors is not None:
        render = partial(Style.render, color_system=colors)
        text = "".join(render(style, text) if style else text for text, style, _ in segments)
        if "\x1b]8;" in text:  # an id differs each time, and would make equal lines unequal
            text = _LINK_ID.sub("\x1b]8;;", text)
    return Line(text, plain, Segment.get_line_length(segments))


def _strip_end(segments: list[Segment]) -> None:
    """Remove the spaces at the end of a line that nobody sees.

    A terminal that takes an emoji to be wider than Rich does would wrap them, and so does one that
    is made narrower.
    """
    while segments and not _is_painted(segments[-1].style):
        text, style, _ = segments.pop()
        if stripped := text.rstrip(" "):
            segments.append(Segment(stripped, style))
            return


def _is_painted(style: Style | None) -> bool:
    """Return whether a space has a look in a style."""
    return style is not None and bool(
        style.bgcolor or style.underline or style.reverse or style.strike
    )
