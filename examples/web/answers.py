"""The model calls of all web examples.

``MODEL`` in the environment names the model, by default ``openai:gpt-4o-mini``. ``local`` is a
small model in this process, which calls no tools.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from mirascope import BaseMessageParam, llm, local
from mirascope.web import Approval
from mirascope.web.ai_sdk import Conversation


class Book(BaseModel):
    title: str
    author: str
    reasons: list[str]


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return {"Emma": "Jane Austen"}.get(title, "Nobody knows")


def order(title: str) -> str:
    """Orders a book, after the user's approval."""
    return f"{title} is on its way"


def window_width() -> int:
    """Returns how wide the user's window is; the browser answers it."""
    raise NotImplementedError("the page calls this")


MODEL = os.environ.get("MODEL", "openai:gpt-4o-mini")
IS_LOCAL = MODEL == "local"
TOOLS = [] if IS_LOCAL else [get_author, order, window_width]
sync_options: Any = {"provider": MODEL}
async_options: Any = {"provider": MODEL}
if IS_LOCAL:
    sync_options = {"provider": "openai", "model": local.MODEL, "client": local.client()}
    async_options = {**sync_options, "client": local.async_client()}


@llm.call(**sync_options, stream=True, tools=TOOLS)
def reply(messages: Sequence[BaseMessageParam]) -> list[BaseMessageParam]:
    return list(messages)


@llm.call(**async_options, stream=True, tools=TOOLS)
async def areply(messages: Sequence[BaseMessageParam]) -> list[BaseMessageParam]:
    return list(messages)


@llm.call(**async_options, stream=True, response_model=Book, json_mode=IS_LOCAL)
async def recommend(genre: str) -> str:
    return f"Recommend a {genre} book"


def turn(messages: Conversation) -> Iterator[Any]:
    """Stream a response; run the tools that the model calls, and stream the next one."""
    yield from approved(messages)
    while True:
        stream = reply(messages)
        yield stream  # which has been read to its end when this goes on
        steps, outputs = called(stream)
        yield from steps
        if not outputs:
            return
        messages += [stream.message_param, *stream.tool_message_params(outputs)]


async def aturn(messages: Conversation) -> AsyncIterator[Any]:
    """Do the same with an async model."""
    for step in approved(messages):
        yield step
    while True:
        stream = await areply(messages)
        yield stream
        steps, outputs = called(stream)
        for step in steps:
            yield step
        if not outputs:
            return
        messages += [stream.message_param, *stream.tool_message_params(outputs)]


def approved(messages: Conversation) -> Iterator[Any]:
    """Run what the user has approved: a browser's word, so it is checked like any input."""
    for call in messages.approved:
        output = order(str((call.args or {}).get("title", "")))
        yield call, output
        messages.add_result(call, output)


def called(stream: llm.Stream) -> tuple[list[Any], list[Any]]:
    """Return a stream's tools as steps, and their outputs, if the answer can go on with those."""
    steps: list[Any] = []
    outputs: list[Any] = []
    tools = stream.construct_call_response().tools or []
    for tool in tools:
        match type(tool).__name__:
            case "order":
                steps.append(Approval(tool))
            case "get_author":
                outputs.append((tool, tool.call()))
    return [*outputs, *steps], outputs if len(outputs) == len(tools) else []
