"""The picture of a stream that grows: ``nox -s picture`` writes it into ``docs/stream.svg``."""  # noqa: INP001  # a script

from __future__ import annotations

import io
import re
import sys
from collections import defaultdict
from pathlib import Path
from time import monotonic
from typing import Final, Literal

from rich.console import Console
from rich.text import Text

from mirascope import testing
from mirascope.show import show

sys.path.insert(0, str(Path(__file__).parent))
from show import ANSWER, recommend

PICTURE = Path(__file__).parents[1] / "stream.svg"

WIDTH: Final = 80
PAUSE: Final = 4.0
"""Seconds for which the complete response is shown."""

LINE_HEIGHT: Final = 24.4
"""Of Rich's pictures."""

FRAME = re.compile(r"\x1b\[\?2026h(?:\x1b\[(\d+)A)?\r(.*?)\x1b\[\?2026l", re.DOTALL)
SHAPE = re.compile(
    r'<rect fill="[^"]+" x="[^"]+" y="(?P<top>[\d.]+)"[^>]*/>'
    r'|<text [^>]*clip-path="url\(#stream-line-(?P<line>\d+)\)">[^<]*</text>'
)


class Screen(io.StringIO):
    """A terminal that remembers what was on it, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.frames: list[tuple[float, list[str]]] = []

    def write(self, written: str) -> int:
        """Show a frame."""
        for up, text in FRAME.findall(written):
            del self.lines[len(self.lines) - int(up or 0) :]
            self.lines += text.replace("\x1b[K", "").replace("\x1b[J", "").splitlines()
            self.frames.append((monotonic(), [*self.lines]))
        return super().write(written)


def frames(pace: Literal["fast", "live"]) -> list[tuple[float, list[str]]]:
    """Return what a terminal shows while a response is received, and after how many seconds."""
    screen = Screen()
    terminal = Console(
        file=screen, force_terminal=True, width=WIDTH, height=200, color_system="truecolor"
    )
    with testing.provider(pace=pace) as llm:
        llm.reply(ANSWER, by=5, usage=(24, 231))
        start = monotonic()
        show(recommend("books"), console=terminal)
    return [(time - start, lines) for time, lines in screen.frames]


def drawn(lines: list[str]) -> str:
    """Return Rich's picture of lines."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(lines)))
    picture = console.export_svg(title="show(stream)", unique_id="stream")
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # none is downloaded


def picture(pace: Literal["fast", "live"] = "live") -> str:
    """Return the picture: each line of each moment once, visible while it is on the screen."""
    shown = frames(pace)
    duration = shown[-1][0] + PAUSE
    times: dict[tuple[int, str], list[tuple[float, float]]] = defaultdict(list)
    for index, (begin, lines) in enumerate(shown):
        end = shown[index + 1][0] if index + 1 < len(shown) else duration
        for row, line in enumerate(lines):
            spans = times[row, line]
            if spans and spans[-1][1] == begin:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))

    every = drawn([line for _, line in times])
    shapes: dict[int, list[str]] = defaultdict(list)
    for shape in SHAPE.finditer(every.partition("</defs>")[2]):
        line = shape["line"] or round((float(shape["top"]) - 1.5) / LINE_HEIGHT)
        if not shape[0].endswith(">\n</text>"):
            shapes[int(line)].append(re.sub(r' clip-path="[^"]+"', "", shape[0]))

    moments, groups = "", ""
    for number, ((row, _), spans) in enumerate(times.items()):
        steps = "0%{visibility:hidden}"
        for begin, end in spans:
            steps += f"{begin / duration:.2%}{{visibility:visible}}"
            if end < duration:
                steps += f"{end / duration:.2%}{{visibility:hidden}}"
        last = spans[-1][1] == duration
        moments += f"@keyframes m{number}{{{steps}}}\n"
        groups += (
            f'<g class="moment{" last" if last else ""}" style="animation-name:m{number}"'
            f' transform="translate(0 {(row - number) * LINE_HEIGHT:.1f})">'
            f"{''.join(shapes[number])}</g>\n"
        )

    head = re.sub(
        r"<clipPath id=\"stream-line.*?</clipPath>", "", drawn(shown[-1][1]), flags=re.DOTALL
    )
    head, _, rest = head.partition('<g transform="translate(9, 41)"')
    styles = every.partition("<style>")[2].partition("</style>")[0]
    styles += (
        f"{moments}.moment{{visibility:hidden;animation:{duration:.1f}s step-end infinite}}\n"
        "@media (prefers-reduced-motion:reduce){.moment{animation:none}.last{visibility:visible}}\n"
    )
    head = re.sub(
        r"(<style>).*?(</style>)", lambda at: at[1] + styles + at[2], head, flags=re.DOTALL
    )
    inside = f'<g transform="translate(9, 41)"{rest.partition(">")[0]}>'
    return f'{head}{inside}<g class="stream-matrix">\n{groups}</g></g></svg>\n'


if __name__ == "__main__":
    PICTURE.write_text(picture())
