"""When items are given, on a clock of the test."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Case, Driver

from mirascope import streams
from mirascope.core import openai
from mirascope.core.base import BaseTool
from mirascope.streams._pace import _Smooth, _Throttle
from mirascope.streams._transform import Timed
from mirascope.testing import ScriptedProvider
from mirascope.testing.conformance import Text, one_after_another
from mirascope.testing.loopback import Loopback, Response


class Shelve(BaseTool):
    title: str

    def call(self) -> str:
        return self.title


class Paced:
    """Runs a timed transform as its driver does, and records when it gives what."""

    def __init__(self, transform: Timed[Any, Any]) -> None:
        self.now = 100.0
        self.given: list[tuple[float, Any]] = []
        self._transform = transform
        transform.clock = lambda: self.now

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self._transform.due is not None and self._transform.due <= end:
            self.now = max(self.now, self._transform.due)
            self._record(self._transform.expire(self.now))
        self.now = end

    def feed(self, item: Any) -> None:
        self._record(self._transform.feed(item))

    def finish(self) -> None:
        self._record(self._transform.finish())
        self.wait(1000)

    def _record(self, items: Any) -> None:
        self.given += [(round(self.now - 100, 3), item) for item in items]


def test_words_of_a_chunk_fill_the_time_to_the_next() -> None:
    paced = Paced(_Smooth(0.5))
    for _ in range(30):  # until the mean is that of the chunks
        paced.feed("a b c d ")
        paced.wait(0.4)
    paced.given.clear()
    paced.feed("a b c d ")
    paced.wait(0.4)
    times = [when for when, _ in paced.given]
    assert [item for _, item in paced.given] == ["a ", "b ", "c ", "d "]
    assert [round(time - times[0], 1) for time in times] == [0, 0.1, 0.2, 0.3]


def test_bursts_of_words_are_spread() -> None:
    paced = Paced(_Smooth(0.5))
    for _ in range(40):
        for word in "abcd":
            paced.feed(word)
        paced.wait(0.4)
    times = [when for when, _ in paced.given][-16:]
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) < 0.3  # of 0.4 between the bursts
    assert min(gaps) > 0


@given(
    items=st.lists(st.tuples(st.text("ab \n", max_size=20), st.floats(0, 5)), max_size=30),
    delay=st.floats(0.01, 2),
)
def test_no_word_is_delayed_more_than_is_allowed(
    items: list[tuple[str, float]], delay: float
) -> None:
    paced = Paced(_Smooth(delay))
    received: list[float] = []
    for item, seconds in items:
        received += [paced.now - 100] * len(item)
        paced.feed(item)
        paced.wait(seconds)
    paced.finish()
    given_at = [when for when, item in paced.given for _ in item]
    assert "".join(item for _, item in paced.given) == "".join(item for item, _ in items)
    assert all(at - since <= delay + 0.002 for at, since in zip(given_at, received, strict=True))


def test_a_tool_is_never_delayed(case: Case, driver: Driver, server: Loopback) -> None:
    calls = one_after_another(("Shelve", '{"title": "Emma"}'))
    server.queue = [Response(case.tool_call_response(Text("One two three"), *calls))]
    items = driver.attempt(driver.function(case, tools=[Shelve])).items
    smooth = _Smooth[Any](60)
    smooth._gap = 50.0
    paced = Paced(smooth)
    for item in items:
        paced.feed(item)
        if item[1] is not None:
            assert paced.given[-1][1][1] is item[1]
            assert {when for when, _ in paced.given} == {0}
    assert "".join(str(item[0]) for _, item in paced.given) == "One two three"


@given(
    items=st.lists(st.tuples(st.text("ab", min_size=1, max_size=3), st.floats(0, 3)), max_size=30)
)
def test_throttled_texts_are_joined(items: list[tuple[str, float]]) -> None:
    paced = Paced(_Throttle(1, joins=True))
    for item, seconds in items:
        paced.feed(item)
        paced.wait(seconds)
    end = paced.now - 100
    paced.finish()
    assert "".join(item for _, item in paced.given) == "".join(item for item, _ in items)
    times = [when for when, _ in paced.given if when < round(end, 3)]
    assert all(after - before > 0.99 for before, after in pairwise(times))


def test_throttled_values_are_the_newest(llm: ScriptedProvider) -> None:
    @openai.call("a-model", stream=True, response_model=list[str])
    def titles() -> str:
        return "?"

    llm.reply(value=["Emma", "Dune", "Ulysses"], by=2)
    values = list(streams.throttle(titles(), 60))
    assert len(values) == 2
    assert values[-1] == ["Emma", "Dune", "Ulysses"]


def test_throttled_chunks_are_joined(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("To", " be", " or", " not"))]
    attempt = driver.attempt(driver.function(case), lambda stream: streams.throttle(stream, 60))
    texts = [str(chunk) for chunk, _ in attempt.items if str(chunk)]
    assert "".join(texts) == "To be or not"
    assert len(texts) <= 3
    assert [c.finish_reasons for c, _ in attempt.items if c.finish_reasons][-1] == [case.stop]


def test_a_full_smoother_gives_all() -> None:
    smooth = _Smooth[str](60)
    smooth._gap = 50.0
    paced = Paced(smooth)
    paced.feed("a " * 3000)
    assert len(paced.given) == 3000
    for _ in range(2000):
        paced.feed("a ")
        assert len(smooth._waiting) <= 1024


def test_times_are_positive() -> None:
    with pytest.raises(ValueError, match="above 0"):
        streams.smooth([], max_delay=0)
    with pytest.raises(ValueError, match="above 0"):
        streams.throttle([], 0)
