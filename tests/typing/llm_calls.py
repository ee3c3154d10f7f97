"""Never run: pyright and mypy read here what calls of providers by name return."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, assert_type

from pydantic import BaseModel

from mirascope import errors, llm, prompt_template
from mirascope.core.base import (
    BaseCallResponse,
    BaseMessageParam,
    BaseStream,
    BaseStructuredStream,
    Usage,
)
from mirascope.core.base.types import FinishReason
from mirascope.integrations import middleware_factory
from mirascope.retries import FallbackError, fallback


class Book(BaseModel):
    title: str


def author(title: str) -> str:
    return title


@llm.call("openai", "gpt-4o-mini", stream=True)
@prompt_template("Recommend a {genre} book")
def streamed(genre: str, *, pages: int = 100) -> None: ...


@llm.call(provider="openai", model="gpt-4o-mini", stream={"partial_tools": True})
@prompt_template("Recommend a {genre} book")
async def streamed_async(genre: str) -> None: ...


@llm.call("openai:gpt-4o-mini", tools=[author], call_params={"temperature": 0.5})
def plain(genre: str) -> str:
    return genre


@llm.call("openai:gpt-4o-mini")
async def plain_async(genre: str) -> str:
    return genre


def words(response: llm.CallResponse) -> list[str]:
    return response.content.split()


@llm.call("openai:gpt-4o-mini", output_parser=words)
def parsed(genre: str) -> str:
    return genre


@llm.call("openai:gpt-4o-mini", response_model=Book, json_mode=True)
async def book(genre: str) -> str:
    return genre


@llm.call("openai:gpt-4o-mini", stream=True, response_model=Book)
def growing(genre: str) -> str:
    return genre


@llm.call("openai:gpt-4o-mini", response_model=Book, tools=[author])
def book_or_call(genre: str) -> str:
    return genre


def either(stream: bool) -> None:  # noqa: FBT001
    @llm.call("openai:gpt-4o-mini", stream=stream)
    def unknown(genre: str) -> str:
        return genre

    assert_type(unknown("fantasy"), llm.CallResponse | llm.Stream)


def sync() -> None:
    stream = streamed("fantasy", pages=1)
    assert_type(stream, llm.Stream)
    for chunk, tool in stream:
        assert_type(chunk, llm.CallResponseChunk)
        assert_type(tool, llm.Tool | None)
        assert_type(chunk.content, str)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
        assert_type(chunk.usage, Usage | None)
    response = stream.construct_call_response()
    assert_type(response, llm.CallResponse)
    assert_type(response.message_param, BaseMessageParam)
    assert_type(response.user_message_param, BaseMessageParam | None)
    assert_type(response.messages, list[BaseMessageParam])
    assert_type(response.usage, Usage | None)
    assert_type(response.finish_reasons, list[FinishReason] | None)
    assert_type(stream.message_param, BaseMessageParam)
    assert_type(stream.messages, list[BaseMessageParam])
    assert_type(stream.user_message_param, BaseMessageParam | None)
    assert_type(llm.Stream.tool_message_params([]), list[BaseMessageParam])
    assert_type(plain("fantasy"), llm.CallResponse)
    assert_type(parsed("fantasy"), list[str])
    assert_type(book_or_call("fantasy"), Book | llm.CallResponse)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, llm.Stream)
    async for chunk, tool in stream:
        assert_type(chunk, llm.CallResponseChunk)
        assert_type(tool, llm.Tool | None)
    assert_type(await plain_async("fantasy"), llm.CallResponse)
    assert_type(await book("fantasy"), Book)


async def overridden() -> None:
    other = llm.override(plain, provider="anthropic", model="claude-haiku-4-5")
    assert_type(other("fantasy"), llm.CallResponse)
    assert_type(llm.override(plain, stream=True)("fantasy"), llm.Stream)
    assert_type(await llm.override(plain_async, stream=True)("fantasy"), llm.Stream)
    assert_type(growing("fantasy"), BaseStructuredStream[Book])
    assert_type(llm.override(plain, response_model=Book)("fantasy"), Book)
    assert_type(await llm.override(plain_async, response_model=Book)("fantasy"), Book)
    assert_type(llm.override(plain, output_parser=words)("fantasy"), list[str])
    with llm.context(provider="anthropic", model="claude-haiku-4-5", call_params={"seed": 1}):
        assert_type(plain("fantasy"), llm.CallResponse)


@fallback(
    (errors.RateLimited, errors.Overloaded),
    [{"catch": errors.StreamError, "provider": "anthropic", "model": "claude-haiku-4-5"}],
)
@llm.call("openai:gpt-4o-mini", stream=True)
def protected(genre: str) -> str:
    return genre


@contextmanager
def span(fn: Callable[..., Any]) -> Generator[list[str]]:
    yield [fn.__name__]


def on_stream(stream: BaseStream, fn: Callable[..., Any], lines: list[str]) -> None:
    lines.append(f"{fn.__name__} {stream.state}")


async def on_response(response: BaseCallResponse, fn: Callable[..., Any], lines: list[str]) -> None:
    lines.append(f"{fn.__name__} {response.content}")


watch = middleware_factory(
    custom_context_manager=span,
    handle_stream=on_stream,
    handle_call_response_async=on_response,
)


async def decorated() -> None:
    assert_type(protected("fantasy"), llm.Stream)
    try:
        protected("fantasy")
    except FallbackError as error:
        assert_type(error.caught, list[Exception])
    call: Callable[[str], Coroutine[Any, Any, llm.CallResponse]] = watch(plain_async)
    await call("fantasy")
    assert_type(watch(streamed)("fantasy", pages=1), llm.Stream)


def refused() -> None:
    plain(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    llm.call("openai:m", stream=True, output_parser=words)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    llm.call("openai:m", call_parms={})  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
