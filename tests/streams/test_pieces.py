"""Text in pieces: whatever the chunks, the pieces are the same, and together they are the text."""

# ruff: noqa: RUF001  # the characters are tested

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Case, Driver
from support.recordings import recordings

from mirascope import errors, streams
from mirascope.core import openai
from mirascope.streams._sentences import _Sentences
from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Loopback, Response, Stall

PIECES: list[Callable[..., Iterator[str]]] = [
    streams.text,
    streams.words,
    streams.lines,
    streams.sentences,
]

FRAGMENTS = st.sampled_from(
    [
        *(
            "Dr.",
            "e.g.",
            "3.14",
            "U.S.",
            "No.",
            "A",
            "I",
            "1.",
            "1",
            "...",
            "…",
            "?!",
            "!",
            ".",
            "5",
        ),
        *(" ", "  ", "\n", "\r\n", "\t", '"', "”", ")", "**", "*", "- ", "# "),
        *(
            "word",
            "Word",
            "über",
            "好",
            "的",
            "。",
            "？",
            "」",
            "カナ",
            "🎉",
            "किताब",
            "।",
            "\u00a0",
        ),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=40).map("".join)


def cut(text: str, at: Iterable[int]) -> list[str]:
    bounds = sorted({0, len(text), *(index % (len(text) + 1) for index in at)})
    return [text[start:end] for start, end in pairwise(bounds)]


CUTS = st.lists(st.integers(0, 1000), max_size=30)


@pytest.mark.parametrize("split", PIECES, ids=lambda split: split.__name__)
@given(text=TEXTS, at=CUTS)
def test_pieces_are_the_text(split: Any, text: str, at: list[int]) -> None:
    assert "".join(split(cut(text, at))) == text


@pytest.mark.parametrize("split", PIECES[1:], ids=lambda split: split.__name__)
@given(text=TEXTS, at=CUTS)
def test_pieces_do_not_depend_on_the_chunks(split: Any, text: str, at: list[int]) -> None:
    assert list(split(cut(text, at))) == list(split(iter(text))) == list(split([text]))


@given(text=TEXTS, at=CUTS, size=st.integers(1, 50))
def test_sentences_are_as_short_as_is_wanted(text: str, at: list[int], size: int) -> None:
    pieces = list(streams.sentences(cut(text, at), max_chars=size))
    assert "".join(pieces) == text
    assert all(len(piece) <= size for piece in pieces)
    assert pieces == list(streams.sentences([text], max_chars=size))


@given(text=TEXTS, at=CUTS, seconds=st.lists(st.integers(0, 3), min_size=1))
def test_no_text_waits_longer_than_the_latency(
    text: str, at: list[int], seconds: list[int]
) -> None:
    """The definition, with a clock of the test: at any time, all older text is given."""
    split, now, pieces = _Sentences(2, None), 0.0, list[str]()
    split.clock = lambda: now
    received: list[tuple[float, int]] = []
    for index, part in enumerate(cut(text, at)):
        for _ in range(seconds[index % len(seconds)]):
            now += 1
            if split.due is not None and split.due <= now:
                pieces += split.expire(now)
            old = max((end for when, end in received if when <= now - 2), default=0)
            assert text[len("".join(pieces)) : old].strip() == ""
        pieces += split.feed(part)
        received.append((now, (received[-1][1] if received else 0) + len(part)))
    assert "".join((*pieces, *split.finish())) == text


@given(text=TEXTS)
def test_lines_and_words_are_those_of_python(text: str) -> None:
    assert list(streams.lines([text])) == re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    latin = re.sub(r"[^\x00-\xff]", "x", text)
    words = re.findall(r"\s*\S+\s+|\s*\S+\Z|\s+\Z", latin)
    assert [word.strip() for word in streams.words([latin])] == [word.strip() for word in words]


SENTENCES = [
    ["Dr. Lee paid 3.50 euros. ", "Why?"],
    ["Use a list, e.g. Python's. ", "It works."],
    ["Prof. Dr. Kim vs. Mr. Wu, Ph.D. and all. ", "Next."],
    ["J. K. Rowling wrote it. ", "So do I. ", "You?"],
    ["“No idea.” ", "He left. ", "(It was late.) ", "**Note.** ", "`x.` ", "Done!"],
    ["“Why?” he asked. ", "Really?! ", "Yes."],
    ["Wait... what? ", "Wait... ", "Then go… ", "Now."],
    ["See Fig. 3. ", "No. ", "In 1999. ", "Then p. 5 follows."],
    ["1. First one\n", "2. Second one\n\n", "# Heading\n", "- a point\n", "end"],
    ["今天天气很好。", "你呢？", "「走吧！」", "她说。", "\n好"],
    ["これは本です。", "はい！", "終わり"],
    ["यह किताब है। ", "हाँ।"],
    ["Visit example.com or v1.2.3 at 5 p.m. today. ", "Bye."],
    ["Ends without a stop"],
    ["\n\nBegins with lines. ", "Yes."],
]


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0].strip())
def test_where_sentences_end(sentences: list[str]) -> None:
    if sentences[-1] == "\n好":  # whitespace belongs to the sentence before
        sentences = [*sentences[:-2], sentences[-2] + "\n", "好"]
    assert list(streams.sentences(["".join(sentences)])) == sentences


def test_words_of_scripts_without_spaces() -> None:
    assert list(streams.words(["你好,world 再", "见。ok"])) == [
        "你",
        "好,",
        "world ",
        "再",
        "见。",
        "ok",
    ]


PROVIDERS = ("openai", "anthropic", "cohere", "gemini", "groq", "mistral", "openai-compat")


def test_sentences_of_recordings_are_their_texts() -> None:
    texts = {recording.expected.get("text") or "" for recording in recordings(*PROVIDERS)}
    for text in texts:
        for size in (1, 7, len(text) + 1):
            chunks = [text[at : at + size] for at in range(0, len(text), size)]
            assert "".join(streams.sentences(chunks)) == text
            assert "".join(streams.sentences(chunks, max_chars=40)) == text


def test_pieces_of_every_provider(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Dr. L", "ee paid", " 3.", "50. Wh", "y?"))
    for split in PIECES:
        pieces = driver.attempt(driver.function(case), split).items
        assert "".join(pieces) == "Dr. Lee paid 3.50. Why?"
    assert driver.attempt(driver.function(case), streams.sentences).items == [
        "Dr. Lee paid 3.50. ",
        "Why?",
    ]


def test_a_piece_is_given_although_its_end_is_not_received(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response([*case.begin, case.text("It is nice"), Stall()])]
    function = driver.function(case)

    async def first() -> str:
        async with streams.sentences(await function("fantasy"), max_latency=0.05) as pieces:
            return await anext(pieces)

    if driver.asynchronous:
        assert anyio.run(first) == "It is nice"
    else:
        with streams.sentences(function("fantasy"), max_latency=0.05) as pieces:
            assert next(pieces) == "It is nice"
    assert server.connections[0].disconnected.wait(2)


def test_what_was_received_before_an_error_is_given(llm: ScriptedProvider) -> None:
    @openai.call("a-model", stream=True)
    def ask() -> str:
        return "?"

    for latency in (None, 60):
        llm.cut("It is. It was")
        pieces: list[str] = []
        with pytest.raises(errors.StreamConnectionError):
            pieces.extend(streams.sentences(ask(), max_latency=latency))
        assert pieces == ["It is. ", "It was"]


def test_values_have_no_text() -> None:
    with pytest.raises(TypeError, match="not int"):
        list(streams.words([1]))  # type: ignore[list-item]


@pytest.mark.parametrize("options", [{"max_latency": 0}, {"max_chars": 0}])
def test_limits_are_positive(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        streams.sentences([], **options)


def test_a_long_text_without_a_stop_costs_the_same_per_chunk() -> None:
    """Only the end of the text is kept for the search."""
    split = _Sentences(None, None)
    for _ in range(10_000):
        assert split.feed("word ") == []
    assert len(split._buffer) < 200
    assert split.feed(". ") + split.feed("Next") == ["word " * 10_000 + ". "]


def test_iter_may_be_called_before_the_first_item() -> None:
    """As `st.write_stream` of Streamlit does, which so finds out whether it can iterate."""
    items = streams.words(["To be"])
    unused = iter(items)
    assert list(items) == ["To ", "be"]
    with pytest.raises(errors.StreamConsumed):
        next(unused)
    with pytest.raises(errors.StreamConsumed):
        iter(items)
