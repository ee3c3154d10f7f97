"""The JSON in the text that a model writes around it.

Many models begin with their reasoning in ``<think>`` tags, which is no part of the answer, whatever
braces are in it; then come words, or a fence, and the JSON. A brace of prose (``{name}``) begins no
JSON: there is a key or the closing brace after one that does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pydantic_core

from mirascope.core._wire.json_scanner import JSONScanner

if TYPE_CHECKING:
    from collections.abc import Iterator

_THINKS: Final = re.compile(r"<(?P<tag>think(?:ing)?)>", re.IGNORECASE)
_THOUGHT: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_OBJECT: Final = r'\{(?=\s*(?:"|\}))'
_LIST: Final = r"\["
_STARTS: Final = {
    lists: re.compile(
        rf"{_THINKS.pattern}|{_OBJECT}" + (rf"|{_LIST}" if lists else ""), re.IGNORECASE
    )
    for lists in (False, True)
}
_MAY_START: Final = re.compile(r"(?:\{\s*|<[a-z]{0,8})\Z", re.IGNORECASE)
_LONGEST_TAG: Final = len("</thinking>")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_FENCED: Final = re.compile(r"```[\w-]*\n?(.*?)\n?```", re.DOTALL)


class JSONStart:
    """Finds where the JSON of an answer begins, in text that comes in pieces.

    Args:
        lists: Whether a list may be the JSON, beside an object.

    Attributes:
        found: Whether it has begun.
        has_reasoning: Whether there was reasoning before it.

    Example:
        >>> start = JSONStart(lists=False)
        >>> [start.feed(piece) for piece in ("<think>{}</thi", "nk> Here: {", '"a": 1', "}")]
        ['', '', '{"a": 1', '}']
    """

    __slots__ = ("_closes", "_starts", "_unsure", "found", "has_reasoning")

    def __init__(self, *, lists: bool) -> None:
        self._starts = _STARTS[lists]
        self._closes: re.Pattern[str] | None = None
        self._unsure: str = ""
        self.found = False
        self.has_reasoning = False

    def feed(self, text: str) -> str:
        """Read on; return what of the text belongs to the JSON, or comes after it."""
        if self.found:
            return text
        text, at = self._unsure + text, 0
        while True:
            if self._closes is not None:
                closed = self._closes.search(text, at)
                if closed is None:
                    self._unsure = text[max(at, len(text) - _LONGEST_TAG + 1) :]
                    return ""
                self._closes, at = None, closed.end()
            start = self._starts.search(text, at)
            if start is None:
                unsure = _MAY_START.search(text, at)
                self._unsure = text[unsure.start() :] if unsure else ""
                return ""
            if start["tag"] is None:
                self.found = True
                return text[start.start() :]
            self._closes, at, self.has_reasoning = _closing(start["tag"]), start.end(), True


def _closing(tag: str) -> re.Pattern[str]:
    return re.compile(f"</{tag}>", re.IGNORECASE)


def without_reasoning(text: str) -> tuple[str, str]:
    """Return the reasoning that a text has in tags before its JSON, and the text without it.

    If only the closing tag came (some servers put the opening one into the prompt), all before it
    is reasoning.

    Example:
        >>> without_reasoning("<think>Easy: {2}</think>Four")
        ('Easy: {2}', 'Four')
    """
    reasoning: list[str] = []
    kept: list[str] = []
    at = 0
    while (start := _STARTS[True].search(text, at)) and start["tag"] is not None:
        kept.append(text[at : start.start()])
        closed = _closing(start["tag"]).search(text, start.end())
        reasoning.append(text[start.end() : closed.start() if closed else None])
        at = closed.end() if closed else len(text)
    rest = "".join(kept) + text[at:]
    if not reasoning and (closed := _unopened(text)):
        return text[: closed.start()], text[closed.end() :]
    return "".join(reasoning), rest


def _unopened(text: str) -> re.Match[str] | None:
    """Find a closing tag that is not a part of the JSON."""
    closed = _THOUGHT.search(text)
    if closed is None:
        return None
    for start, document in _documents(text, lists=True):
        if start < closed.start() < start + len(document) and is_json(document):
            return None
    return closed


def ends_reasoning(text: str) -> bool:
    """Whether a text may have the end of reasoning in it."""
    return _THOUGHT.search(text) is not None


def documents(text: str, *, lists: bool) -> Iterator[str]:
    """Yield the JSON objects in a text, in order; the last may be cut off.

    Args:
        text: The text.
        lists: Whether lists are wanted too.
    """
    for _, document in _documents(text, lists=lists):
        yield document


def _documents(text: str, *, lists: bool) -> Iterator[tuple[int, str]]:
    at = 0
    while start := _STARTS[lists].search(text, at):
        at = start.end()
        if start["tag"] is None:
            at = JSONScanner().end(text, start.start())
            yield start.start(), text[start.start() : at]


def unfenced(text: str) -> str:
    """Return a text without space, and without a fence, around all of it."""
    text = text.strip()
    fenced = _FENCED.fullmatch(text)
    return fenced[1].strip() if fenced else text


def is_json(text: str) -> bool:
    """Whether a text is JSON as a whole."""
    try:
        pydantic_core.from_json(text)
    except ValueError:
        return False
    return True


def is_cut_off(text: str) -> bool:
    """Whether a text begins as JSON, with a bracket or a quote that is never closed."""
    if text.startswith(("{", "[")):
        extent = JSONScanner()
        extent.end(text, 0)
        return not extent.is_complete
    return text.startswith('"') and not _QUOTED.match(text)
