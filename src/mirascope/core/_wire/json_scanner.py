"""Finds where a JSON object begins and ends in text that is received in fragments.

Each fragment is read once. Only quotes, backslashes and brackets are examined, so the text between
the brackets need not be valid.

Servers that do not stream send objects outside server-sent events: a single one, one a line, or in
an array; and proxies append an error to a response so. Each object counts as an event as soon as
its closing brace is received; the characters between objects only separate them.
"""

from __future__ import annotations

import re
from typing import Final

_IN_STRING: Final = re.compile(r'["\\]')
_OUTSIDE: Final = re.compile(r'["{}\[\]]')
_SEPARATOR: Final = re.compile(r"[ \t\r\n,\[\]\x1e]*+")


class JSONScanner:
    """Finds the first JSON object in a text.

    Attributes:
        is_complete: Whether its closing brace is received.
    """

    __slots__ = ("_depth", "_escaped", "_in_string", "is_complete")

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.is_complete = False

    def feed(self, text: str) -> str:
        """Read a fragment, and return the part of it that belongs to the object."""
        start = 0 if self._depth else text.find("{")
        if self.is_complete or start < 0:
            return ""
        end = self.end(text, start)
        return text[start:end] if start or end < len(text) else text

    def end(self, text: str, at: int) -> int:
        """Read from a position; return the position after the object, or the end of the text.

        If there is an opening bracket at the position, a list is read as an object is.
        """
        while at < len(text):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = (_IN_STRING if self._in_string else _OUTSIDE).search(text, at)
            if found is None:
                break
            at = found.end()
            if self._closes(found[0]):
                return at
        return len(text)

    def _closes(self, mark: str) -> bool:
        """Read one of the examined characters; return whether it ends the object."""
        if mark == '"':
            self._in_string = not self._in_string
        elif mark == "\\":
            self._escaped = True
        elif mark in "{[":
            self._depth += 1
        else:
            self._depth -= 1
            self.is_complete = self._depth == 0
        return self.is_complete


class BareObjects:
    r"""Splits a body into its objects; each byte is read once.

    Attributes:
        incomplete: The received part of the object that is not complete yet.

    Example:
        >>> BareObjects().feed(b'[{"a": 1},\n {"b": 2}] end')
        ([b'{"a": 1}', b'{"b": 2}'], b'end')
    """

    __slots__ = ("_scanner", "incomplete")

    def __init__(self) -> None:
        self._scanner = JSONScanner()
        self.incomplete = bytearray()

    def feed(self, block: bytes) -> tuple[list[bytes], bytes]:
        """Return the objects that a block completes, and the rest where the JSON ends."""
        text = block.decode("latin-1")  # one letter a byte; JSON's brackets and quotes are ASCII
        found: list[bytes] = []
        at = 0
        while at < len(text):
            if not self.incomplete:
                separator = _SEPARATOR.match(text, at)
                at = separator.end() if separator else at
                if not text.startswith("{", at):
                    return found, block[at:]
            start, at = at, self._scanner.end(text, at)
            self.incomplete += block[start:at]
            if self._scanner.is_complete:
                found.append(bytes(self.incomplete))
                self.incomplete.clear()
                self._scanner = JSONScanner()
        return found, b""
