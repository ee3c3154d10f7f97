"""Which tool call a delta belongs to, by index, id or name."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from mirascope.core._wire.accumulator import MessageAccumulator
from mirascope.core._wire.events import ToolCallDelta

ARGUMENTS = ('{"a": "x"}', '{"a": {"b": "}"}, "c": []}', "{}")


IDS: Final[dict[str, Callable[[int, int], str | None]]] = {
    "on the first piece": lambda call, piece: None if piece else f"id-{call}",
    "on every piece": lambda call, _: f"id-{call}",
    "another on every piece": lambda call, piece: f"id-{call}-{piece}",
    "nowhere": lambda _, piece: "" if piece % 2 else None,
}
"""The id that a piece of a call carries, given the numbers of both, as servers send it."""


NAMES: Final[dict[str, Callable[[str], list[str | None]]]] = {
    "on the first piece": lambda name: [name],
    "on the first piece, then empty": lambda name: [name, ""],
    "repeated until arguments come": lambda name: [name, name],
    "in pieces": lambda name: [name[:2], name[2:]],
}
"""The names that the pieces of a call carry before any arguments."""


@dataclass(frozen=True)
class Server:
    """How a server tells the calls of a response apart."""

    ids: str
    names: str
    indexes: bool
    interleaved: bool

    def pieces(self, number: int, name: str, cuts: list[str]) -> list[ToolCallDelta]:
        key = number if self.indexes else None
        names = NAMES[self.names](name)
        texts = [*([""] * len(names)), *cuts]
        named = [*names, *([None] * len(cuts))]
        return [
            ToolCallDelta(key, IDS[self.ids](number, n), name or None, text)
            for n, (name, text) in enumerate(zip(named, texts, strict=True))
        ]


SERVERS = st.one_of(
    st.builds(
        Server,
        ids=st.sampled_from(["on the first piece", "on every piece", "nowhere"]),
        names=st.sampled_from([*NAMES]),
        indexes=st.just(value=True),
        interleaved=st.booleans(),
    ),
    st.builds(  # whose fresh id comes with a piece without a name
        Server,
        ids=st.just("another on every piece"),
        names=st.sampled_from(["on the first piece", "on the first piece, then empty"]),
        indexes=st.just(value=True),
        interleaved=st.booleans(),
    ),
    st.builds(
        Server,
        ids=st.just("on every piece"),
        names=st.sampled_from([*NAMES]),
        indexes=st.just(value=False),
        interleaved=st.booleans(),
    ),
    st.builds(
        Server,
        ids=st.sampled_from(["on the first piece", "nowhere"]),
        names=st.sampled_from(["on the first piece", "on the first piece, then empty"]),
        indexes=st.just(value=False),
        interleaved=st.just(value=False),
    ),
)


@given(st.data(), SERVERS)
def test_the_deltas_of_calls_are_assembled_as_they_were_cut(
    data: st.DataObject, server: Server
) -> None:
    calls = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["first", "second"]), st.sampled_from(ARGUMENTS)), max_size=4
        )
    )
    waiting = [
        server.pieces(n, name, data.draw(cuts(text))) for n, (name, text) in enumerate(calls)
    ]
    reply = MessageAccumulator()
    opened = 0
    while any(waiting):
        begun = [pieces for pieces in waiting[: opened + 1] if pieces]
        pieces = data.draw(st.sampled_from(begun)) if server.interleaved else begun[0]
        opened = max(opened, waiting.index(pieces) + 1)
        reply.add_tool_calls([pieces.pop(0)])
    assert [(call.name, call.arguments) for call in reply.tool_calls] == calls


@st.composite
def cuts(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text into pieces, some of which may be empty."""
    at = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in itertools.pairwise([0, *at, len(text)])]


@pytest.mark.parametrize("late", ["", "}", '{"b": 2}'])
def test_a_delta_without_a_name_and_with_a_known_index_opens_no_call(late: str) -> None:
    reply = MessageAccumulator()
    for piece in (
        ToolCallDelta(0, "a", "f", "{"),
        ToolCallDelta(0, "b", "f", "{}"),
        ToolCallDelta(0, "a", None, "}"),
        ToolCallDelta(0, "fresh", None, late),
    ):
        reply.add_tool_calls([piece])
    assert [(c.id, c.arguments) for c in reply.tool_calls] == [("a", "{}"), ("b", "{}" + late)]


WAYS: Final[dict[str, Callable[[int], list[ToolCallDelta]]]] = {
    "by index": lambda n: [
        ToolCallDelta(n, f"id-{n}", "f", ""),
        ToolCallDelta(n, None, None, "{"),
        ToolCallDelta(n, None, None, "}"),
    ],
    "by id": lambda n: [ToolCallDelta(0, f"id-{n}", "f", "{}")],
    "by name": lambda _: [ToolCallDelta(None, None, "f", "{}")],
    "by name, all with one index": lambda _: [ToolCallDelta(0, None, "f", "{}")],
    "by index, with another id on each piece": lambda n: [
        ToolCallDelta(n, f"id-{n}", "f", "{"),
        ToolCallDelta(n, f"id-{n}-1", None, "}"),
    ],
    "by id, all with one index, and nameless pieces with other ids": lambda n: [
        ToolCallDelta(0, f"id-{n}", "f", "{"),
        ToolCallDelta(0, f"id-{n}-1", None, "}"),
    ],
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_work_is_linear_however_many_calls_there_are(
    way: Callable[[int], list[ToolCallDelta]],
) -> None:
    def adding(calls: int) -> Callable[[], None]:
        pieces = [piece for n in range(calls) for piece in way(n)]
        reply = MessageAccumulator()

        def add() -> None:
            for piece in pieces:
                reply.add_tool_calls([piece])
            for n in range(calls):
                reply.close_tool_call(n)
            assert len(reply.tool_calls) == calls

        return add

    assert_linear(adding, 500)
