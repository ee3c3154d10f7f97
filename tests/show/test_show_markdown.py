"""The lines of a text that grows are those of Rich for all of it."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from support.recordings import recordings

from mirascope.show._blocks import LIMIT, Blocks
from mirascope.show._clean import clean
from mirascope.show._lines import Line, lines_of
from mirascope.show._parts import Deltas
from mirascope.show._prose import Prose, TerminalMarkdown

DOCS = Path(__file__).parents[2] / "docs"

EVERYTHING = """\
# Title

Some *text* with **bold** words, `code`, ~~no~~ and a [link](https://example.com/a_b?c=d).
A second line\\
and a hard break, 日本語のテキスト and 👩‍👩‍👧 emoji.

Setext
------

- one
- two

  with a paragraph
  ```python
  nested = "code"
  ```
  1. deep
  2. er
* another list

9. nine
10. ten

| a | b |
|---|--:|
| 1 | `x | y` |
| 日本 | 2 |

> a quote
lazy
> > nested

```python
def f(x: int) -> str:
    '''A docstring

    of lines.'''
    return f"{x}"  # and a very long comment that does not fit into a narrow terminal at all

```

    indented code

~~~
tildes
~~~

***

#hash tag
<div>
html
</div>

![alt](https://example.com/x.png) and <kbd>key</kbd> and <https://example.com>
"""


def texts() -> list[str]:
    """Return texts of real models, and the pages of the project, which have all kinds of blocks."""
    every = recordings("openai", "anthropic", "gemini", "groq", "mistral", "cohere")
    found = [each.expected.get("text") or "" for each in every]
    found = [text for text in found if len(text) > 200 and "]: http" not in text]
    pages = [
        (DOCS / f"{name}.md").read_text()
        for name in ("places/web", "providers/index", "migrate/mirascope-v1")
    ]
    return [EVERYTHING, *sorted(found, key=len)[-60:], *pages]


TEXTS = texts()


def console(width: int = 80, height: int = 1000) -> Console:
    file = io.StringIO()
    return Console(
        file=file, force_terminal=True, width=width, height=height, color_system="truecolor"
    )


def rendered(where: Console, text: str) -> list[Line]:
    return lines_of(where, TerminalMarkdown(text), source="")


def grown(text: str, cuts: list[int], where: Console) -> list[Line]:
    prose, final = Prose(where), []
    for start, end in pairwise([0, *cuts, len(text)]):
        final += prose.feed(text[start:end])
        prose.live()
    return final + prose.finish()


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[int]]:
    text = draw(st.sampled_from(TEXTS))
    cuts = st.lists(st.integers(0, len(text)), max_size=40)
    return text, sorted(draw(cuts))


@settings(max_examples=100)
@given(cut=cut_texts(), width=st.sampled_from([20, 80, 160]))
@example(cut=(EVERYTHING, list(range(0, len(EVERYTHING), 3))), width=80)
@example(cut=(EVERYTHING, list(range(len(EVERYTHING)))), width=20)
def test_a_text_that_grows_is_the_whole_text(cut: tuple[str, list[int]], width: int) -> None:
    text, cuts = cut
    where = console(width)
    assert grown(text, cuts, where) == rendered(where, text)


@settings(max_examples=40)
@given(cut=cut_texts(), width=st.sampled_from([20, 80]), height=st.integers(5, 30))
def test_a_low_terminal_loses_nothing(cut: tuple[str, list[int]], width: int, height: int) -> None:
    """What does not fit it is final earlier: a number's or a column's width may then differ."""
    text, cuts = cut
    where = console(width, height)
    got = "".join("".join(line.plain.split()) for line in grown(text, cuts, where))
    want = "".join("".join(line.plain.split()) for line in rendered(where, text))
    assert got.replace("─", "") == want.replace("─", "")


LONG: dict[str, str] = {
    "code": "```python\n" + "def f(x):\n    return x + 1\n\n" * 1000,
    "a docstring": '```python\n"""\n' + "text of a docstring\n" * 1500 + '"""\n```\n',
    "a paragraph": "word **bold** and more of it " * 1000,
    "one word": "x" * 60_000,
    "no spaces": "これはとても長い段落です" * 2500,
    "a list": "- an item\n" * 1500,
    "a numbered list": "".join(f"{i}. an item\n" for i in range(1, 2000)),
    "a table": "| a | b |\n|---|---|\n" + "| one | two words |\n" * 1500,
    "a quote": "> a quoted line\n" * 2000,
    "an item with code": "1. an item\n\n   ```python\n" + "   x = 1\n" * 2500,
    "html": "<div>\n" + "text\n" * 10_000,
    "brackets": "[" * 20_000,
    "a long fence": "```" + "python" * 5000 + "\ncode\n",
    "a long head": f"| {'a' * 9000} | b |\n|---|---|\n" + "| one | two |\n" * 1000,
    "one line of code": "```\n" + "x = 1; " * 8000,
    "references": "".join(f"[{i}]: https://example.com/{i}\n" for i in range(2000)),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("by", [4_000, 10**6])
def test_what_is_parsed_again_is_bounded(name: str, by: int) -> None:
    text, where = LONG[name], console(80, 40)
    prose, final, longest = Prose(where), [], 0
    for start in range(0, len(text), by):
        final += prose.feed(text[start : start + by])
        longest = max(longest, len(prose._blocks.text))
    final += prose.finish()
    assert longest <= LIMIT
    if name != "references":  # which show nothing
        shown = "".join("".join(line.plain.split()) for line in final)
        words = {word for word in text.split() if word.isalpha() and len(word) < 20}
        assert all(word in shown for word in words)
        assert len(shown) > 0.7 * len("".join(c for c in text if c.isalnum()))


def test_lines_of_code_are_final_once_they_are_complete() -> None:
    prose, final = Prose(console(height=20)), []
    final += prose.feed("```python\n")
    for number in range(100):
        final += prose.feed(f"x = {number}\n")
        assert len(prose.live()) <= 8
    assert [line.plain.strip() for line in final][1:90] == [f"x = {i}" for i in range(89)]


def test_a_definition_holds_for_what_follows() -> None:
    blocks = Blocks()
    for text in ("[a]: https://exa", "mple.com\n\nfirst\n\n", "see [a]\n"):
        list(blocks.feed(text))
    tokens: Any = blocks.finish()
    (link,) = [t for token in tokens for t in token.children or () if t.type == "link_open"]
    assert link.attrs["href"] == "https://example.com"


def test_line_ends_may_be_cut() -> None:
    for text in ("a\r\n\r\nb\r\n", "a\r\rb"):
        where = console()
        lines = [line.plain.rstrip() for line in grown(text, list(range(len(text))), where)]
        assert lines == ["a", "", "b"]


def test_control_characters_are_left_out() -> None:
    text = "a\x1b]0;title\x07b\x1b[2J\x9b1mc\x00\n\n```\x1b[31m\nx\x1b[0m\n```"
    lines = grown(text, list(range(len(text))), console())
    assert not any("\x1b" in line.plain or "\x9b" in line.plain for line in lines)
    assert lines[0].plain.rstrip() == "a]0;titleb[2J1mc"


def test_the_halves_of_a_character_are_taken_together() -> None:
    deltas = Deltas("a\ud83d")
    assert deltas.take() == "a"
    deltas.add("\ude00b")
    assert clean(deltas.take()) == "\U0001f600b"


@pytest.mark.parametrize("width", [1, 3, 20])
def test_what_rich_cannot_render_is_plain(width: int) -> None:
    lines = grown("first\n\na </kbd> b\n\nlast", [2], console(width))
    shown = "".join("".join(line.plain.split()) for line in lines)
    assert shown == "firsta</kbd>blast"
    assert max(line.cells for line in lines) <= width
