"""Never run: pyright and mypy read here what Groq's part of the interface returns."""

from __future__ import annotations

from typing import Literal, assert_type

from groq import AsyncGroq, Groq
from groq.types import CompletionUsage
from groq.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionMessageParam,
)

from mirascope.core import groq, prompt_template
from mirascope.core.groq import (
    AsyncGroqDynamicConfig,
    GroqCallResponse,
    GroqCallResponseChunk,
    GroqDynamicConfig,
    GroqStream,
    GroqTool,
)

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


@groq.call("qwen/qwen3-32b", stream=True, call_params={"reasoning_format": "parsed"})
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@groq.call("qwen/qwen3-32b", stream=True, client=AsyncGroq())
async def streamed_async(genre: str) -> AsyncGroqDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "client": AsyncGroq()}


@groq.call("qwen/qwen3-32b", client=Groq())
def plain(genre: str) -> GroqDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "call_params": {"seed": 1}}


@groq.call("qwen/qwen3-32b", call_params={"temperature": 0.5})
async def plain_async(genre: str) -> str:
    return f"Recommend a {genre} book"


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, GroqStream)
    for chunk, tool in stream:
        assert_type(chunk, GroqCallResponseChunk)
        assert_type(tool, GroqTool | None)
        assert_type(chunk.content, str)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
        assert_type(chunk.usage, CompletionUsage | None)
        assert_type(chunk.chunk, ChatCompletionChunk)
    assert_type(stream.construct_call_response(), GroqCallResponse)
    assert_type(stream.message_param, ChatCompletionAssistantMessageParam)
    assert_type(stream.user_message_param, ChatCompletionMessageParam | None)
    assert_type(stream.finish_reasons, list[FinishReason] | None)
    response = plain("fantasy")
    assert_type(response, GroqCallResponse)
    assert_type(response.response, ChatCompletion)
    assert_type(response.message_param, ChatCompletionAssistantMessageParam)
    assert_type(response.usage, CompletionUsage | None)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, GroqStream)
    async for chunk, tool in stream:
        assert_type(chunk.chunk, ChatCompletionChunk)
        assert_type(tool, GroqTool | None)
    assert_type(await plain_async("fantasy"), GroqCallResponse)
    groq.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
