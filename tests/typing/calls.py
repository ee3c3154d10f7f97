"""Never run: pyright and mypy read here what the public interface returns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Literal, assert_type

from openai import AsyncOpenAI, OpenAI
from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionMessageParam,
)

from mirascope import Retry, Timeout, errors
from mirascope.core import BaseMessageParam, BasePrompt, Messages, openai, prompt_template
from mirascope.core.base import types as base
from mirascope.core.openai import (
    OpenAICallResponse,
    OpenAICallResponseChunk,
    OpenAIDynamicConfig,
    OpenAIStream,
    OpenAITool,
)

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


@openai.call("gpt-4o-mini", stream=True)
@prompt_template("Recommend a {genre} book")
def streamed(genre: str, *, pages: int = 100): ...  # type: ignore[no-untyped-def]  # noqa: ANN201  # as on the page


@openai.call("gpt-4o-mini", stream=True)
@prompt_template("Recommend a {genre} book")
async def streamed_async(genre: str) -> None: ...


@openai.call("gpt-4o-mini")
@prompt_template("Recommend a {genre} book")
def plain(genre: str) -> None: ...


@openai.call("gpt-4o-mini")
@prompt_template("Recommend a {genre} book")
async def plain_async(genre: str) -> None: ...


@openai.call("gpt-4o-mini", stream=True, timeout=30)
def in_seconds(genre: str) -> str:
    return genre


def told_of_retries(retry: Retry) -> None:
    assert_type(retry.error, errors.StreamError)


@openai.call("gpt-4o-mini", stream=True, on_interrupt="restart", on_retry=told_of_retries)
def restarted(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream=True, on_interrupt="resume", cancel_on_close=True)
def resumed(genre: str) -> str:
    return genre


def wrongly_cancelled() -> None:
    openai.call("gpt-4o-mini", stream=True, cancel_on_close="yes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


def wrongly_interrupted() -> None:
    openai.call("gpt-4o-mini", stream=True, on_interrupt="again")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


@openai.call("gpt-4o-mini", timeout=Timeout(first=30, idle=5.5))
async def by_clocks(genre: str) -> str:
    return genre


def words(response: OpenAICallResponse) -> list[str]:
    return response.content.split()


@openai.call("gpt-4o-mini", output_parser=words, call_params={"temperature": 0.5})
def parsed(genre: str) -> str:
    return f"Recommend a {genre} book"


@openai.call("gpt-4o-mini", output_parser=words, client=AsyncOpenAI())
async def parsed_async(genre: str) -> Messages.Type:
    return Messages.User(f"Recommend a {genre} book")


@openai.call("gpt-4o-mini", stream={"partial_tools": True}, client=OpenAI())
def configured(genre: str) -> OpenAIDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "call_params": {"seed": 1}}


def either(stream: bool) -> None:  # noqa: FBT001
    @openai.call("gpt-4o-mini", stream=stream)
    def unknown(genre: str) -> list[BaseMessageParam]:
        return [Messages.User(genre)]

    assert_type(unknown("fantasy"), OpenAICallResponse | OpenAIStream)


@prompt_template("Recommend a {genre} book")
def messages(genre: str) -> None: ...


@prompt_template("Recommend a {genre} book")
class BookPrompt(BasePrompt):
    genre: str


def sync() -> None:
    stream = streamed("fantasy", pages=1)
    assert_type(stream, OpenAIStream)
    for chunk, tool in stream:
        assert_type(chunk, OpenAICallResponseChunk)
        assert_type(tool, OpenAITool | None)
        assert_type(chunk.content, str)
        assert_type(chunk.reasoning, str)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
        assert_type(chunk.model, str | None)
        assert_type(chunk.id, str | None)
        assert_type(chunk.usage, CompletionUsage | None)
        assert_type(chunk.input_tokens, int | None)
        assert_type(chunk.common_finish_reasons, list[base.FinishReason] | None)
        assert_type(chunk.common_usage, base.Usage | None)
        assert_type(chunk.chunk, ChatCompletionChunk)
    assert_type(stream.construct_call_response(), OpenAICallResponse)
    assert_type(stream.partial(), OpenAICallResponse)
    assert_type(stream.message_param, ChatCompletionAssistantMessageParam)
    assert_type(stream.user_message_param, ChatCompletionMessageParam | None)
    assert_type(stream.finish_reasons, list[FinishReason] | None)
    assert_type(
        stream.state, Literal["pending", "open", "finished", "truncated", "closed", "failed"]
    )
    with streamed("fantasy") as entered:
        assert_type(entered, OpenAIStream)

    response = plain("fantasy")
    assert_type(response, OpenAICallResponse)
    assert_type(response.response, ChatCompletion)
    assert_type(response.cost, float | None)
    assert_type(response.message_param, ChatCompletionAssistantMessageParam)
    assert_type(response.usage, CompletionUsage | None)
    assert_type(in_seconds("fantasy"), OpenAIStream)
    assert_type(parsed("fantasy"), list[str])
    assert_type(configured("fantasy"), OpenAIStream)
    assert_type(messages("fantasy"), list[BaseMessageParam])
    assert_type(BookPrompt(genre="fantasy").genre, str)
    assert_type(BookPrompt(genre="x").run(openai.call("gpt-4o-mini")), OpenAICallResponse)
    assert_type(BookPrompt(genre="x").run(openai.call("m", stream=True)), OpenAIStream)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, OpenAIStream)
    async for chunk, tool in stream:
        assert_type(chunk, OpenAICallResponseChunk)
        assert_type(tool, OpenAITool | None)
    async with stream as entered:
        assert_type(entered, OpenAIStream)
    assert_type(await plain_async("fantasy"), OpenAICallResponse)
    assert_type(await parsed_async("fantasy"), list[str])
    call: Callable[[str], Coroutine[Any, Any, OpenAIStream]] = streamed_async
    await call("fantasy")


def failing() -> None:
    try:
        streamed("fantasy")
    except errors.StreamError as error:
        assert_type(error.provider, str | None)
        assert_type(error.phase, Literal["open", "first", "mid"] | None)
        assert_type(error.retryable, bool)
        if isinstance(error, errors.StreamTimeout):
            assert_type(error.clock, Literal["first", "idle", "total"] | None)


def refused() -> None:
    openai.call("m", timeout="30")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    plain(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    openai.call("m", stream=True, output_parser=words)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    openai.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
