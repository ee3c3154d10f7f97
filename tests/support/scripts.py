"""Responses as steps: what a model does, in an order that each provider can send in its own way.

A `Case` makes the events of it. Providers that send a call in fragments send each step as it is;
those that send complete calls (`Case.whole_calls`) send one at its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    text: str


class Reasoning(NamedTuple):
    text: str


class CallStart(NamedTuple):
    call: int
    name: str


class CallDelta(NamedTuple):
    call: int
    arguments: str


class CallEnd(NamedTuple):
    call: int


Step: TypeAlias = Text | Reasoning | CallStart | CallDelta | CallEnd
Tell: TypeAlias = Callable[[Step], "Iterable[bytes]"]


def call_id(call: int) -> str:
    return f"call_{call}"


class WholeCall(NamedTuple):
    """A call that is sent at once."""

    call: int
    name: str
    arguments: str


def with_whole_calls(steps: Iterable[Step]) -> Iterator[Text | Reasoning | WholeCall]:
    """Gather the steps of each call, for providers that send complete calls."""
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
    """Return the steps of calls, given by name and arguments, that do not interleave."""
    steps: list[Step] = []
    for call, (name, arguments) in enumerate(calls):
        half = len(arguments) // 2
        pieces = [CallDelta(call, piece) for piece in (arguments[:half], arguments[half:]) if piece]
        steps += [CallStart(call, name), *pieces, CallEnd(call)]
    return steps
