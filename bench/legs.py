"""The legs of a provider, its own SDK's, ours and the floor: `python bench/legs.py PROVIDER URL`.

Ours has the client that a call has by itself, the SDK's the one that its class makes by itself:
that is what users have. All import the same modules, so that a full collection costs the same.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

import floor
from child import Leg, serve
from pydantic import BaseModel
from rich.console import Console
from sdks import GENRE, QUESTION, SDKS, environment

from mirascope.core import BaseTool, prompt_template
from mirascope.show import ashow, show
from mirascope.web import ai_sdk, sse


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


def last(items: Iterable[Any]) -> Any:
    """The last one that is anything."""
    found = None
    for item in items:
        found = item or found
    return found


def content(item: Any) -> str:
    chunk, _ = item
    return chunk.content


def tool(item: Any) -> Any:
    _, tool = item
    return tool


def ours(
    call: Any,
    said: Callable[[Any], Any] = content,
    whole: Callable[[Iterable[Any]], str] = "".join,
    *,
    client: object = None,
    async_client: object = None,
    **options: Any,
) -> Leg:
    """Ours, with some options of a call; each model has a prompt function, made once."""
    options = {"stream": True, **options}

    @cache
    def function(model: str) -> Any:
        @call(model, client=client, **options)
        @prompt_template(QUESTION)
        def recommend(genre: str) -> None: ...

        return recommend

    @cache
    def async_function(model: str) -> Any:
        @call(model, client=async_client, **options)
        @prompt_template(QUESTION)
        async def recommend(genre: str) -> None: ...

        return recommend

    return Leg(
        open=lambda model: function(model)(GENRE),
        aopen=lambda model: async_function(model)(GENRE),
        said=said,
        whole=whole,
    )


def of_a_model(call: Any, model: type[BaseModel]) -> Leg:
    """Ours, as a response model that grows, with a look at each field of each of its states."""
    names = tuple(model.model_fields)
    return ours(
        call,
        said=lambda so_far: tuple(getattr(so_far, name) for name in names),
        whole=lambda states: model(**dict(zip(names, last(states), strict=True))).model_dump_json(),
        response_model=model,
        json_mode=True,
    )


def of_a_tool(call: Any, *, partial: bool) -> Leg:
    """Ours, with a tool that comes once it is complete, or also while it grows."""
    return ours(
        call,
        said=tool,
        whole=lambda tools: last(tools).call(),
        tools=[Shelf],
        stream={"partial_tools": partial},
    )


def pieces_of_a_call(item: Any) -> str:
    chunk, _ = item
    return "".join(piece.arguments for piece in chunk.tool_calls)


def of_a_page(leg: Leg, events: Any, text: bytes) -> Leg:
    """A leg as the bytes of a web page, whose events of text have something before the text."""
    found = re.compile(re.escape(text) + rb"(.*)}$", re.MULTILINE)

    async def aopen(model: str) -> Any:
        return events(await leg.aopen(model))

    def whole(blocks: Iterable[bytes]) -> str:
        """All of the text, decoded at once: that is no part of what a chunk costs."""
        return "".join(json.loads(b"[%b]" % b",".join(found.findall(b"".join(blocks)))))

    return Leg(lambda model: events(leg.open(model)), aopen, lambda block: block, whole)


def on_a_screen(leg: Leg) -> Leg:
    """A leg as Markdown on a terminal, whose escape sequences nobody reads."""
    nowhere = open(os.devnull, "w")  # noqa: SIM115, PTH123  # for as long as the process lives
    console = Console(file=nowhere, force_terminal=True, width=100, height=40)

    def open_(model: str) -> Any:
        yield show(leg.open(model), console=console)

    async def aopen(model: str) -> Any:
        async def shown() -> Any:
            yield await ashow(leg.aopen(model), console=console)

        return shown()

    return Leg(open_, aopen, said=lambda stream: stream.content)


def legs(provider: str, url: str) -> dict[str, Leg]:
    sdk = SDKS[provider]()
    call = import_module(f"mirascope.core.{provider}").call
    return {
        "sdk": sdk.leg(),
        "ours": ours(call),
        "floor": floor.leg(provider, url),
        "sse.events": of_a_page(ours(call), sse.events, b'"type":"text","text":'),
        "ai_sdk.events": of_a_page(ours(call), ai_sdk.events, b'"id":"1","delta":'),
        "show": on_a_screen(ours(call)),
        "touched": ours(call, said=lambda item: sdk.said(item[0].chunk)),
        "given": ours(call, client=sdk.client, async_client=sdk.async_client),
        "books": of_a_model(call, Books),
        "essay": of_a_model(call, Essay),
        "pieces": ours(call, said=pieces_of_a_call),
        "tool": of_a_tool(call, partial=False),
        "growing-tool": of_a_tool(call, partial=True),
    }


def main() -> None:
    provider, url = sys.argv[1:]
    os.environ |= environment(url)
    serve(legs(provider, url))


if __name__ == "__main__":
    main()
