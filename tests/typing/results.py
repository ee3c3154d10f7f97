"""Never run: pyright and mypy read here what the options of a call make of its answer."""

from __future__ import annotations

from typing import assert_type

from openai.types.chat import ChatCompletionMessageFunctionToolCall
from pydantic import BaseModel

from mirascope.core import (
    BaseTool,
    anthropic,
    cohere,
    gemini,
    groq,
    mistral,
    openai,
    prompt_template,
)
from mirascope.core.anthropic import AnthropicCallResponse, AnthropicTool
from mirascope.core.base import BaseStructuredStream
from mirascope.core.cohere import CohereCallResponse, CohereTool
from mirascope.core.gemini import GeminiCallResponse, GeminiTool
from mirascope.core.groq import GroqCallResponse, GroqTool
from mirascope.core.mistral import MistralCallResponse, MistralTool
from mirascope.core.openai import (
    OpenAICallResponse,
    OpenAICallResponseChunk,
    OpenAIStream,
    OpenAITool,
)


class Book(BaseModel):
    title: str


class FormatBook(BaseTool):
    title: str

    def call(self) -> str:
        return self.title


def look_up(title: str) -> str:
    return title


def pages(book: Book) -> int:
    return len(book.title)


@openai.call("gpt-4o-mini", tools=[FormatBook, look_up])
def with_tools(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", tools=[FormatBook, look_up])
async def with_tools_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream={"partial_tools": True}, tools=[FormatBook])
def streamed_tools(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream=True, tools=[FormatBook])
async def streamed_tools_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=Book)
@prompt_template("Recommend a {genre} book")
def book(genre: str) -> None: ...


@openai.call("gpt-4o-mini", response_model=Book, json_mode=True)
async def book_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=list[str])
def titles(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=Book, tools=[FormatBook])
def book_or_tool(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=Book, tools=[FormatBook])
async def book_or_tool_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=Book, output_parser=pages)
def parsed(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", response_model=Book, output_parser=pages)
async def parsed_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream=True, response_model=Book)
def growing(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream=True, response_model=Book)
async def growing_async(genre: str) -> str:
    return genre


@openai.call("gpt-4o-mini", stream=True, response_model=list[Book])
def growing_list(genre: str) -> str:
    return genre


def sync() -> None:
    response = with_tools("fantasy")
    assert_type(response, OpenAICallResponse)
    assert_type(response.tools, list[OpenAITool] | None)
    assert_type(response.tool, OpenAITool | None)
    if response.tool:
        assert_type(response.tool.tool_call, ChatCompletionMessageFunctionToolCall)
        assert_type(response.tool.args, dict[str, object])
    for chunk, tool in streamed_tools("fantasy"):
        assert_type(chunk, OpenAICallResponseChunk)
        assert_type(tool, OpenAITool | None)
    assert_type(book("fantasy"), Book)
    assert_type(titles("fantasy"), list[str])
    assert_type(book_or_tool("fantasy"), Book | OpenAICallResponse)
    assert_type(parsed("fantasy"), int)
    stream = growing("fantasy")
    assert_type(stream, BaseStructuredStream[Book])
    for partial in stream:
        assert_type(partial, Book)
    assert_type(stream.constructed_response_model, Book)
    assert_type(growing_list("fantasy"), BaseStructuredStream[list[Book]])
    for element in growing_list("fantasy").elements:
        assert_type(element, Book)


async def asynchronous() -> None:
    assert_type(await with_tools_async("fantasy"), OpenAICallResponse)
    stream = await streamed_tools_async("fantasy")
    assert_type(stream, OpenAIStream)
    async for _, tool in stream:
        assert_type(tool, OpenAITool | None)
    assert_type(await book_async("fantasy"), Book)
    assert_type(await book_or_tool_async("fantasy"), Book | OpenAICallResponse)
    assert_type(await parsed_async("fantasy"), int)
    structured = await growing_async("fantasy")
    assert_type(structured, BaseStructuredStream[Book])
    async for partial in structured:
        assert_type(partial, Book)


def each_provider(prompt: str) -> None:
    def ask() -> str:
        return prompt

    def answered() -> None:
        a = anthropic.call("m", tools=[FormatBook])(ask)()
        assert_type(a, AnthropicCallResponse)
        assert_type(a.tools, list[AnthropicTool] | None)
        c = cohere.call("m", tools=[FormatBook])(ask)()
        assert_type(c, CohereCallResponse)
        assert_type(c.tools, list[CohereTool] | None)
        g = gemini.call("m", tools=[FormatBook])(ask)()
        assert_type(g, GeminiCallResponse)
        assert_type(g.tools, list[GeminiTool] | None)
        q = groq.call("m", tools=[FormatBook])(ask)()
        assert_type(q, GroqCallResponse)
        assert_type(q.tools, list[GroqTool] | None)
        m = mistral.call("m", tools=[FormatBook])(ask)()
        assert_type(m, MistralCallResponse)
        assert_type(m.tools, list[MistralTool] | None)

    def structured() -> None:
        assert_type(anthropic.call("m", response_model=Book)(ask)(), Book)
        assert_type(cohere.call("m", response_model=Book)(ask)(), Book)
        assert_type(gemini.call("m", response_model=Book)(ask)(), Book)
        assert_type(groq.call("m", response_model=Book)(ask)(), Book)
        assert_type(mistral.call("m", response_model=Book)(ask)(), Book)
        streams = (
            anthropic.call("m", stream=True, response_model=Book)(ask)(),
            cohere.call("m", stream=True, response_model=Book)(ask)(),
            gemini.call("m", stream=True, response_model=Book)(ask)(),
            groq.call("m", stream=True, response_model=Book)(ask)(),
            mistral.call("m", stream=True, response_model=Book)(ask)(),
        )
        for stream in streams:
            assert_type(stream, BaseStructuredStream[Book])

    answered()
    structured()


def refused() -> None:
    openai.call("m", stream=True, response_model=Book, output_parser=pages)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    openai.call("m", tools=["look_up"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
