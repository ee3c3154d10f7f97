"""The measured loops: each runs in a process of its own, `python bench/legs.py LEG URL`.

A process each, because legs that share one share a heap: the garbage of one leg would be collected
on another's bill. The process lives for the whole run, so that imports, the first request and what
the SDK builds lazily are paid before anything is measured, and `run.py` can still alternate between
legs. Every leg imports the same modules, the SDK's and ours: a full collection then costs the same
everywhere. The collector stays on, as in a user's program, since what a loop makes it do is a cost
of that loop; it only starts from a clean heap each time.

In: a model's name (see `replay.py`), a line. Out: a line of JSON, the fields of `run.Sample`. The
whole call is measured, its request included.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from functools import cache

import openai as sdk
from pydantic import BaseModel

from mirascope.core import BaseTool, StreamConfig, openai, prompt_template

Loop = Callable[[], str]
AsyncLoop = Callable[[], Coroutine[None, None, str]]

QUESTION = "Recommend a {genre} book"


class Book(BaseModel):
    title: str
    author: str
    pages: int


class Books(BaseModel):
    books: list[Book]


class Essay(BaseModel):
    title: str
    text: str


class Shelf(BaseTool):
    """Puts books on a shelf."""

    books: list[Book]

    def call(self) -> str:
        return Books(books=self.books).model_dump_json()


def sdk_sync(client: sdk.OpenAI, model: str) -> Loop:
    def loop() -> str:
        text = ""
        for chunk in client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": QUESTION.format(genre="fantasy")}],
            stream=True,
            stream_options={"include_usage": True},
        ):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
        return text

    return loop


def sdk_async(client: sdk.AsyncOpenAI, model: str) -> AsyncLoop:
    async def loop() -> str:
        text = ""
        async for chunk in await client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": QUESTION.format(genre="fantasy")}],
            stream=True,
            stream_options={"include_usage": True},
        ):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
        return text

    return loop


def ours_sync(client: sdk.OpenAI, model: str) -> Loop:
    @openai.call(model, stream=True, client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        text = ""
        for chunk, _ in recommend("fantasy"):
            text += chunk.content
        return text

    return loop


def touched_sync(client: sdk.OpenAI, model: str) -> Loop:
    """Ours, with the SDK's own object of every chunk built."""

    @openai.call(model, stream=True, client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        text = ""
        for chunk, _ in recommend("fantasy"):
            text += chunk.chunk.choices[0].delta.content or ""
        return text

    return loop


def books_sync(client: sdk.OpenAI, model: str) -> Loop:
    """Ours, as a model that grows, with a look at each of its states."""

    @openai.call(model, stream=True, response_model=Books, json_mode=True, client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        books: list[Book] = []
        for so_far in recommend("fantasy"):
            books = so_far.books
        return Books(books=books).model_dump_json()

    return loop


def essay_sync(client: sdk.OpenAI, model: str) -> Loop:
    """Ours, as a model whose text grows, with a look at each of its states."""

    @openai.call(model, stream=True, response_model=Essay, json_mode=True, client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        title = text = ""
        for so_far in recommend("fantasy"):
            title, text = so_far.title, so_far.text
        return Essay(title=title, text=text).model_dump_json()

    return loop


def pieces_sync(client: sdk.OpenAI, model: str) -> Loop:
    """Ours, with a tool call in pieces that nobody reads as one."""

    @openai.call(model, stream=True, client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        text = ""
        for chunk, _ in recommend("fantasy"):
            for piece in chunk.tool_calls:
                text += piece.arguments
        return text

    return loop


def tools_sync(client: sdk.OpenAI, model: str, *, partial: bool = False) -> Loop:
    """Ours, with the tool that comes once it is complete, or also while it grows."""
    config: StreamConfig = {"partial_tools": partial}

    @openai.call(model, stream=config, tools=[Shelf], client=client)
    @prompt_template(QUESTION)
    def recommend(genre: str) -> None: ...

    def loop() -> str:
        shelf = None
        for _, tool in recommend("fantasy"):
            shelf = tool or shelf
        assert shelf
        return shelf.call()

    return loop


def partial_tools_sync(client: sdk.OpenAI, model: str) -> Loop:
    return tools_sync(client, model, partial=True)


def ours_async(client: sdk.AsyncOpenAI | None, model: str) -> AsyncLoop:
    @openai.call(model, stream=True, client=client)
    @prompt_template(QUESTION)
    async def recommend(genre: str) -> None: ...

    async def loop() -> str:
        text = ""
        async for chunk, _ in await recommend("fantasy"):
            text += chunk.content
        return text

    return loop


def default_async(_: sdk.AsyncOpenAI, model: str) -> AsyncLoop:
    """Ours, with the client that a call has by itself: on aiohttp where that is installed."""
    return ours_async(None, model)


SYNC = {
    "sdk-sync": sdk_sync,
    "ours-sync": ours_sync,
    "touched-sync": touched_sync,
    "books-sync": books_sync,
    "essay-sync": essay_sync,
    "pieces-sync": pieces_sync,
    "tools-sync": tools_sync,
    "partial-tools-sync": partial_tools_sync,
}
ASYNC = {"sdk-async": sdk_async, "ours-async": default_async, "httpx2-async": ours_async}


def loops(leg: str, url: str) -> Callable[[str], Loop]:
    """Gives the leg's loop for a model, all of them on one client (and one event loop)."""
    os.environ |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench"}
    if leg in SYNC:
        client = sdk.OpenAI(max_retries=0)
        return lambda model: SYNC[leg](client, model)
    async_client = sdk.AsyncOpenAI(max_retries=0)
    runner = asyncio.Runner()

    def make(model: str) -> Loop:
        loop = ASYNC[leg](async_client, model)
        return lambda: runner.run(loop())

    return make


def waits() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def measure(loop: Loop) -> dict[str, float | str]:
    gc.collect()
    before = waits()
    start = time.process_time()
    text = loop()
    cpu = time.process_time() - start
    return {"cpu": cpu, "waits": waits() - before, "text": text}


def main() -> None:
    make = cache(loops(*sys.argv[1:]))
    for line in sys.stdin:
        print(json.dumps(measure(make(line.strip()))), flush=True)


if __name__ == "__main__":
    main()
