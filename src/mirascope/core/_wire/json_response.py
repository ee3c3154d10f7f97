"""Finds the JSON in a model's text.

Many models begin with their reasoning in ``<think>`` tags, which is not part of the JSON, whatever
braces are in it. Then follow prose, or a fence, and the JSON. A brace in prose (``{name}``) does
not begin JSON: there a key or the closing brace follows the brace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pydantic_core

from mirascope.core._wire.json_scanner import JSONScanner

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING_TAG: Final = re.compile(r"<(?P<tag>think(?:ing)?)>", re.IGNORECASE)
_CLOSING_TAG: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_OBJECT: Final = r'\{(?=\s*(?:"|\}))'
_LIST: Final = r"\["
_STARTS: Final = {
    lists: re.compile(
        rf"{_OPENING_TAG.pattern}|{_OBJECT}" + (rf"|{_LIST}" if lists else ""), re.IGNORECASE
    )
    for lists in (False, True)
}
_MAY_START: Final = re.compile(r"(?:\{\s*|<[a-z]{0,8})\Z", re.IGNORECASE)
_LONGEST_TAG: Final = len("</thinking>")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_FENCED: Final = re.compile(r"```[\w-]*\n?(.*?)\n?```", re.DOTALL)


class JSONStart:
    """Finds where the JSON begins, in text that is received in fragments.

    Args:
        lists: Whether the JSON may be a list; it may be an object in any case.

    Attributes:
        found: Whether the beginning is received.
        has_reasoning: Whether there is reasoning before it.

    Example:
        >>> start = JSONStart(lists=False)
        >>> [start.feed(fragment) for fragment in ("<think>{}</thi", "nk> Here: {", '"a": 1', "}")]
        ['', '', '{"a": 1', '}']
    """

    __slots__ = ("_closes", "_pending", "_starts", "found", "has_reasoning")

    def __init__(self, *, lists: bool) -> None:
        self._starts = _STARTS[lists]
        self._closes: re.Pattern[str] | None = None
        self._pending: str = ""
        self.found = False
        self.has_reasoning = False

    def feed(self, text: str) -> str:
        """Read a fragment; return the part of it that belongs to the JSON, or follows it."""
        if self.found:
            return text
        text, at = self._pending + text, 0
        while True:
            if self._closes is not None:
                closed = self._closes.search(text, at)
                if closed is None:
                    self._pending = text[max(at, len(text) - _LONGEST_TAG + 1) :]
                    return ""
                self._closes, at = None, closed.end()
            start = self._starts.search(text, at)
            if start is None:
                unsure = _MAY_START.search(text, at)
                self._pending = text[unsure.start() :] if unsure else ""
                return ""
            if start["tag"] is None:
                self.found = True
                return text[start.start() :]
            self._closes, at, self.has_reasoning = _closing(start["tag"]), start.end(), True


def _closing(tag: str) -> re.Pattern[str]:
    return re.compile(f"</{tag}>", re.IGNORECASE)


def without_reasoning(text: str) -> tuple[str, str]:
    """Return the reasoning in tags before a text's JSON, and the text without it.

    If there is only a closing tag (some servers put the opening one into the prompt), all before it
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
    if not reasoning and (closed := _unopened_tag(text)):
        return text[: closed.start()], text[closed.end() :]
    return "".join(reasoning), rest


def _unopened_tag(text: str) -> re.Match[str] | None:
    """Return the first closing tag, unless it is part of the JSON."""
    closed = _CLOSING_TAG.search(text)
    if closed is None:
        return None
    for start, document in _documents(text, lists=True):
        if start < closed.start() < start + len(document) and is_json(document):
            return None
    return closed


def ends_reasoning(text: str) -> bool:
    """Return whether a text has a tag that ends reasoning."""
    return _CLOSING_TAG.search(text) is not None


def documents(text: str, *, lists: bool) -> Iterator[str]:
    """Yield the JSON objects in a text, in order; the last may be cut off.

    Args:
        text: The text.
        lists: Whether to yield lists too.
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
    """Return a text without whitespace, and without a Markdown fence, around all of it."""
    text = text.strip()
    fenced = _FENCED.fullmatch(text)
    return fenced[1].strip() if fenced else text


def is_json(text: str) -> bool:
    """Return whether all of a text is one JSON document."""
    try:
        pydantic_core.from_json(text)
    except ValueError:
        return False
    return True


def is_cut_off(text: str) -> bool:
    """Return whether a text begins as JSON, with a bracket or quote that is never closed."""
    if text.startswith(("{", "[")):
        scanner = JSONScanner()
        scanner.end(text, 0)
        return not scanner.is_complete
    return text.startswith('"') and not _QUOTED.match(text)
