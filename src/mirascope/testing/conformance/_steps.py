"""Responses as steps: what a model does, in an order that each provider can send in its own way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """A piece of the text."""

    text: str


class Reasoning(NamedTuple):
    """A piece of the reasoning."""

    text: str


class CallStart(NamedTuple):
    """The start of a tool call: its number in the response, from 0, and the tool's name."""

    call: int
    name: str


class CallDelta(NamedTuple):
    """A piece of the arguments of a tool call, which are JSON."""

    call: int
    arguments: str


class CallEnd(NamedTuple):
    """The end of a tool call."""

    call: int


Step: TypeAlias = Text | Reasoning | CallStart | CallDelta | CallEnd
"""What a model does; calls start in the order of their numbers, and may interleave."""


class WholeCall(NamedTuple):
    """A tool call that is sent at once."""

    call: int
    name: str
    arguments: str


def call_id(call: int) -> str:
    """Return the id of a tool call.

    Example:
        >>> call_id(0)
        'call_0'
    """
    return f"call_{call}"


def with_whole_calls(steps: Iterable[Step]) -> Iterator[Text | Reasoning | WholeCall]:
    """Gather the steps of each call, for providers that send complete calls.

    Example:
        >>> steps = [CallStart(0, "add"), CallDelta(0, '{"a": '), CallDelta(0, "1}"), CallEnd(0)]
        >>> list(with_whole_calls(steps))
        [WholeCall(call=0, name='add', arguments='{"a": 1}')]
    """
    names: dict[int, str] = {}
    arguments: defaultdict[int, str] = defaultdict(str)
    for step in steps:
        match step:
            case CallStart(call, name):
                names[call] = name
            case CallDelta(call, text):
                arguments[call] += text
            case CallEnd(call):
                yield WholeCall(call, names[call], arguments[call])
            case _:
                yield step


def one_after_another(*calls: tuple[str, str]) -> list[Step]:
    """Return the steps of calls, given by name and arguments, that do not interleave.

    Example:
        >>> one_after_another(("add", ""))
        [CallStart(call=0, name='add'), CallEnd(call=0)]
    """
    steps: list[Step] = []
    for call, (name, arguments) in enumerate(calls):
        half = len(arguments) // 2
        pieces = [CallDelta(call, piece) for piece in (arguments[:half], arguments[half:]) if piece]
        steps += [CallStart(call, name), *pieces, CallEnd(call)]
    return steps
