"""Never run: pyright and mypy read here what the Responses API's part of the interface returns."""

from __future__ import annotations

from typing import Literal, assert_type

from openai import AsyncOpenAI, OpenAI
from openai.types.responses import (
    Response,
    ResponseInputItemParam,
    ResponseStreamEvent,
    ResponseUsage,
)

from mirascope.core import openai_responses, prompt_template
from mirascope.core._dialects.responses.messages import OutputMessage
from mirascope.core.openai_responses import (
    AsyncOpenAIResponsesDynamicConfig,
    OpenAIResponsesCallResponse,
    OpenAIResponsesCallResponseChunk,
    OpenAIResponsesDynamicConfig,
    OpenAIResponsesStream,
    OpenAIResponsesTool,
)

FinishReason = Literal[
    "completed", "max_output_tokens", "content_filter", "incomplete", "cancelled", "failed"
]


@openai_responses.call("gpt-5", stream=True, call_params={"reasoning": {"summary": "auto"}})
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@openai_responses.call("gpt-5", stream=True, client=AsyncOpenAI())
async def streamed_async(genre: str) -> AsyncOpenAIResponsesDynamicConfig:
    return {"messages": [{"role": "user", "content": genre}], "client": AsyncOpenAI()}


@openai_responses.call("gpt-5", client=OpenAI())
def plain(genre: str) -> OpenAIResponsesDynamicConfig:
    return {
        "messages": [{"role": "user", "content": genre}],
        "call_params": {"previous_response_id": "resp_1", "store": True},
    }


@openai_responses.call("gpt-5", call_params={"temperature": 0.5})
async def plain_async(genre: str) -> str:
    return f"Recommend a {genre} book"


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, OpenAIResponsesStream)
    for chunk, tool in stream:
        assert_type(chunk, OpenAIResponsesCallResponseChunk)
        assert_type(tool, OpenAIResponsesTool | None)
        assert_type(chunk.content, str)
        assert_type(chunk.finish_reasons, list[FinishReason] | None)
        assert_type(chunk.usage, ResponseUsage | None)
        assert_type(chunk.chunk, ResponseStreamEvent)
    assert_type(stream.construct_call_response(), OpenAIResponsesCallResponse)
    assert_type(stream.message_param, OutputMessage)
    assert_type(stream.user_message_param, ResponseInputItemParam | OutputMessage | None)
    assert_type(stream.finish_reasons, list[FinishReason] | None)
    response = plain("fantasy")
    assert_type(response, OpenAIResponsesCallResponse)
    assert_type(response.response, Response)
    assert_type(response.message_param, OutputMessage)
    assert_type(response.usage, ResponseUsage | None)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, OpenAIResponsesStream)
    async for chunk, tool in stream:
        assert_type(chunk.chunk, ResponseStreamEvent)
        assert_type(tool, OpenAIResponsesTool | None)
    assert_type(await plain_async("fantasy"), OpenAIResponsesCallResponse)
    openai_responses.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
