"""The samples of the page that this project was made from."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

PAGES = sorted((Path(__file__).parents[3] / "shared" / "seed").glob("*.txt"))


def samples(page: str) -> list[str]:
    """Return the code on a page: from a line that begins code, the longest run that is Python."""
    lines = page.splitlines()
    found: list[str] = []
    start = 0
    while start < len(lines):
        if lines[start].startswith(("from ", "# ")):
            ends = (end for end in range(len(lines), start, -1) if is_python(lines[start:end]))
            end = next(ends, start + 1)
            found.append("\n".join(lines[start:end]).strip())
            start = end
        else:
            start += 1
    return found


def is_python(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


BASIC, DETAILS, HANDLING = samples(PAGES[0].read_text()) if PAGES else ("", "", "")
CORRECTED = HANDLING.replace("topic: str", "genre: str")


def run(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    return names
