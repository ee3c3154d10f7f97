"""What type checkers know of streams that are shown: what goes in comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

from rich.console import Console

from mirascope import llm
from mirascope.core import openai
from mirascope.core.base import BaseStructuredStream
from mirascope.core.openai import OpenAICallResponseChunk, OpenAIStream, OpenAITool
from mirascope.show import Tracked, ashow, show, track


@openai.call("gpt-4o-mini", stream=True)
def answer(question: str) -> str:
    return question


@openai.call("gpt-4o-mini", stream=True)
async def aanswer(question: str) -> str:
    return question


@llm.call("openai:gpt-4o-mini", stream=True)
def agnostic(question: str) -> str:
    return question


@openai.call("gpt-4o-mini", stream=True, response_model=list[str])
def titles(genre: str) -> str:
    return genre


def shown(streams: Iterator[OpenAIStream]) -> None:
    assert_type(show(answer("?")), OpenAIStream)
    assert_type(show(agnostic("?"), reasoning="fold"), llm.Stream)
    assert_type(show(titles("?"), console=Console()), BaseStructuredStream[list[str]])
    for chunk, tool in track(answer("?"), "An answer", total=100):
        assert_type(chunk, OpenAICallResponseChunk)
        assert_type(tool, OpenAITool | None)
    for stream in track(streams):
        assert_type(stream, OpenAIStream)
    assert_type(track(titles("?")), Tracked[list[str]])
    _ = show(aanswer("?"))  # type: ignore[type-var] # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    show("?")  # type: ignore[type-var] # pyright: ignore[reportArgumentType]


async def ashown() -> None:
    assert_type(await ashow(aanswer("?")), OpenAIStream)
    assert_type(await ashow(await aanswer("?")), OpenAIStream)
    async for chunk, _ in track(await aanswer("?")):
        assert_type(chunk, OpenAICallResponseChunk)
