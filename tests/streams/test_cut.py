"""What looks for a text in a stream finds it wherever the chunks begin and end."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk
from support.cases import Case, Driver

from mirascope import llm as provider_agnostic
from mirascope import streams
from mirascope.core import openai
from mirascope.core.base import BaseTool
from mirascope.core.openai import OpenAICallResponseChunk
from mirascope.testing import ScriptedProvider, call
from mirascope.testing.conformance import Text, one_after_another
from mirascope.testing.loopback import Loopback, Response, Stall

CUTS = st.lists(st.integers(0, 200), max_size=20)


def cut(text: str, at: list[int]) -> list[str]:
    bounds = sorted({0, len(text), *(index % (len(text) + 1) for index in at)})
    return [text[start:end] for start, end in pairwise(bounds)]


def chunk(content: str) -> OpenAICallResponseChunk:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
    raw = {"id": "1", "created": 1, "model": "m", "object": "chat.completion.chunk"}
    return OpenAICallResponseChunk(ChatCompletionChunk.model_validate(raw | {"choices": [choice]}))


@given(text=st.text("ab-", max_size=30), marker=st.text("ab-", min_size=1, max_size=4), at=CUTS)
def test_until_gives_the_text_before_the_marker(text: str, marker: str, at: list[int]) -> None:
    before = text.partition(marker)[0]
    assert "".join(streams.until(cut(text, at), marker)) == before
    items = streams.until([(chunk(part), None) for part in cut(text, at)], marker)
    assert "".join(streams.text(items)) == before


def test_until_closes_before_its_last_item(case: Case, server: Loopback) -> None:
    texts = map(case.text, ("To be ", "or S", "TO", "P"))
    server.queue = [Response([*case.begin, *texts, Stall()])]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    texts = [(text, stream.state) for text in streams.text(streams.until(stream, "STOP"))]
    assert texts == [("To be ", "open"), ("or ", "open")]
    assert stream.state == "closed"
    assert server.connections[0].disconnected.wait(2)


def test_until_true_ends_with_the_item(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("To", " be", " or"))]
    attempt = driver.attempt(
        driver.function(case), lambda stream: streams.until(stream, lambda i: i[0].content == " be")
    )
    assert [item[0].content for item in attempt.items if item[0].content] == ["To", " be"]
    assert attempt.stream.state == "closed"


class UnfitError(Exception):
    pass


def test_a_predicate_that_fails_closes(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("To", " be", " or"))]

    def fail(_: object) -> bool:
        raise UnfitError

    attempt = driver.attempt(driver.function(case), lambda stream: streams.until(stream, fail))
    assert isinstance(attempt.error, UnfitError)
    assert attempt.stream.state == "closed"


def test_an_empty_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        streams.until(["a"], "")


def expected(text: str, *, inside: bool = False) -> tuple[str, str]:
    """The definition of reasoning in tags."""
    found: dict[bool, list[str]] = {True: [], False: []}
    while True:
        pattern = r"</(?:think|thinking)>" if inside else r"(?<![`\"'])<(?:think|thinking)>"
        tag = re.search(pattern, text, re.IGNORECASE)
        found[inside].append(text[: tag.start()] if tag else text)
        if tag is None:
            return "".join(found[True]), "".join(found[False])
        text, inside = text[tag.end() :], not inside


PARTS = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<Thinking>", "</thinking>", "a", "<", "thi", "`", "é "]
    )
)


@given(text=PARTS.map("".join), at=CUTS, inside=st.booleans())
def test_reasoning_is_what_is_in_tags(text: str, at: list[int], inside: bool) -> None:  # noqa: FBT001
    items = list(
        streams.extract_reasoning(
            [(chunk(part), None) for part in cut(text, at)], start_with_reasoning=inside
        )
    )
    reasoning = "".join(chunk.reasoning for chunk, _ in items)
    assert (reasoning, "".join(streams.text(items))) == expected(text, inside=inside)


def test_reasoning_of_every_provider(case: Case, driver: Driver, server: Loopback) -> None:
    texts = ["<thi", "nk>2 + 2", " is</th", "ink>It is", " 4."]
    server.queue = [Response(case.response(*texts))]
    attempt = driver.attempt(driver.function(case), streams.extract_reasoning)
    assert "".join(chunk.reasoning for chunk, _ in attempt.items) == "2 + 2 is"
    assert "".join(chunk.content for chunk, _ in attempt.items) == "It is 4."
    ends = [chunk.finish_reasons for chunk, _ in attempt.items if chunk.finish_reasons]
    assert ends[-1] == [case.stop]
    assert attempt.stream.content == "".join(texts)
    stated = [chunk.output_tokens for chunk, _ in attempt.items if chunk.output_tokens is not None]
    assert stated[-1] == attempt.stream.output_tokens


class Shelve(BaseTool):
    title: str

    def call(self) -> str:
        return self.title


@pytest.mark.parametrize(
    "operator",
    [
        lambda stream: streams.until(stream, "<<<"),
        streams.extract_reasoning,
        streams.smooth,
        lambda stream: streams.throttle(stream, 60),
    ],
    ids=["until", "extract_reasoning", "smooth", "throttle"],
)
def test_tools_come_once_and_in_their_place(
    case: Case, driver: Driver, server: Loopback, operator: Any
) -> None:
    calls = one_after_another(("Shelve", '{"title": "Emma"}'))
    server.queue = [Response(case.tool_call_response(Text("One <"), *calls))]
    attempt = driver.attempt(driver.function(case, tools=[Shelve]), operator)
    order = [tool.title if tool else chunk.content for chunk, tool in attempt.items]
    assert "".join(order) == "One <Emma"
    assert order[-1] != "One <"
    assert attempt.stream.state == "finished"


def test_provider_agnostic_chunks_stay_so(llm: ScriptedProvider) -> None:
    @provider_agnostic.call("openai:a-model", stream=True)
    def ask() -> str:
        return "?"

    llm.reply("<think>a</think>b", by=3, tools=[call("get", id=1)])
    items = list(streams.smooth(streams.extract_reasoning(ask())))
    assert {type(chunk) for chunk, _ in items} == {provider_agnostic.CallResponseChunk}
    assert "".join(chunk.reasoning for chunk, _ in items) == "a"


def test_text_of_values_is_refused(llm: ScriptedProvider) -> None:
    @openai.call("a-model", stream=True, response_model=list[str])
    def ask() -> str:
        return "?"

    with pytest.raises(TypeError, match="`stream`"):
        streams.text(ask())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not list"):
        llm.reply(value={"value": ["a"]})
        list(streams.until(ask(), "a"))
