r"""Half a JSON document, read as far as it goes.

Strategy: a push reader that never looks back. Whole runs of text, escapes and white space are
found by one regular expression each; what cannot be understood yet (half an escape, the first half
of a surrogate pair, a number that may go on) waits until the rest has come, and is a few
characters long. So the work is that of the new text alone.

What is complete stands in plain lists and dicts. Whoever wants to follow the document while it
grows gives a `Listener`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirascope.core._wire.events import JSON

MAX_DEPTH: Final = 200
"""How deep containers may be nested; what pydantic reads, too."""

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_SCALAR: Final = re.compile(r"[-+.0-9A-Za-z]++")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_TEXT: Final = re.compile(
    r"""(?:[^"\\\x00-\x1f]++                      # characters that stand for themselves
    |\\(?:["\\/bfnrt]
        |u(?![dD][89abAB])[0-9a-fA-F]{4}
        |u[0-9a-fA-F]{4}(?=[^\\]|\\(?:[^u]|u[0-9a-fA-F]{4})))  # sure to be alone, or a pair
    )*+""",
    re.VERBOSE,
)
_UNSURE: Final = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?", re.ASCII
)
_WORDS: Final[dict[str, JSON]] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


class MalformedJSONError(ValueError):
    """The text is not JSON, whatever may follow; or it is nested too deeply.

    Attributes:
        position: Where the first character stands that cannot be, counted from 0 over all text.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at character {position:,}")
        self.position = position


class Listener(Protocol):
    """Follows a document that grows."""

    def opened(self, container: dict[str, JSON] | list[JSON]) -> None:
        """Take note of a container that begins."""

    def named(self, key: str) -> None:
        """Take note of the key of the value that comes next."""

    def grown(self) -> None:
        """Take note that a text has begun or become longer: `PartialJSON.text`."""

    def ended(self, value: JSON) -> None:
        """Take note of a value that is complete: a text, a number, a word or a container."""


class _Deaf:
    def opened(self, container: dict[str, JSON] | list[JSON]) -> None: ...
    def named(self, key: str) -> None: ...
    def grown(self) -> None: ...
    def ended(self, value: JSON) -> None: ...


class PartialJSON:
    """A push reader: feed it text, look at what has come.

    Of a key that comes twice, the last value counts. What ``json.loads`` accepts is accepted,
    ``NaN`` and lone surrogates included. A number or word counts once a character after it has
    come.

    Args:
        listener: Is told what happens, in order, while text is fed.

    Attributes:
        complete: Whether the top-level value has ended; text after it is not read.
        trailing: Whether anything but white space came after it.

    Example:
        >>> reader = PartialJSON()
        >>> reader.feed('{"title": "Dune", "tags": ["desert", "sp')
        >>> reader.value
        {'title': 'Dune', 'tags': ['desert', 'sp']}
        >>> reader.feed('ice"]}')
        >>> reader.value, reader.complete
        ({'title': 'Dune', 'tags': ['desert', 'spice']}, True)
    """

    __slots__ = (
        "_error",
        "_keys",
        "_listener",
        "_pieces",
        "_position",
        "_root",
        "_spine",
        "_state",
        "_unsure",
        "complete",
        "trailing",
    )

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener or _Deaf()
        self._state: _State = PartialJSON._value
        self._spine: list[dict[str, JSON] | list[JSON]] = []
        self._keys: list[str] = []
        self._root: JSON = None
        self._pieces: list[str] = []
        self._unsure = ""
        self._position = 0
        self._error: MalformedJSONError | None = None
        self.complete = False
        self.trailing = False

    def feed(self, text: str) -> None:
        """Read on.

        Raises:
            MalformedJSONError: The text is not JSON. What came before stays as it was, and
                feeding more raises the same again.
        """
        if self._error is not None:
            raise self._error
        if self._unsure:
            text = self._unsure + text
            self._unsure = ""
        at, end = 0, len(text)
        try:
            while at < end:
                at = self._state(self, text, at)
        except MalformedJSONError as error:
            self._error = error
            raise
        self._position += end - len(self._unsure)

    @property
    def text(self) -> str:
        """The text that is open, as far as it is sure."""
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def value(self) -> JSON:
        """What has come so far, ``None`` before anything has; later feeds do not change it."""
        keys = iter(reversed(self._keys))
        inner: list[JSON] = [self.text] if self._state is PartialJSON._text else []
        for container in reversed(self._spine):
            if isinstance(container, list):
                inner = [[*container, *inner]]
            else:
                inner = [container | dict(zip([next(keys)], inner, strict=False))]
        return inner[0] if inner else self._root

    def _value(self, text: str, at: int) -> int:
        """Read the beginning of a value."""
        at = _past_space(text, at)
        if at == len(text):
            return at
        first = text[at]
        if first == '"':
            self._state = PartialJSON._text
            self._listener.grown()
            return at + 1
        if first == "{":
            return self._open({}, PartialJSON._first_key, at)
        if first == "[":
            return self._open([], PartialJSON._first_element, at)
        if first not in "-0123456789tfnNI":
            raise self._malformed("no value begins", at)
        self._state = PartialJSON._scalar
        return at

    def _first_element(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        return self._close(at) if text.startswith("]", at) else self._value(text, at)

    def _first_key(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        return self._close(at) if text.startswith("}", at) else self._key(text, at)

    def _key(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        if text[at] != '"':
            raise self._malformed("no key begins", at)
        self._state = PartialJSON._key_text
        return at + 1

    def _colon(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        if text[at] != ":":
            raise self._malformed("no colon stands", at)
        self._state = PartialJSON._value
        return at + 1

    def _more_elements(self, text: str, at: int) -> int:
        return self._more(text, at, "]", PartialJSON._value)

    def _more_fields(self, text: str, at: int) -> int:
        return self._more(text, at, "}", PartialJSON._key)

    def _more(self, text: str, at: int, closing: str, after_comma: _State) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        if text[at] == closing:
            return self._close(at)
        if text[at] != ",":
            raise self._malformed(f"neither a comma nor {closing} stands", at)
        self._state = after_comma
        return at + 1

    def _trailing(self, text: str, at: int) -> int:
        self.trailing = self.trailing or _past_space(text, at) < len(text)
        return len(text)

    def _text(self, text: str, at: int) -> int:
        """Read on in a text that is a value."""
        until = self._run(text, at)
        if until > at:
            self._listener.grown()
        if text.startswith('"', until):
            self._end(self._whole())
            return until + 1
        return self._wait(text, until)

    def _key_text(self, text: str, at: int) -> int:
        """Read on in a key."""
        until = self._run(text, at)
        if text.startswith('"', until):
            self._keys[-1] = self._whole()
            self._state = PartialJSON._colon
            self._listener.named(self._keys[-1])
            return until + 1
        return self._wait(text, until)

    def _run(self, text: str, at: int) -> int:
        """Take the characters of a text whose meaning is sure; return where they end."""
        found = _TEXT.match(text, at)
        if not found or found.end() == at:
            return at
        run = found[0]
        self._pieces.append(json.loads(f'"{run}"') if "\\" in run else run)
        return found.end()

    def _wait(self, text: str, at: int) -> int:
        """Hold back the unsure end of what was fed."""
        if at < len(text):
            if not _UNSURE.fullmatch(text, at):
                raise self._malformed("no text goes on", at)
            self._unsure = text[at:]
        return len(text)

    def _whole(self) -> str:
        whole = self.text
        self._pieces.clear()
        return whole

    def _scalar(self, text: str, at: int) -> int:
        """Read on in a number or a word."""
        found = _SCALAR.match(text, at)
        until = found.end() if found else at
        self._pieces.append(text[at:until])
        if until < len(text):
            self._end(self._scalar_value(self._whole(), until))
        return until

    def _scalar_value(self, spelled: str, at: int) -> JSON:
        if spelled in _WORDS:
            return _WORDS[spelled]
        number = _NUMBER.fullmatch(spelled)
        if not number:
            raise self._malformed("neither a number nor a word ends", at)
        if number[1] or number[2]:
            return float(spelled)
        try:
            return int(spelled)
        except ValueError as error:
            raise self._malformed("too long a number ends", at) from error

    def _malformed(self, what: str, at: int) -> MalformedJSONError:
        return MalformedJSONError(what, self._position + at)

    def _open(self, container: dict[str, JSON] | list[JSON], inside: _State, at: int) -> int:
        if len(self._spine) == MAX_DEPTH:
            raise self._malformed(f"containers are nested more than {MAX_DEPTH} deep", at)
        self._spine.append(container)
        if isinstance(container, dict):
            self._keys.append("")
        self._state = inside
        self._listener.opened(container)
        return at + 1

    def _close(self, at: int) -> int:
        container = self._spine.pop()
        if isinstance(container, dict):
            self._keys.pop()
        self._end(container)
        return at + 1

    def _end(self, value: JSON) -> None:
        """Put a complete value where it belongs."""
        if not self._spine:
            self._root = value
            self.complete = True
            self._state = PartialJSON._trailing
        elif isinstance(container := self._spine[-1], list):
            container.append(value)
            self._state = PartialJSON._more_elements
        else:
            container[self._keys[-1]] = value
            self._state = PartialJSON._more_fields
        self._listener.ended(value)


_State: TypeAlias = "Callable[[PartialJSON, str, int], int]"


def _past_space(text: str, at: int) -> int:
    if at == len(text) or text[at] > " ":
        return at
    found = _SPACE.match(text, at)
    return found.end() if found else at
