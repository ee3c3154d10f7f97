"""The session of live-views.md: ``python docs/places/show.py`` shows it, ``--svg`` draws it."""  # noqa: INP001  # a script

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from mirascope import testing
from mirascope.core import openai
from mirascope.show import show

PICTURE = Path(__file__).with_suffix(".svg")

ANSWER = """\
## Three books about books

1. **The Name of the Rose**, a *murder* in a library
2. **If on a winter's night a traveler**, which is about you
3. **Fahrenheit 451**, where they burn

| title | year | pages |
|-------|-----:|------:|
| The Name of the Rose | 1980 | 536 |
| If on a winter's night a traveler | 1979 | 260 |
| Fahrenheit 451 | 1953 | 158 |

```python
def longest(books: list[Book]) -> Book:
    return max(books, key=lambda book: book.pages)
```
"""


class Book(BaseModel):
    """A book."""

    title: str
    author: str
    pages: int


BOOKS = [
    Book(title="The Name of the Rose", author="Umberto Eco", pages=536),
    Book(title="Fahrenheit 451", author="Ray Bradbury", pages=158),
]


def find_in_library(title: str, author: str) -> str:
    """Find a book."""
    return f"{title} by {author} is on shelf 5"


@openai.call("gpt-4o-mini", stream=True, tools=[find_in_library])
def recommend(topic: str) -> str:
    """Recommend books, some of which may be in the library."""
    return f"Recommend books about {topic}"


@openai.call("gpt-4o-mini", stream=True, response_model=list[Book])
def list_books(topic: str) -> str:
    """List books."""
    return f"List books about {topic}"


def session(console: Console | None = None, pace: Literal["fast", "live"] = "live") -> None:
    """Show a text with a tool, then a structured value, as live models send them, or at once."""
    tool = testing.call("find_in_library", title="The Name of the Rose", author="Umberto Eco")
    reasoning = "Books about books: there should be a **library** in them."
    with testing.provider(pace=pace) as llm:
        llm.reply(ANSWER, reasoning=reasoning, tools=[tool], by=5, usage=(24, 231))
        llm.reply(value={"value": [book.model_dump() for book in BOOKS]}, by=5, usage=(20, 48))
        show(recommend("books"), console=console)
        show(list_books("books"), console=console)


def screen(written: str) -> str:
    """Return what is on a terminal at the end, of what was written to it."""
    lines: list[str] = []
    for up, text in re.findall(
        r"\x1b\[\?2026h(?:\x1b\[(\d+)A)?\r(.*?)\x1b\[\?2026l", written, re.DOTALL
    ):
        del lines[len(lines) - int(up or 0) :]
        lines += text.replace("\x1b[K", "").replace("\x1b[J", "").splitlines()
    return "\n".join(lines)


def picture(pace: Literal["fast", "live"] = "live") -> str:
    """Return the picture of a session."""
    file = io.StringIO()
    terminal = Console(
        file=file, force_terminal=True, width=80, height=200, color_system="truecolor"
    )
    session(terminal, pace)
    recorded = Console(file=io.StringIO(), record=True, width=80, color_system="truecolor")
    recorded.print(Text.from_ansi(screen(file.getvalue())))
    drawn = recorded.export_svg(title="show(stream)", unique_id="show")
    return re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # no font is downloaded


if __name__ == "__main__":
    if "--svg" in sys.argv:
        PICTURE.write_text(picture())
    else:
        session()
