"""What type checkers know of operators on streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from mirascope import llm, streams
from mirascope.core import openai
from mirascope.core.openai import OpenAICallResponseChunk, OpenAIStream, OpenAITool
from mirascope.streams import AsyncItems, Items, Row, SyncItems

Item = tuple[OpenAICallResponseChunk, OpenAITool | None]


@openai.call("gpt-4o-mini", stream=True)
def answer(question: str) -> str:
    return question


@openai.call("gpt-4o-mini", stream=True)
async def aanswer(question: str) -> str:
    return question


@llm.call("openai:gpt-4o-mini", stream=True)
def any_answer(question: str) -> str:
    return question


@openai.call("gpt-4o-mini", response_model=list[str], stream=True)
def titles(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini")
async def plain(question: str) -> str:
    return question


def texts() -> Iterator[str]:
    yield "a"


async def atexts() -> AsyncIterator[str]:
    yield "a"


def pieces() -> None:
    assert_type(streams.text(answer("?")), Items[str])
    assert_type(streams.sentences(streams.text(any_answer("?")), max_latency=1), Items[str])
    assert_type(streams.words(texts()), SyncItems[str])
    assert_type(streams.lines(atexts()), AsyncItems[str])
    assert_type(streams.words(list(answer("?"))), SyncItems[str])
    for piece in streams.words(answer("?")):
        assert_type(piece, str)
    with streams.sentences(texts()) as sentences:
        assert_type(sentences, SyncItems[str])
        assert_type(next(sentences), str)
    streams.text(titles("fantasy"))  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]  # values have no text
    streams.words([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType, reportCallIssue]  # the same


def items() -> None:
    assert_type(streams.smooth(answer("?")), Items[Item])
    assert_type(streams.until(answer("?"), "END"), Items[Item])
    assert_type(streams.until(answer("?"), lambda item: item[1] is not None), Items[Item])
    assert_type(streams.extract_reasoning(answer("?")), Items[Item])
    assert_type(
        streams.extract_reasoning(any_answer("?")),
        Items[tuple[llm.CallResponseChunk, llm.Tool | None]],
    )
    assert_type(streams.throttle(titles("fantasy"), 0.1), Items[list[str]])
    assert_type(streams.throttle(titles("fantasy").elements, 0.1), Items[str])
    assert_type(streams.tee(answer("?")), tuple[Items[Item], ...])
    assert_type(streams.tee(texts(), 3, buffer=10), tuple[SyncItems[str], ...])
    assert_type(streams.merge(answer("?"), answer("!")), Items[tuple[int, Item]])
    assert_type(streams.race(answer("?"), answer("!")), Items[Item])
    assert_type(streams.race(atexts(), atexts()), AsyncItems[str])
    for chunk, tool in streams.race(answer("?")):
        assert_type(chunk, OpenAICallResponseChunk)
        assert_type(tool, OpenAITool | None)


async def async_items() -> None:
    async for piece in streams.words(await aanswer("?")):
        assert_type(piece, str)
    async with streams.smooth(await aanswer("?")) as smoothed:
        chunk, _ = await anext(smoothed)
        assert_type(chunk, OpenAICallResponseChunk)
    async for row in streams.gather(plain, ["a"]):
        assert_type(row, Row[str, openai.OpenAICallResponse])
    iter(streams.words(atexts()))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]  # they are async


def rows() -> None:
    gathered = streams.gather(answer, ["a", "b"], concurrency=2)
    assert_type(gathered, SyncItems[Row[str, OpenAIStream]])
    for row in gathered:
        assert_type(row.input, str)
        assert_type(row.value, OpenAIStream | None)
        assert_type(row.error, Exception | None)
    assert_type(streams.gather(aanswer, ["a"]), AsyncItems[Row[str, OpenAIStream]])
