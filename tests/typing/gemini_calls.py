"""Never run: pyright and mypy read here what Gemini's public interface returns."""

from __future__ import annotations

from typing import assert_type

from google.genai import Client
from google.genai.types import (
    Content,
    GenerateContentResponse,
    GenerateContentResponseUsageMetadata,
)

from mirascope.core import gemini, prompt_template
from mirascope.core.gemini import (
    GeminiCallResponse,
    GeminiCallResponseChunk,
    GeminiDynamicConfig,
    GeminiStream,
    GeminiTool,
)


@gemini.call("gemini-3-flash", stream=True, call_params={"thinking_config": {}, "seed": 1})
@prompt_template("Recommend a {genre} book")
def streamed(genre: str) -> None: ...


@gemini.call("gemini-3-flash", stream=True, client=Client())
@prompt_template("Recommend a {genre} book")
async def streamed_async(genre: str) -> None: ...


@gemini.call("gemini-3-flash", call_params={"max_tokens": 5})
def plain(genre: str) -> GeminiDynamicConfig:
    return {"messages": [{"role": "user", "parts": [{"text": genre}]}], "client": Client()}


def sync() -> None:
    stream = streamed("fantasy")
    assert_type(stream, GeminiStream)
    for chunk, tool in stream:
        assert_type(chunk, GeminiCallResponseChunk)
        assert_type(tool, GeminiTool | None)
        assert_type(chunk.chunk, GenerateContentResponse)
        assert_type(chunk.finish_reasons, list[str] | None)
        assert_type(chunk.usage, GenerateContentResponseUsageMetadata | None)
    assert_type(stream.message_param, Content)
    assert_type(stream.user_message_param, Content | None)
    assert_type(stream.finish_reasons, list[str] | None)
    assert_type(stream.construct_call_response(), GeminiCallResponse)
    response = plain("fantasy")
    assert_type(response, GeminiCallResponse)
    assert_type(response.response, GenerateContentResponse)
    assert_type(response.message_param, Content)


async def asynchronous() -> None:
    stream = await streamed_async("fantasy")
    assert_type(stream, GeminiStream)
    async for chunk, tool in stream:
        assert_type(chunk, GeminiCallResponseChunk)
        assert_type(tool, GeminiTool | None)


def refused() -> None:
    gemini.call("m", call_params={"temprature": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
