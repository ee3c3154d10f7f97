"""What any provider can say, in our words.

One event on the wire becomes one `Delta`: everything that the event says, side by side. There is
no object per thing said, because most events say one thing, a few characters of text, and the cost
of a stream is the cost of its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeAlias

from typing_extensions import TypeVar

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
Record: TypeAlias = Mapping[str, "JSON"]
"""One decoded JSON object."""

FinishT = TypeVar("FinishT", bound=str, default=str)


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
    """

    key: int | None
    id: str | None
    name: str | None
    arguments: str


class MalformedEventError(ValueError):
    """An event on the wire is not the JSON object that it should be."""


class ProviderError(Exception):
    """The provider reports a failure inside a stream that began well.

    Args:
        message: What it says.
        status: The HTTP status that it would have been, if told.
        body: The whole report.
    """

    def __init__(self, message: str, *, status: int | None, body: JSON) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


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
    """

    __slots__ = ("content", "finish_reasons", "id", "model", "reasoning", "tokens", "tool_calls")

    content: str
    reasoning: str
    finish_reasons: list[FinishT] | None
    id: str | None
    model: str | None
    tokens: TokenCounts | None
    tool_calls: tuple[ToolCallDelta, ...]


def text_or_none(value: JSON) -> str | None:
    """Return a text that says something, else ``None``."""
    return value if value and isinstance(value, str) else None
