"""What any provider can say, in our words.

One event on the wire becomes one `Delta`: everything that the event says, side by side. There is
no object per thing said, because most events say one thing, a few characters of text, and the cost
of a stream is the cost of its events.
"""

from __future__ import annotations

import os
import re
from base64 import b32encode
from collections.abc import Mapping
from hashlib import blake2b
from io import StringIO
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias

from typing_extensions import TypeVar, override

from mirascope.core._wire.json_scanner import JSONScanner

if TYPE_CHECKING:
    from mirascope.core._wire.deltas import Mergeable

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
Record: TypeAlias = Mapping[str, "JSON"]
"""One decoded JSON object."""

FinishT = TypeVar("FinishT", bound=str, default=str, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'

MADE_ID: Final = re.compile(r"m[a-z2-7]{8}")
"""An id of a tool call that no provider gave: in the one form that all of them accept."""


class TokenCounts(NamedTuple):
    """Tokens in the common meaning, so far; ``None`` where the provider has not told.

    Attributes:
        input: All tokens of the prompt, cached ones included.
        output: All tokens generated, reasoning included.
        cached: Those tokens of the prompt that came from the provider's cache.
        written: Those that were written to it, if the provider bills that.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    written: int | None = None


class ToolCallDelta(NamedTuple):
    """A piece of a tool call.

    Attributes:
        key: Which call of the reply this belongs to, if the provider says.
        id: The call's id; only in its first piece, with most providers.
        name: The tool's name; likewise.
        arguments: A fragment of the JSON text of the arguments.
        extra: The fields beside these, as the provider has them.
    """

    key: int | None
    id: str | None
    name: str | None
    arguments: str
    extra: Record | None = None


class NullBuffer(StringIO):
    """A buffer that keeps nothing of what is written to it."""

    @override
    def write(self, text: str, /) -> int:
        return len(text)


class ToolCall:
    """A tool call so far.

    It is complete when the closing brace of its arguments has come, or when the provider says so:
    only that tells the end of a call without arguments.

    Attributes:
        key: The provider's own index of the call, if it gave one.
        id: The provider's id for the call, if it gave one; see `call_id`.
        name: The tool's name.
        is_complete: Whether all of it has come.
        extra: The fields beside these, put together.
    """

    __slots__ = ("_arguments", "_call_id", "_extent", "extra", "id", "is_complete", "key", "name")

    def __init__(self, piece: ToolCallDelta) -> None:
        self.key = piece.key
        self.id = piece.id
        self._call_id: str | None = None
        self.name = piece.name or ""
        self.is_complete = False
        self.extra: dict[str, Mergeable] = {}
        self._arguments = StringIO()
        self._extent = JSONScanner()
        self._write(piece.arguments)

    @property
    def call_id(self) -> str:
        """The id that the call's result refers to: the provider's, else a made one.

        Whatever is returned first stays, though the provider's own may come with a later piece.
        """
        if self._call_id is None:
            self._call_id = self.id or made_id()
        return self._call_id

    @property
    def is_function(self) -> bool:
        """Whether this calls a function; calls of another type have no name and no arguments."""
        return bool(self.name) or "type" not in self.extra

    @property
    def arguments(self) -> str:
        """The JSON text of the arguments so far."""
        return self._arguments.getvalue()

    def arguments_from(self, position: int) -> str:
        """Return the text of the arguments after a position, without building the whole."""
        self._arguments.seek(position)
        return self._arguments.read()

    def drop(self) -> None:
        """Keep nothing of the arguments, nor of what is yet to come."""
        self._arguments = NullBuffer()

    def continued_by(self, piece: ToolCallDelta) -> bool:
        """Return whether a piece without an index of a known call belongs to this one.

        Servers that leave the index out, or give all calls the same one, are told apart by the id;
        those that leave that out too, by a name that comes when this call is complete.
        """
        if _differ(piece.key, self.key) or _differ(piece.id, self.id):
            return False
        if not piece.name or (piece.id and piece.id == self.id):
            return True
        if _differ(piece.name, self.name or None):
            return piece.key is not None and piece.key == self.key and self._name_grows(piece)
        return not self.is_complete or (piece.key is not None and not piece.arguments.strip())

    def add(self, piece: ToolCallDelta) -> None:
        """Add a piece.

        A name that is repeated is the name; another is the rest of it, until arguments have come.
        """
        self.id = self.id or piece.id
        if piece.name and piece.name != self.name and (not self.name or self._name_grows(piece)):
            self.name += piece.name
        self._write(piece.arguments)

    def _name_grows(self, piece: ToolCallDelta) -> bool:
        opens = piece.id and piece.id != self.id
        return not (opens or self.is_complete or self._arguments.tell())

    def _write(self, arguments: str) -> None:
        if arguments:
            self._arguments.write(arguments)
            self._extent.feed(arguments)
            self.is_complete = self.is_complete or self._extent.is_complete


def made_id() -> str:
    """Return a new id for a tool call; see `MADE_ID`."""
    return "m" + b32encode(os.urandom(5)).decode().lower()


def fitting_id(call_id: str) -> str:
    """Return nine letters and digits for an id, which every provider accepts.

    They are the same for the same id, so that a call and its result agree.
    """
    digest = blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return b32encode(digest).decode().lower()[:9]


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


class MalformedEventError(ValueError):
    """An event on the wire is not the JSON object that it should be."""


class ProviderError(Exception):
    """The provider reports a failure inside a stream that began well.

    Args:
        message: What it says.
        status: The HTTP status that it would have been, if told.
        body: The whole report.
        retryable: Whether the same request may well succeed, where no status decides it.
    """

    def __init__(
        self, message: str, *, status: int | None, body: JSON, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retryable = retryable


class Delta(Generic[FinishT]):
    """What one event on the wire says.

    Attributes:
        content: The text, ``""`` if there is none.
        reasoning: The text of the model's reasoning, ``""`` if there is none.
        finish_reasons: Why the generation ended, in the provider's words; else ``None``.
        id: The provider's id for the response, if told.
        model: The name of the model that answers, if told.
        tokens: The token counts so far, if told.
        tool_calls: Pieces of tool calls.
        calls: For each of those the call that it belongs to, as far as the call has come.
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


def text_or_none(value: JSON) -> str | None:
    """Return a text that says something, else ``None``."""
    return value if value and isinstance(value, str) else None


def id_or_none(value: JSON) -> str | None:
    """Return the id of a tool call; some servers, and Mistral's SDK, write ``"null"`` for none."""
    return None if value == "null" else text_or_none(value)
