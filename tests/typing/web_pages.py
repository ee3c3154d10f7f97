"""What type checkers know of streams in web pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from starlette.responses import Response

from mirascope import BaseMessageParam, llm
from mirascope.core import openai
from mirascope.core.base.tool import BaseTool
from mirascope.web import Approval, Events, ag_ui, ai_sdk, sse
from mirascope.web.ai_sdk import Conversation


@openai.call("gpt-4o-mini", stream=True)
def answer(messages: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return messages


@llm.call("openai:gpt-4o-mini", stream=True)
async def aanswer(messages: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return messages


@openai.call("gpt-4o-mini", stream=True, response_model=list[str])
def titles(genre: str) -> str:
    return genre


def turn(tool: BaseTool) -> Iterator[llm.Stream | Approval | tuple[BaseTool, str]]:
    yield tool, "done"
    yield Approval(tool)


async def aturn() -> AsyncIterator[llm.Stream]:
    yield await aanswer([])


def pages(tool: BaseTool, body: bytes) -> None:
    messages = ai_sdk.messages(body)
    assert_type(messages, Conversation)
    assert_type(sse.events(answer(messages)), Events)
    assert_type(sse.response(turn(tool), ping=None), Response)
    assert_type(ai_sdk.response(aanswer(messages)), Response)
    assert_type(ai_sdk.response(ai_sdk.text(titles("fantasy"))), Response)
    run = ag_ui.run_input(body)
    assert_type(ag_ui.tools(run), list[type[BaseTool]])
    assert_type(ag_ui.response(aturn(), run, on_error=str), Response)
    for block in sse.events(answer(messages)):
        assert_type(block, bytes)


async def apages() -> None:
    async for block in sse.events(await aanswer([])):
        assert_type(block, bytes)
