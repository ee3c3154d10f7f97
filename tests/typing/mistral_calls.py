"""Never run: pyright and mypy read here what the Mistral interface returns."""

from __future__ import annotations

from typing import Literal, assert_type

from mistralai.client import Mistral
from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionResponse,
    CompletionChunk,
    SystemMessage,
    ToolMessage,
    UsageInfo,
    UserMessage,
)

from mirascope.core import mistral, prompt_template
from mirascope.core.mistral import (
    MistralCallResponse,
    MistralCallResponseChunk,
    MistralDynamicConfig,
    MistralStream,
    MistralTool,
)

FinishReason = Literal["stop", "length", "model_length", "error", "tool_calls"]


@mistral.call("mistral-small-latest", stream=True, call_params={"random_seed": 7})
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@mistral.call("mistral-small-latest", stream=True, call_params={"seed": 7})
@prompt_template("Recommend a {genre} book")
async def streamed_async(genre: str) -> None: ...


@mistral.call("mistral-small-latest", client=Mistral())
def plain(genre: str) -> MistralDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "client": Mistral()}


@mistral.call("mistral-small-latest", client=Mistral())
async def plain_async(genre: str) -> MistralDynamicConfig:
    return {"messages": [AssistantMessage(content=genre)], "call_params": {"timeout_ms": 1000}}


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, MistralStream)
    for chunk, tool in stream:
        assert_type(chunk, MistralCallResponseChunk)
        assert_type(tool, MistralTool | None)
        assert_type(chunk.chunk, CompletionChunk)
        assert_type(chunk.usage, UsageInfo | None)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
    assert_type(stream.construct_call_response(), MistralCallResponse)
    assert_type(stream.message_param, AssistantMessage)
    assert_type(
        stream.user_message_param,
        AssistantMessage | SystemMessage | ToolMessage | UserMessage | None,
    )
    assert_type(stream.finish_reasons, list[FinishReason] | None)
    response = plain("fantasy")
    assert_type(response, MistralCallResponse)
    assert_type(response.response, ChatCompletionResponse)
    assert_type(response.message_param, AssistantMessage)
    assert_type(response.usage, UsageInfo | None)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, MistralStream)
    async for chunk, tool in stream:
        assert_type(chunk, MistralCallResponseChunk)
        assert_type(tool, MistralTool | None)
    assert_type(await plain_async("fantasy"), MistralCallResponse)


def refused() -> None:
    mistral.call("m", call_params={"stream_options": {}})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
