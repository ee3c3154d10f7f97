"""Never run: pyright and mypy read here what calls of Anthropic's models return."""

from __future__ import annotations

from typing import assert_type

from anthropic import Anthropic
from anthropic.lib.vertex import AnthropicVertex, AsyncAnthropicVertex
from anthropic.types import (
    AssistantMessageParam,
    Message,
    MessageDeltaUsage,
    MessageParam,
    RawMessageStreamEvent,
    StopReason,
    Usage,
)

from mirascope.core import anthropic, prompt_template
from mirascope.core.anthropic import (
    AnthropicCallResponse,
    AnthropicCallResponseChunk,
    AnthropicDynamicConfig,
    AnthropicStream,
    AnthropicTool,
    AsyncAnthropicDynamicConfig,
)


@anthropic.call("claude", stream=True, call_params={"thinking": {"type": "adaptive"}})
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@anthropic.call("claude", stream=True, call_params={"temperature": 0.5})
@prompt_template("Recommend a {genre} book")
async def streamed_async(genre: str) -> None: ...


@anthropic.call("claude", client=Anthropic())
def plain(genre: str) -> AnthropicDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "call_params": {"max_tokens": 9}}


@anthropic.call("claude")
@prompt_template("Recommend a {genre} book")
async def plain_async(genre: str) -> None: ...


def read() -> None:
    stream = streamed("fantasy")
    assert_type(stream, AnthropicStream)
    for chunk, tool in stream:
        assert_type(chunk, AnthropicCallResponseChunk)
        assert_type(tool, AnthropicTool | None)
        assert_type(chunk.chunk, RawMessageStreamEvent)
        assert_type(chunk.thinking, str)
        assert_type(chunk.finish_reasons, list[StopReason] | None)
        assert_type(chunk.usage, Usage | MessageDeltaUsage | None)
        if chunk.chunk.type == "content_block_delta" and chunk.chunk.delta.type == "text_delta":
            assert_type(chunk.chunk.delta.text, str)
    assert_type(stream.message_param, AssistantMessageParam)
    assert_type(stream.messages, list[MessageParam])
    assert_type(stream.construct_call_response(), AnthropicCallResponse)
    response = plain("fantasy")
    assert_type(response, AnthropicCallResponse)
    assert_type(response.response, Message)
    assert_type(response.message_param, AssistantMessageParam)
    assert_type(response.finish_reasons, list[StopReason] | None)
    assert_type(response.usage, Usage | None)


async def read_async() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, AnthropicStream)
    async for chunk, tool in stream:
        assert_type(chunk, AnthropicCallResponseChunk)
        assert_type(tool, AnthropicTool | None)
    assert_type(await plain_async("fantasy"), AnthropicCallResponse)


@anthropic.call("claude", stream=True, client=AnthropicVertex(region="us"))
def streamed_on_vertex(genre: str) -> str:
    return genre


@anthropic.call("claude", stream=True)
async def streamed_by_configuration(genre: str) -> AsyncAnthropicDynamicConfig:
    message: MessageParam = {"role": "user", "content": genre}
    return {"client": AsyncAnthropicVertex(region="us"), "messages": [message]}


def read_on_vertex() -> None:
    assert_type(streamed_on_vertex("fantasy"), AnthropicStream)
