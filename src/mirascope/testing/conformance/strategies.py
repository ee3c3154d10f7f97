"""Strategies of hypothesis for the tests of a provider.

from hypothesis import given
from mirascope.testing.conformance import strategies

@given(strategies.responses())
def test_any_response_is_decoded(response: strategies.Script) -> None:
    body = MY_CASE.tool_call_response(*response.steps)
    ...
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from mirascope.testing.conformance._steps import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Step,
    Text,
)

_COUNTS: Final = st.integers(0, 4)
_TEXTS: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)

JSON_VALUES: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
"""What JSON can represent, but for numbers that are not whole."""

ARGUMENTS: Final[st.SearchStrategy[dict[str, Any]]] = st.fixed_dictionaries({"data": JSON_VALUES})
"""The arguments of a tool with one parameter, ``data``."""


@dataclass(frozen=True)
class Script:
    """What a model does, and what of it a client has to receive.

    Attributes:
        steps: What it does, in order.
        calls: The tool calls by name and arguments, in the order in which they start.
    """

    steps: Sequence[Step]
    calls: Sequence[tuple[str, dict[str, Any]]] = ()

    @property
    def text(self) -> str:
        """The text."""
        return "".join(step.text for step in self.steps if isinstance(step, Text))

    @property
    def reasoning(self) -> str:
        """The reasoning."""
        return "".join(step.text for step in self.steps if isinstance(step, Reasoning))

    @property
    def completed(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """The tool calls in the order in which they end, for providers that send complete calls."""
        return [self.calls[step.call] for step in self.steps if isinstance(step, CallEnd)]


def responses(
    *,
    tools: dict[str, st.SearchStrategy[dict[str, Any]]] | None = None,
    reasoning: bool = True,
) -> st.SearchStrategy[Script]:
    """Return responses: texts, reasoning and tool calls, whose steps interleave in any legal order.

    Args:
        tools: The arguments of the tools that may be called, by the name of the tool. A tool that
            is called without any may have no JSON at all. By default none is called.
        reasoning: Whether there may be reasoning.
    """
    return _responses(tools or {}, reasoning=reasoning)


@st.composite
def _responses(
    draw: st.DrawFn, tools: dict[str, st.SearchStrategy[dict[str, Any]]], *, reasoning: bool
) -> Script:
    texts: st.SearchStrategy[Step] = st.builds(Text, _TEXTS)
    pieces = texts | st.builds(Reasoning, _TEXTS) if reasoning else texts
    threads: list[list[Step]] = [[draw(pieces)] for _ in range(draw(_COUNTS))]
    calls: list[tuple[str, dict[str, Any]]] = []
    for call in range(draw(_COUNTS) if tools else 0):
        name = draw(st.sampled_from(sorted(tools)))
        arguments = draw(tools[name])
        has_json = bool(arguments) or draw(st.booleans())
        text = json.dumps(arguments) if has_json else ""
        deltas = [CallDelta(call, piece) for piece in draw(_slices(text, most=4)) if piece]
        threads.append([CallStart(call, name), *deltas, CallEnd(call)])
        calls.append((name, arguments))
    return Script(_interleaved(draw, threads), calls)


def _interleaved(draw: st.DrawFn, threads: list[list[Step]]) -> list[Step]:
    """Mix threads of steps; calls start in their order."""
    steps: list[Step] = []
    waiting: list[list[Step]] = [thread for thread in threads if thread]
    while waiting:
        first_unopened = next((t for t in waiting if isinstance(t[0], CallStart)), None)
        ready = [t for t in waiting if t is first_unopened or not isinstance(t[0], CallStart)]
        thread = draw(st.sampled_from(ready))
        steps.append(thread.pop(0))
        waiting = [thread for thread in waiting if thread]
    return steps


def _slices(text: str, *, most: int) -> st.SearchStrategy[list[str]]:
    """Return ways to cut a text into slices that are not empty, unless all of it is."""
    places = st.sets(st.integers(1, max(1, len(text) - 1)), max_size=most)
    return places.map(
        lambda found: [text[a:b] for a, b in itertools.pairwise([0, *sorted(found), len(text)])]
    )


def cuts(body: bytes) -> st.SearchStrategy[list[bytes]]:
    """Return ways to cut a body into pieces, as a network may: one by one, at random, or not."""
    places = st.sets(st.integers(1, max(1, len(body) - 1)), max_size=24)
    at_random = places.map(
        lambda found: [body[a:b] for a, b in itertools.pairwise([0, *sorted(found), len(body)])]
    )
    sizes = st.sampled_from([1, 2, 7, 64, len(body) or 1])
    evenly = sizes.map(
        lambda size: [body[start : start + size] for start in range(0, len(body), size)]
    )
    return evenly | at_random


def breaks(body: bytes) -> st.SearchStrategy[bytes]:
    """Return the beginnings of a body that breaks off, from nothing to all but its last byte."""
    return st.integers(0, max(0, len(body) - 1)).map(lambda size: body[:size])
