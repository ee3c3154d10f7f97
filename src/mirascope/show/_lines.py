"""Rendered lines, as they are written to a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style

from mirascope.show._clean import clean

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
    console: Console, renderable: RenderableType, *, source: str, style: Style | None = None
) -> list[Line]:
    """Return the lines of a renderable at the console's current width.

    Args:
        console: The console.
        renderable: What is rendered.
        source: Its text, for where Rich fails: it does for a ``</kbd>`` too many, and for some
            characters without a width. That must not end the stream.
        style: The style below its own.
    """
    options = console.options.update(height=None)
    try:
        rendered = console.render_lines(renderable, options, style=style, pad=False)
    except Exception:  # noqa: BLE001  # whatever it is
        return _plain_lines(clean(source), console.width)
    colors = _COLORS.get(console.color_system or "")
    return [_line(segments, colors, no_color=console.no_color) for segments in rendered]


def _plain_lines(text: str, width: int) -> list[Line]:
    """Return the lines of a text, cut so that the widest characters fit, too."""
    length = max(1, width // 2)
    pieces = (
        line[start : start + length]
        for line in text.expandtabs().splitlines()
        for start in range(0, max(1, len(line)), length)
    )
    return [Line(piece, piece, cell_len(piece)) for piece in pieces]


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
