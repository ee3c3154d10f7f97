"""A value of a model that grows while its JSON is received.

Each character is read once. Every array and object that is open has a frame. What is complete is
validated then, is never parsed again, and is shared by all later values. A partial value is made
only when it is looked at: the open containers are copied, from the innermost outwards.

A complete model takes the place of its JSON in what holds it, so its validators run once. They run
again, on the JSON, where something else may read or change it: a validator of mode ``before``,
``wrap`` or ``plain``, a type with validators of its own, a key that is no field's.
"""

from __future__ import annotations

import json
import re
from typing import Final, Generic, TypeVar, cast

import pydantic_core
from pydantic import BaseModel, ValidationError

from mirascope.core._structured.frames import VALUE, Array, Frame, Object, differs
from mirascope.core._structured.plans import ABSENT, Growth, model_of
from mirascope.core._wire.events import JSON

T = TypeVar("T", bound=BaseModel)

MAX_DEPTH: Final = 200
"""How deep containers may be nested; what pydantic reads, too."""

_KEY_IS_DUE: Final = frozenset({Object.first, Object.after_comma})
_MAX_SCALAR: Final = 5_000
_ELEMENT_DEPTH: Final = 2  # the model, and the list that is one of its fields
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_SCALAR: Final = re.compile(r"[-+.0-9A-Za-z]*+")
_TEXT: Final = re.compile(
    r"""(?:[^"\\\x00-\x1f]++                      # characters that stand for themselves
    |\\(?:["\\/bfnrt]
        |u(?![dD][89abAB])[0-9a-fA-F]{4}
        |u[0-9a-fA-F]{4}(?=[^\\]|\\(?:[^u]|u[0-9a-fA-F]{4})))  # sure to be alone, or a pair
    )*+""",
    re.VERBOSE,
)
_INCOMPLETE_ESCAPE: Final = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?", re.ASCII
)


class MalformedJSONError(ValueError):
    """The text is not JSON, whatever may follow; or it is nested too deeply."""


class PartialValue(Generic[T]):
    """A value of a model that grows while its JSON is fed.

    Of a key that is repeated, the last value counts. A number or word is read once the character
    after it has been received.

    Args:
        kind: The model.

    Attributes:
        complete: Whether the top-level value has ended; text after it is not read.

    Example:
        >>> class Book(BaseModel):
        ...     title: str
        ...     pages: int
        >>> growing = Growing(Book)
        >>> growing.feed('{"title": "Du'), growing.value
        (True, PartialBook(title='Du'))
        >>> growing.feed('ne", "pages": 41'), growing.value
        (True, PartialBook(title='Dune'))
        >>> growing.feed("2}"), growing.value
        (True, Book(title='Dune', pages=412))
    """

    def __init__(self, kind: type[T]) -> None:
        self.complete = False
        self._plan = model_of(kind).plan
        self._frames: list[Frame] = []
        self._expected = VALUE
        self._in_string = False
        self._is_key = False
        self._growth: Growth | None = None
        self._pieces: list[str] = []
        self._held_back = ""
        self._error: MalformedJSONError | None = None
        self._changed = False
        self._is_stale = False
        self._value: object = ABSENT
        self._result: object = ABSENT
        self._elements: dict[object, list[object]] = {}

    def feed(self, text: str) -> bool:
        """Read on, and return whether `value` has changed.

        Raises:
            MalformedJSONError: The text is not JSON. What was received before stays as it is, and
                feeding more raises the same again.
        """
        if self._error is not None:
            raise self._error
        if self._held_back:
            text, self._held_back = self._held_back + text, ""
        self._changed = False
        at, end = 0, len(text)
        try:
            while at < end and not self.complete:
                at = self._read_string(text, at) if self._in_string else self._read(text, at)
        except MalformedJSONError as error:
            self._error = error
            raise
        finally:
            self._is_stale = self._is_stale or self._changed
        return self._changed

    @property
    def is_valid(self) -> bool:
        """Whether the top-level value is complete and valid."""
        return self.complete and not isinstance(self._result, ValidationError)

    @property
    def value(self) -> T | None:
        """What was received: a `partial_type`, at the end the model; ``None`` before all.

        If the whole is not valid, it stays partial. A change makes a new object.
        """
        if self._is_stale and not self.complete:
            self._value = self._partial_value()
        self._is_stale = False
        return None if self._value is ABSENT else cast("T", self._value)

    def result(self) -> T:
        """Return the complete value, validated.

        Raises:
            pydantic.ValidationError: It is not valid.
            ValueError: It is not complete.
        """
        if isinstance(self._result, ValidationError):
            raise self._result
        if self._result is ABSENT:
            raise ValueError("the JSON is not complete")
        return cast("T", self._result)

    def elements(self, field: str) -> list[object]:
        """Return the elements of a list field that are complete since the last call, validated.

        Raises:
            pydantic.ValidationError: The next element is not valid. The next call returns those
                after it.
        """
        waiting = self._elements.get(field, [])
        if waiting and isinstance(waiting[0], ValidationError):
            raise cast("ValidationError", waiting.pop(0))
        invalid = (i for i, element in enumerate(waiting) if isinstance(element, ValidationError))
        until = next(invalid, len(waiting))
        taken = waiting[:until]
        del waiting[:until]
        return taken

    def _read(self, text: str, at: int) -> int:
        """Read white space and one token, of a string only the quote; return where it ends."""
        if text[at] <= " ":
            at = _end(_SPACE, text, at)
            if at == len(text):
                return at
        char = text[at]
        if char not in self._expected:
            raise MalformedJSONError(f"received {char!r} instead of one of {self._expected!r}")
        if char == '"':
            self._in_string = True
            self._is_key = self._expected in _KEY_IS_DUE
            self._growth = None if self._is_key else self._plan.text
            self._changed = self._changed or self._growth is not None
        elif char in "{[":
            self._open(Object(self._plan) if char == "{" else Array(self._plan))
        elif char in "}]":
            frame = self._frames.pop()
            self._plan = frame.plan
            self._complete(frame.received, frame.parts, frame.show())
        elif char == ":":
            self._expected = VALUE
        elif char == ",":
            self._expected = self._frames[-1].after_comma
        else:
            return self._read_scalar(text, at)
        return at + 1

    def _read_scalar(self, text: str, at: int) -> int:
        """Read a number or word; return where it ends."""
        until = _end(_SCALAR, text, at)
        if until - at > _MAX_SCALAR:
            raise MalformedJSONError("a number is too long")
        if until == len(text):
            self._held_back = text[at:]
            return until
        try:
            value: JSON = pydantic_core.from_json(text[at:until])
        except ValueError as error:
            raise MalformedJSONError(f"received {text[at:until]!r}, which is no value") from error
        self._complete(value)
        return until

    def _read_string(self, text: str, at: int) -> int:
        """Read on in a string; return where that ends which is sure."""
        found = _TEXT.match(text, at)
        until = found.end() if found else at
        if until > at:
            run = text[at:until]
            self._pieces.append(json.loads(f'"{run}"') if "\\" in run else run)
            self._changed = self._changed or self._growth is not None
        if until == len(text):
            return until
        if text[until] == '"':
            self._end_string()
            return until + 1
        if not _INCOMPLETE_ESCAPE.fullmatch(text, until):
            raise MalformedJSONError(f"a string goes on with {text[until]!r}")
        self._held_back = text[until:]
        return len(text)

    def _end_string(self) -> None:
        text = self._text
        self._pieces.clear()
        self._in_string = False
        frame = self._frames[-1] if self._frames else None
        if self._is_key and isinstance(frame, Object):
            self._plan = frame.plan_of(text)
            self._expected = ":"
        else:
            self._complete(text, before=self._growth.show(text) if self._growth else ABSENT)

    @property
    def _text(self) -> str:
        """The open string, as far as it is sure."""
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def _open(self, frame: Frame) -> None:
        if len(self._frames) == MAX_DEPTH:
            raise MalformedJSONError(f"containers are nested more than {MAX_DEPTH} deep")
        self._frames.append(frame)
        self._plan = frame.next_plan
        self._expected = frame.first
        self._changed = self._changed or frame.growth is not None

    def _complete(self, received: JSON, parts: object = ABSENT, before: object = ABSENT) -> None:
        """Put a complete value where it belongs."""
        found = self._plan.validate(received, parts)
        if not self._frames:
            self._result, self.complete = found, True
            value = before if isinstance(found, ValidationError) else found
            self._changed = self._changed or differs(before, value)
            if self._changed or self._is_stale:
                self._value = value
            return
        frame = self._frames[-1]
        if len(self._frames) == _ELEMENT_DEPTH and isinstance(frame, Array) and frame.growth:
            self._elements.setdefault(self._frames[0].field, []).append(found)
        self._changed = frame.add(self._plan, received, found, before) or self._changed
        self._plan = frame.next_plan
        self._expected = frame.after_value

    def _partial_value(self) -> object:
        child = self._growth.show(self._text) if self._in_string and self._growth else ABSENT
        for frame in reversed(self._frames):
            child = frame.show(child)
        return child


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern that may be empty ends."""
    found = pattern.match(text, at)
    return found.end() if found else at
