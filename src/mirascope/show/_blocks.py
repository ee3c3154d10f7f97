"""Splits Markdown into blocks while it is received.

Only the block that is received last can change, so every block before it is final; a blank line
ends most blocks, too. Complete lines decide that, because the beginning of a line may look like the
beginning of another block. A link whose reference is defined later stays plain.

The open block is parsed again whenever it has grown. So that this stays cheap, a long one can be
cut: what follows the cut is then parsed as a block of its own.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mirascope.show._clean import clean

LIMIT: Final = 8_000
"""How many characters of an open block are parsed again; a longer one is cut."""

_STEP: Final = 16_000
"""How many characters are parsed at once, so that a cut comes in time."""


class Cut(NamedTuple):
    """A place to cut the open block.

    Attributes:
        position: Where the text continues.
        prefix: The lines that begin the continued block: the fence of code, the head of a table.
    """

    position: int
    prefix: str = ""


class Blocks:
    """Splits one text.

    Args:
        html: Whether HTML is a block of its own; else it is text.
    """

    def __init__(self, *, html: bool = True) -> None:
        self._parser = MarkdownIt("commonmark", {"html": html}).enable(["strikethrough", "table"])
        self._references: dict[str, Any] = {}
        self._text = ""
        self._held_back = ""
        self._open: Sequence[Token] | None = None

    @property
    def text(self) -> str:
        """The source of the open block."""
        return self._text

    def feed(self, text: str) -> Iterator[list[Token]]:
        """Add text; yield the tokens of the blocks that it completes, in pieces of a bounded size.

        After each piece the open block can be cut.
        """
        text = self._held_back + text
        self._held_back = "\r" if text.endswith("\r") else ""
        text = clean(text.removesuffix("\r").replace("\r\n", "\n")).replace("\r", "\n")
        for start in range(0, len(text), _STEP):
            yield self._add(text[start : start + _STEP])

    def _add(self, text: str) -> list[Token]:
        self._text = _BLANK_LINES.sub("", self._text + text)
        self._open = None
        end = self._text.rfind("\n") + 1
        if not end or "\n" not in text:
            return []
        tokens, defined = self._parse(self._text[:end])
        count, position = self._complete(tokens, end)
        if defined:  # of these, only the ones before the open block are final
            self._parser.parse(self._text[:position], {"references": self._references})
        self._text = self._text[position:]
        return tokens[:count]

    def _complete(self, tokens: Sequence[Token], end: int) -> tuple[int, int]:
        """Return how many tokens are of complete blocks, and where the text after those begins.

        Args:
            tokens: The tokens of the complete lines.
            end: Where those end.
        """
        if not tokens:
            return 0, 0
        last = _last_block(tokens)
        first_line, end_line = tokens[last].map or (0, 0)
        if tokens[last].type not in _CONTINUED:
            position = _start_of_line(self._text, end_line)
            if position < end and not self._text[position:end].strip():  # a blank line ends it
                return len(tokens), end
        return last, _start_of_line(self._text, first_line)

    def _parse(self, text: str) -> tuple[list[Token], bool]:
        """Return the tokens, and whether the text defines references."""
        added: dict[str, Any] = {}
        tokens = self._parser.parse(text, {"references": ChainMap(added, self._references)})
        return tokens, bool(added)

    def open(self) -> Sequence[Token]:
        """Return the tokens of the open block."""
        if self._open is None:
            self._open, _ = self._parse(self._text)
        return self._open

    def finish(self) -> Sequence[Token]:
        """Return the tokens of what is left, at the end of the text."""
        tokens = self.open()
        self._text, self._open = "", None
        return tokens

    # Cuts.

    def cuts(self) -> Iterator[Cut]:
        """Yield where the open block can be cut at the beginning of a line, the last one first."""
        tokens = self.open()
        kind = tokens[0].type if tokens else "paragraph_open"
        if kind == "paragraph_open":
            return
        text, prefix = self._text, self._head()
        if kind in _OF_BLOCKS:
            inner = (token for token in _first_block(tokens) if token.level == 1 and token.map)
            lines = {_line(token) for token in inner}
            starts = sorted(lines - {0}, reverse=True)
        else:
            end = (tokens[0].map or [0, 0])[1]
            starts = list(range(min(text.count("\n"), end - 1), prefix.count("\n"), -1))
        for line in starts:
            yield Cut(_start_of_line(text, line), prefix)

    def _head(self) -> str:
        """Return the lines that a continued block begins with."""
        tokens = self.open()
        lines = _HEADS.get(tokens[0].type, 0) if tokens else 0
        return self._text[: _start_of_line(self._text, lines)]

    def before(self, cut: Cut) -> list[Token]:
        """Return the tokens of what is before a cut."""
        return self._parse(self._text[: cut.position])[0]

    def tail(self, cut: Cut) -> list[Token]:
        """Return the tokens of what would follow a cut."""
        return self._parse(cut.prefix + self._text[cut.position :])[0]

    def forced_cut(self) -> Cut:
        """Return a cut of a block that is too long, whatever that does to its look."""
        text, half = self._text, len(self._text) // 2
        last = next(self.cuts(), None)
        if last is not None and last.position > half and len(last.prefix) < LIMIT // 2:
            return last
        prefix = last.prefix if last is not None else self._head()
        prefix = prefix if len(prefix) < LIMIT // 2 else ""
        for space in ("\n", " "):
            position = text.rfind(space, len(prefix), half) + 1
            if position > len(prefix):
                return Cut(position, prefix)
        return Cut(max(half, len(prefix) + 1), prefix)

    def cut(self, cut: Cut) -> None:
        """Let the open block be what follows a cut."""
        self._text, self._open = cut.prefix + self._text[cut.position :], None


_BLANK_LINES: Final = re.compile(r"\A(?:[ \t]*\n)+")
_CONTINUED: Final = frozenset({"bullet_list_open", "code_block", "ordered_list_open"})
"""Blocks that may go on after a blank line."""

_HEADS: Final = {"fence": 1, "table_open": 2}
_OF_BLOCKS: Final = frozenset({"bullet_list_open", "ordered_list_open", "blockquote_open"})


def _last_block(tokens: Sequence[Token]) -> int:
    """Return the index of the token that begins the last block."""
    last = len(tokens) - 1
    while last > 0 and (tokens[last].level > 0 or tokens[last].nesting < 0):
        last -= 1
    return max(last, 0)


def _first_block(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens of the first block."""
    for index, token in enumerate(tokens):
        if index and not token.level and token.nesting >= 0:
            return
        yield token


def _line(token: Token) -> int:
    return token.map[0] if token.map else 0


def _start_of_line(text: str, line: int) -> int:
    position = 0
    for _ in range(line):
        position = text.find("\n", position) + 1
        if not position:
            return len(text)
    return position
