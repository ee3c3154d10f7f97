"""A terminal of which the last lines are drawn again.

Lines are final, or they are live. Each time only what differs is written, at once: the cursor moves
up to the first line that differs, and the lines from there on replace the old ones. Between two
writes the cursor is below everything, so that whatever else is printed destroys nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from mirascope.show._lines import Line

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Around what a terminal shows at once; one that does not know them ignores them."""

_ERASE_LINE: Final = "\x1b[K"
_ERASE_BELOW: Final = "\x1b[J"


class Screen:
    """Draws lines.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: list[Line] = []
        self._width = console.width

    def draw(self, final: Sequence[Line], live: Sequence[Line]) -> None:
        """Replace the live lines by final ones, and by those that are live now.

        Of the live lines only the last ones are shown, if there are more than the terminal has.
        """
        width, height = self._console.size
        live = live[-max(1, height - 1) :]
        new, old = [*final, *live], self._live
        same = _common_start(new, old) if width == self._width else 0
        rows = [self._rows(line, width) for line in old[same:]]
        self._live, self._width = list(live), width
        if rows or same < len(new):
            self._write(new[same:], sum(rows), width)

    def _rows(self, line: Line, width: int) -> int:
        """Return how many rows a line takes that was written when the terminal was wider."""
        return max(1, -(-line.cells // width)) if width < self._width else 1

    def _write(self, lines: Sequence[Line], up: int, width: int) -> None:
        out = [_BEGIN, f"\x1b[{up}A\r" if up else "\r"]
        for line in lines:  # a full line may have left the cursor on its last character
            out += (line.text, _ERASE_LINE if line.cells < width else "", "\n")
        out += (_ERASE_BELOW if up > len(lines) else "", _END)
        write(self._console, "".join(out))


def _common_start(one: Sequence[Line], other: Sequence[Line]) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def write(console: Console, text: str) -> None:
    """Write a text as it is; characters that the encoding lacks are replaced."""
    file = console.file
    try:
        file.write(text)
    except UnicodeEncodeError:
        encoding = getattr(file, "encoding", None) or "ascii"
        file.write(text.encode(encoding, "replace").decode(encoding))
    file.flush()
