"""The push parser of partial values.

Each character is read once. Every open array and object has a frame. A complete value is validated
at its end, is never parsed again, and is shared by all later partial values. A partial value is
built on access: the open containers are copied, from the innermost outwards.

A complete model replaces its JSON in the validation of its container, so its validators run once.
They run again, on the JSON, where another validator may read or change it: a container's validator
of mode ``before``, ``wrap`` or ``plain``, a type with its own validators, a key that is no field.
"""

from __future__ import annotations

import json
import re
from typing import Final, Generic, TypeVar, cast

import pydantic_core
from pydantic import BaseModel, ValidationError

from mirascope.core._structured.frames import VALUE, Array, Frame, Object, differs
from mirascope.core._structured.plans import ABSENT, PartialSchema, model_of
from mirascope.core._wire.events import JSON

T = TypeVar("T", bound=BaseModel)

MAX_DEPTH: Final = 200
"""The maximum depth of nested containers, which is pydantic's too."""

_BEFORE_KEY: Final = frozenset({Object.first, Object.after_comma})
_MAX_SCALAR: Final = 5_000
_ELEMENT_DEPTH: Final = 2  # frames of the model and of a list field
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_SCALAR: Final = re.compile(r"[-+.0-9A-Za-z]*+")
_TEXT: Final = re.compile(
    r"""(?:[^"\\\x00-\x1f]++                      # unescaped characters
    |\\(?:["\\/bfnrt]
        |u(?![dD][89abAB])[0-9a-fA-F]{4}
        |u[0-9a-fA-F]{4}(?=[^\\]|\\(?:[^u]|u[0-9a-fA-F]{4})))  # a lone surrogate, or a pair
    )*+""",
    re.VERBOSE,
)
_INCOMPLETE_ESCAPE: Final = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?", re.ASCII
)


class MalformedJSONError(ValueError):
    """The text is no prefix of a JSON value, or it is nested too deeply."""


class PartialValue(Generic[T]):
    """A value of a model that is built while its JSON is received.

    Of a repeated key, the last value counts. A number or literal is complete when the character
    after it is received.

    Args:
        kind: The model.

    Attributes:
        complete: Whether the top-level value is complete; text after it is ignored.

    Example:
        >>> class Book(BaseModel):
        ...     title: str
        ...     pages: int
        >>> book = PartialValue(Book)
        >>> book.feed('{"title": "Du'), book.value
        (True, PartialBook(title='Du'))
        >>> book.feed('ne", "pages": 41'), book.value
        (True, PartialBook(title='Dune'))
        >>> book.feed("2}"), book.value
        (True, Book(title='Dune', pages=412))
    """

    def __init__(self, kind: type[T]) -> None:
        self.complete = False
        self._plan = model_of(kind).plan
        self._frames: list[Frame] = []
        self._expected = VALUE
        self._in_string = False
        self._is_key = False
        self._schema: PartialSchema | None = None
        self._fragments: list[str] = []
        self._held_back = ""
        self._error: MalformedJSONError | None = None
        self._changed = False
        self._is_stale = False
        self._value: object = ABSENT
        self._result: object = ABSENT
        self._elements: dict[object, list[object]] = {}

    def feed(self, text: str) -> bool:
        """Parse more text, and return whether `value` changes.

        Raises:
            MalformedJSONError: The text is not JSON. `value` keeps the state before the error, and
                every later call raises the same error.
        """
        if self._error is not None:
            raise self._error
        if self._held_back:
            text, self._held_back = self._held_back + text, ""
        self._changed = False
        at, end = 0, len(text)
        try:
            while at < end and not self.complete:
                at = self._read_string(text, at) if self._in_string else self._read_token(text, at)
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
        """The received part as a `partial_type`, in the end the model; ``None`` at the start.

        If the complete value is invalid, it stays partial. Each change creates a new object.
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
        """Return the validated elements of a list field that were completed since the last call.

        Raises:
            pydantic.ValidationError: The next element is invalid. The next call returns the
                elements after it.
        """
        pending = self._elements.get(field, [])
        if pending and isinstance(pending[0], ValidationError):
            raise cast("ValidationError", pending.pop(0))
        invalid = (i for i, element in enumerate(pending) if isinstance(element, ValidationError))
        end = next(invalid, len(pending))
        elements = pending[:end]
        del pending[:end]
        return elements

    def _read_token(self, text: str, at: int) -> int:
        """Read whitespace and one token, of a string only the quote; return the end position."""
        if text[at] <= " ":
            at = _end(_SPACE, text, at)
            if at == len(text):
                return at
        char = text[at]
        if char not in self._expected:
            raise MalformedJSONError(f"received {char!r} instead of one of {self._expected!r}")
        if char == '"':
            self._in_string = True
            self._is_key = self._expected in _BEFORE_KEY
            self._schema = None if self._is_key else self._plan.text
            self._changed = self._changed or self._schema is not None
        elif char in "{[":
            self._open(Object(self._plan) if char == "{" else Array(self._plan))
        elif char in "}]":
            frame = self._frames.pop()
            self._plan = frame.plan
            self._complete(frame.received, frame.parts, frame.build())
        elif char == ":":
            self._expected = VALUE
        elif char == ",":
            self._expected = self._frames[-1].after_comma
        else:
            return self._read_scalar(text, at)
        return at + 1

    def _read_scalar(self, text: str, at: int) -> int:
        """Read a number or literal; return the end position."""
        until = _end(_SCALAR, text, at)
        if until - at > _MAX_SCALAR:
            raise MalformedJSONError("a number is too long")
        if until == len(text):
            self._held_back = text[at:]
            return until
        try:
            value: JSON = pydantic_core.from_json(text[at:until])
        except ValueError as error:
            raise MalformedJSONError(
                f"received {text[at:until]!r}, which is not a JSON value"
            ) from error
        self._complete(value)
        return until

    def _read_string(self, text: str, at: int) -> int:
        """Read more of a string; return the end position of the decodable text."""
        match = _TEXT.match(text, at)
        until = match.end() if match else at
        if until > at:
            raw = text[at:until]
            self._fragments.append(json.loads(f'"{raw}"') if "\\" in raw else raw)
            self._changed = self._changed or self._schema is not None
        if until == len(text):
            return until
        if text[until] == '"':
            self._end_string()
            return until + 1
        if not _INCOMPLETE_ESCAPE.fullmatch(text, until):
            raise MalformedJSONError(f"a string contains an invalid {text[until]!r}")
        self._held_back = text[until:]
        return len(text)

    def _end_string(self) -> None:
        text = self._text
        self._fragments.clear()
        self._in_string = False
        frame = self._frames[-1] if self._frames else None
        if self._is_key and isinstance(frame, Object):
            self._plan = frame.start_field(text)
            self._expected = ":"
        else:
            self._complete(text, previous=self._schema.build(text) if self._schema else ABSENT)

    @property
    def _text(self) -> str:
        """The decoded part of the open string."""
        if len(self._fragments) > 1:
            self._fragments[:] = ["".join(self._fragments)]
        return self._fragments[0] if self._fragments else ""

    def _open(self, frame: Frame) -> None:
        if len(self._frames) == MAX_DEPTH:
            raise MalformedJSONError(f"arrays and objects are nested more than {MAX_DEPTH} deep")
        self._frames.append(frame)
        self._plan = frame.element_plan
        self._expected = frame.first
        self._changed = self._changed or frame.schema is not None

    def _complete(self, received: JSON, parts: object = ABSENT, previous: object = ABSENT) -> None:
        """Validate a complete value, and add it to its container.

        Args:
            received: Its JSON, decoded.
            parts: The validated values in it; see `Plan.validate`.
            previous: Its last partial value.
        """
        result = self._plan.validate(received, parts)
        if not self._frames:
            self._result, self.complete = result, True
            value = previous if isinstance(result, ValidationError) else result
            self._changed = self._changed or differs(previous, value)
            if self._changed or self._is_stale:
                self._value = value
            return
        frame = self._frames[-1]
        if len(self._frames) == _ELEMENT_DEPTH and isinstance(frame, Array) and frame.schema:
            self._elements.setdefault(self._frames[0].field, []).append(result)
        self._changed = frame.add(self._plan, received, result, previous) or self._changed
        self._plan = frame.element_plan
        self._expected = frame.after_value

    def _partial_value(self) -> object:
        child = self._schema.build(self._text) if self._in_string and self._schema else ABSENT
        for frame in reversed(self._frames):
            child = frame.build(child)
        return child


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the end position of a match that may be empty."""
    match = pattern.match(text, at)
    return match.end() if match else at
