"""Never run: pyright and mypy read here what the public interface for Cohere returns."""

from __future__ import annotations

from typing import Literal, assert_type

from cohere import (
    AssistantChatMessageV2,
    AsyncClientV2,
    ChatMessageV2,
    ClientV2,
    Usage,
    UserChatMessageV2,
    V2ChatResponse,
    V2ChatStreamResponse,
)

from mirascope.core import Messages, cohere, prompt_template
from mirascope.core.cohere import (
    AsyncCohereDynamicConfig,
    CohereCallResponse,
    CohereCallResponseChunk,
    CohereDynamicConfig,
    CohereStream,
    CohereTool,
)

FinishReason = Literal["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "ERROR", "TIMEOUT"]


@cohere.call("command-a-03-2025", stream=True, client=ClientV2())
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@cohere.call("command-a-03-2025", stream=True, client=AsyncClientV2())
async def streamed_async(genre: str) -> AsyncCohereDynamicConfig:
    return {"messages": [Messages.User(genre)], "client": AsyncClientV2()}


@cohere.call("command-a-03-2025", call_params={"p": 0.5, "stop_sequences": ["."]})
def plain(genre: str) -> CohereDynamicConfig:
    return {"messages": [UserChatMessageV2(content=genre)], "call_params": {"k": 1}}


@cohere.call("command-a-03-2025", call_params={"top_p": 0.5})
async def plain_async(genre: str) -> str:
    return genre


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, CohereStream)
    for chunk, tool in stream:
        assert_type(chunk, CohereCallResponseChunk)
        assert_type(tool, CohereTool | None)
        assert_type(chunk.chunk, V2ChatStreamResponse)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
        assert_type(chunk.usage, Usage | None)
        if chunk.chunk.type == "content-delta":
            assert_type(chunk.chunk.index, int | None)
    assert_type(stream.construct_call_response(), CohereCallResponse)
    assert_type(stream.message_param, AssistantChatMessageV2)
    assert_type(stream.user_message_param, ChatMessageV2 | None)
    assert_type(stream.finish_reasons, list[FinishReason] | None)
    response = plain("fantasy")
    assert_type(response, CohereCallResponse)
    assert_type(response.response, V2ChatResponse)
    assert_type(response.message_param, AssistantChatMessageV2)
    assert_type(response.finish_reasons, list[FinishReason] | None)
    assert_type(response.usage, Usage | None)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, CohereStream)
    async for chunk, tool in stream:
        assert_type(chunk, CohereCallResponseChunk)
        assert_type(tool, CohereTool | None)
    assert_type(await plain_async("fantasy"), CohereCallResponse)


def refused() -> None:
    cohere.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
