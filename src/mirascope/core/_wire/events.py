"""Provider-agnostic events: the content of one event on the wire, whichever provider sent it.

One event on the wire becomes one `Delta`, which has all of its content side by side. There is no
object per kind of content, because most events have one kind, a few characters of text, and the
cost of a stream is the cost of its events.
"""

from __future__ import annotations

import os
import re
from base64 import b32encode
from collections.abc import Mapping
from hashlib import blake2b
from io import StringIO
from typing import Final, Generic, NamedTuple, TypeAlias

from typing_extensions import TypeVar, override

from mirascope.core._wire.json_scanner import JSONScanner

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
"""One decoded JSON value."""
Record: TypeAlias = Mapping[str, "JSON"]
"""One decoded JSON object."""
Mergeable: TypeAlias = (
    "StringIO | str | int | float | bool | list[Mergeable] | dict[str, Mergeable] | None"
)
"""JSON to which deltas are merged: its texts can grow."""

FinishT = TypeVar("FinishT", bound=str, default=str, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'

MADE_ID: Final = re.compile(r"m[a-z2-7]{8}")
"""A tool call id that no provider gave, in the one format that all of them accept."""


class TokenCounts(NamedTuple):
    """Normalized token counts, totals so far; ``None`` where the provider reports none.

    Attributes:
        input: All tokens of the prompt, cached ones included.
        output: All tokens generated, reasoning included.
        cached: The tokens of the prompt that were read from the provider's cache.
        written: The tokens that were written to it, if the provider bills that.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    written: int | None = None


class ToolCallDelta(NamedTuple):
    """A delta of a tool call.

    Attributes:
        key: The provider's index of the call in the message, if it has one.
        id: The call's id; most providers send it with the first delta only.
        name: The tool's name; likewise.
        arguments: A fragment of the JSON text of the arguments.
        extra: The provider's further fields.
    """

    key: int | None
    id: str | None
    name: str | None
    arguments: str
    extra: Record | None = None


class NullBuffer(StringIO):
    """A buffer that discards all text."""

    @override
    def write(self, text: str, /) -> int:
        return len(text)


class ToolCall:
    """The received part of a tool call.

    It is complete at the closing brace of its arguments, or when the provider reports its end,
    which is the only sign for a call without arguments.

    Attributes:
        key: The provider's index of the call, if it has one.
        id: The provider's id for the call, if it has one; see `call_id`.
        name: The tool's name.
        position: The number of the call in the response, from 0.
        is_complete: Whether all of it is received.
        extra: The provider's further fields, merged.
    """

    __slots__ = (
        *("_arguments", "_call_id", "_scanner"),
        *("extra", "id", "is_complete", "key", "name", "position"),
    )

    def __init__(self, delta: ToolCallDelta, position: int) -> None:
        self.position = position
        self.key = delta.key
        self.id = delta.id
        self._call_id: str | None = None
        self.name = delta.name or ""
        self.is_complete = False
        self.extra: dict[str, Mergeable] = {}
        self._arguments = StringIO()
        self._scanner = JSONScanner()
        self._write(delta.arguments)

    @property
    def call_id(self) -> str:
        """The id that the call's result refers to: the provider's, else a generated one.

        The first returned id stays, even if a later delta has the provider's own.
        """
        if self._call_id is None:
            self._call_id = self.id or made_id()
        return self._call_id

    @property
    def is_function(self) -> bool:
        """Whether this calls a function; calls of other types have no name and no arguments."""
        return bool(self.name) or "type" not in self.extra

    @property
    def arguments(self) -> str:
        """The received JSON text of the arguments."""
        return self._arguments.getvalue()

    def arguments_from(self, position: int) -> str:
        """Return the text of the arguments after a position, without copying the rest."""
        self._arguments.seek(position)
        return self._arguments.read()

    def drop(self) -> None:
        """Discard the arguments, and those still to be received."""
        self._arguments = NullBuffer()

    def matches(self, delta: ToolCallDelta) -> bool:
        """Return whether a delta whose index is of no known call belongs to this one.

        Calls without an index, or all with the same one, are distinguished by the id; calls without
        an id too, by a name that is received when this call is complete.
        """
        if _differ(delta.key, self.key) or _differ(delta.id, self.id):
            return False
        if not delta.name or (delta.id and delta.id == self.id):
            return True
        if _differ(delta.name, self.name or None):
            return delta.key is not None and delta.key == self.key and self._name_continues(delta)
        return not self.is_complete or (delta.key is not None and not delta.arguments.strip())

    def add(self, delta: ToolCallDelta) -> None:
        """Add a delta.

        A repeated name is the same name; a different one is appended, until arguments are received.
        """
        self.id = self.id or delta.id
        if (
            delta.name
            and delta.name != self.name
            and (not self.name or self._name_continues(delta))
        ):
            self.name += delta.name
        self._write(delta.arguments)

    def _name_continues(self, delta: ToolCallDelta) -> bool:
        opens = delta.id and delta.id != self.id
        return not (opens or self.is_complete or self._arguments.tell())

    def _write(self, arguments: str) -> None:
        if arguments:
            self._arguments.write(arguments)
            self._scanner.feed(arguments)
            self.is_complete = self.is_complete or self._scanner.is_complete


def made_id() -> str:
    """Return a new id for a tool call; see `MADE_ID`."""
    return "m" + b32encode(os.urandom(5)).decode().lower()


def fitting_id(call_id: str) -> str:
    """Return nine letters and digits for an id, which every provider accepts.

    The same id always has the same result, so that a call and its result agree.
    """
    digest = blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return b32encode(digest).decode().lower()[:9]


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


class MalformedEventError(ValueError):
    """An event on the wire is not a JSON object."""


class ProviderError(Exception):
    """The provider reports a failure inside a response whose HTTP status is 200.

    Args:
        message: The reported message.
        status: The HTTP status that the failure is equivalent to, if known.
        body: The complete report.
        retryable: Whether a retry may succeed, where no status decides it.
    """

    def __init__(
        self, message: str, *, status: int | None, body: JSON, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retryable = retryable


class Delta(Generic[FinishT]):
    """The content of one event on the wire.

    Attributes:
        content: The text, ``""`` if there is none.
        reasoning: The text of the model's reasoning, ``""`` if there is none.
        finish_reasons: Why the generation ended, in the provider's words; else ``None``.
        id: The provider's id for the response, if the event has it.
        model: The name of the responding model, if the event has it.
        tokens: The token counts so far, if the event has them.
        tool_calls: Deltas of tool calls.
        calls: For each of those, the call that it was added to.
    """

    __slots__ = (
        *("calls", "content", "finish_reasons", "id"),
        *("model", "reasoning", "tokens", "tool_calls"),
    )

    content: str
    reasoning: str
    finish_reasons: list[FinishT] | None
    id: str | None
    model: str | None
    tokens: TokenCounts | None
    tool_calls: tuple[ToolCallDelta, ...]
    calls: tuple[ToolCall, ...]
