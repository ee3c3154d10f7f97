"""Never run: pyright and mypy read here what the public interface for Amazon Bedrock returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, assert_type

from mirascope.core import Messages, bedrock, prompt_template
from mirascope.core.bedrock import (
    BedrockCallResponse,
    BedrockCallResponseChunk,
    BedrockClient,
    BedrockDynamicConfig,
    BedrockStream,
    BedrockTool,
)

StopReason = Literal[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
]


@bedrock.call("amazon.nova-lite-v1:0", stream=True)
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


def with_client(client: BedrockClient, untyped: Any) -> None:
    @bedrock.call("amazon.nova-lite-v1:0", stream=True, client=client)
    async def streamed_async(genre: str) -> BedrockDynamicConfig:
        return {"messages": [Messages.User(genre)], "client": untyped}

    async def asynchronous() -> None:
        stream = await streamed_async("fantasy")
        assert_type(stream, BedrockStream)
        async for chunk, tool in stream:
            assert_type(chunk, BedrockCallResponseChunk)
            assert_type(tool, BedrockTool | None)

    del asynchronous


@bedrock.call(
    "amazon.nova-lite-v1:0",
    call_params={"inferenceConfig": {"topP": 0.5}, "guardrailConfig": {"trace": "enabled"}},
)
def plain(genre: str) -> BedrockDynamicConfig:
    messages: list[bedrock.BedrockMessageParam] = [{"role": "user", "content": [{"text": genre}]}]
    return {"messages": messages, "call_params": {"timeout": 10}}


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, BedrockStream)
    for chunk, tool in stream:
        assert_type(chunk, BedrockCallResponseChunk)
        assert_type(tool, BedrockTool | None)
        assert_type(chunk.finish_reasons, list[StopReason] | None)
        if event := chunk.chunk.get("contentBlockDelta"):
            assert_type(event["delta"], Mapping[str, Any])
            assert_type(event["contentBlockIndex"], int)
    assert_type(stream.construct_call_response(), BedrockCallResponse)
    assert_type(stream.finish_reasons, list[StopReason] | None)
    response = plain("fantasy")
    assert_type(response, BedrockCallResponse)
    assert_type(response.message_param["content"][0].get("text"), str | None)
    assert_type(response.finish_reasons, list[StopReason] | None)
    if usage := response.usage:
        assert_type(usage.get("inputTokens"), int | None)


def refused() -> None:
    bedrock.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
