"""Never run: pyright and mypy read here ten programs like those of v1's pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, assert_type

import openai as sdk
from openai.types.chat import ChatCompletionChunk
from pydantic import AfterValidator, BaseModel, ValidationError
from tenacity import retry, stop_after_attempt

from mirascope import (
    BaseDynamicConfig,
    BaseMessageParam,
    BaseTool,
    BaseToolKit,
    Messages,
    llm,
    prompt_template,
    toolkit_tool,
)
from mirascope.core import (
    BasePrompt,
    FromCallArgs,
    anthropic,
    cohere,
    gemini,
    google,
    groq,
    mistral,
    openai,
)
from mirascope.core.base import (
    BaseCallResponse,
    BaseCallResponseChunk,
    BaseStream,
    BaseStructuredStream,
    BaseType,
)
from mirascope.integrations import middleware_factory
from mirascope.retries import fallback
from mirascope.retries.tenacity import collect_errors

# Streams: text as it comes, the provider's own chunk, errors.


@openai.call("gpt-4o-mini", stream=True)
def tell_story(about: str) -> str:
    return f"Tell me a story about {about}"


def print_story() -> None:
    stream = tell_story("a lighthouse")
    try:
        for chunk, _ in stream:
            assert_type(chunk.content, str)
            assert_type(chunk.chunk, ChatCompletionChunk)
            if chunk.chunk.choices:
                assert_type(chunk.chunk.choices[0].delta.content, str | None)
    except sdk.OpenAIError as error:
        assert_type(error, sdk.OpenAIError)
    assert_type(stream.construct_call_response(), openai.OpenAICallResponse)


def text_of(stream: BaseStream) -> str:
    """Take the stream of any provider."""
    chunks: list[BaseCallResponseChunk] = [chunk for chunk, _ in stream]
    return "".join(chunk.content for chunk in chunks)


@anthropic.call("claude-haiku-4-5", stream=True)
def retell_story(about: str) -> str:
    return f"Tell me another story about {about}"


def print_both() -> None:
    assert_type(text_of(tell_story("a storm")), str)
    text_of(retell_story("a storm"))


# Tools: a function, its call, the messages with what it gave, in a history of the provider's.


def weather_in(city: str) -> str:
    """Returns the weather in a city."""
    return f"rain in {city}"


@llm.call(provider="openai", model="gpt-4o-mini", tools=[weather_in])
def ask_for_weather(city: str) -> str:
    return f"What is the weather in {city}?"


def print_weather() -> None:
    response = ask_for_weather("Oslo")
    assert_type(response.tools, list[llm.Tool] | None)
    if tool := response.tool:
        assert_type(tool.tool_call, BaseModel)
        assert_type(tool.args, dict[str, object])
        messages = response.tool_message_params([(tool, tool.call())])
        assert_type(messages, list[BaseMessageParam])


@openai.call("gpt-4o-mini", tools=[weather_in])
def answer_with_tools(question: str, history: list[openai.OpenAIMessageParam]) -> Messages.Type:
    return [*history, Messages.User(question)]


def answer_in_two_turns() -> None:
    history: list[openai.OpenAIMessageParam] = [Messages.System("You know the weather.")]
    response = answer_with_tools("What is it like in Oslo?", history)
    history.append(response.message_param)
    if tool := response.tool:
        history += response.tool_message_params([(tool, tool.call())])
    assert_type(answer_with_tools("And now?", history), openai.OpenAICallResponse)


# Tools: a toolkit, streamed while the arguments grow.


class Shelf(BaseToolKit):
    """Finds books on one shelf."""

    __namespace__ = "shelf"

    genre: str

    @toolkit_tool
    def find_book(self, title: str) -> str:
        """Finds a book among those of {self.genre}."""
        return f"{title} is here, under {self.genre}"


class FormatBook(BaseTool):
    """Formats a book."""

    title: str
    author: str

    def call(self) -> str:
        return f"{self.title} by {self.author}"


@openai.call("gpt-4o-mini", stream={"partial_tools": True})
def search_shelf(title: str) -> BaseDynamicConfig:
    tools: list[type[BaseTool]] = [*Shelf(genre="fantasy").create_tools(), FormatBook]
    return {"messages": [Messages.User(f"Find {title}")], "tools": tools}


def print_search() -> None:
    for _, tool in search_shelf("Emma"):
        if tool is None:
            continue
        assert_type(tool, openai.OpenAITool)
        if tool.delta is not None:
            assert_type(tool.delta, str)
        elif isinstance(tool, FormatBook):
            assert_type(tool.title, str)


# Response models: one instance, a stream of partial ones, a field of the call, a base type.


def in_capitals(text: str) -> str:
    if not text.isupper():
        raise ValueError("use capitals")
    return text


class Heading(BaseModel):
    topic: Annotated[str, FromCallArgs()]
    text: Annotated[str, AfterValidator(in_capitals)]


@llm.call("google", "gemini-2.5-flash", response_model=Heading)
def write_heading(topic: str) -> str:
    return f"Write a heading for a page about {topic}"


@mistral.call("mistral-small-latest", response_model=Heading, stream=True)
async def write_heading_slowly(topic: str) -> str:
    return f"Write a heading for a page about {topic}"


@groq.call("llama-3.3-70b-versatile", response_model=list[str], json_mode=True)
def list_headings(topic: str) -> str:
    return f"List headings for pages about {topic}"


async def print_headings() -> None:
    try:
        assert_type(write_heading("birds"), Heading)
    except ValidationError as error:
        assert_type(error.error_count(), int)
    stream = await write_heading_slowly("birds")
    assert_type(stream, BaseStructuredStream[Heading])
    async for partial in stream:
        assert_type(partial, Heading)
    assert_type(list_headings("birds"), list[str])


# Calls: parameters, a dynamic configuration, one function over several providers.


@anthropic.call("claude-haiku-4-5", call_params={"max_tokens": 512, "temperature": 0.2})
@prompt_template("Translate {text} to {language}. Keep to {style}.")
def translate(text: str, language: str) -> anthropic.AnthropicDynamicConfig:
    return {
        "computed_fields": {"style": f"formal {language}", "length": len(text)},
        "metadata": {"tags": {"v1"}},
    }


@google.call("gemini-2.5-flash")
def translate_again(text: str) -> google.GoogleDynamicConfig:
    return {"messages": [{"role": "user", "parts": [f"Translate {text} to French"]}]}


def translate_with(provider: str, text: str) -> BaseCallResponse:
    if provider == "google":
        return translate_again(text)
    return translate(text, "French")


def print_translations() -> None:
    for provider in ("google", "anthropic"):
        response = translate_with(provider, "good morning")
        assert_type(response.content, str)
        assert_type(response.tools, list[BaseTool] | None)
    assert_type(translate_again("good night").thinking, str | None)


# Prompts: what a function may return, and a class.


@cohere.call("command-a-03-2025")
def of_cohere(history: list[cohere.CohereMessageParam]) -> list[cohere.CohereMessageParam]:
    return [*history, Messages.User("Go on")]


@mistral.call("mistral-small-latest")
def of_mistral(history: list[mistral.MistralMessageParam]) -> list[mistral.MistralMessageParam]:
    return [*history, Messages.User("Go on")]


@gemini.call("gemini-2.5-flash")
def of_gemini(history: list[gemini.GeminiMessageParam]) -> list[gemini.GeminiMessageParam]:
    return [*history, Messages.User("Go on")]


@groq.call("llama-3.3-70b-versatile")
def of_groq(history: list[groq.GroqMessageParam]) -> Messages.Type:
    return history


@anthropic.call("claude-haiku-4-5")
async def of_anthropic(history: list[anthropic.AnthropicMessageParam]) -> Messages.Type:
    return [*history, {"role": "user", "content": "Go on"}]


@prompt_template("SYSTEM: You are a {role}\nUSER: Recommend a {genre} book")
class BookPrompt(BasePrompt):
    genre: str
    role: str = "librarian"


async def print_prompts() -> None:
    assert_type(of_cohere([]), cohere.CohereCallResponse)
    assert_type(of_mistral([]), mistral.MistralCallResponse)
    assert_type(of_gemini([]), gemini.GeminiCallResponse)
    assert_type(of_groq([]), groq.GroqCallResponse)
    assert_type(await of_anthropic([]), anthropic.AnthropicCallResponse)
    prompt = BookPrompt(genre="crime")
    assert_type(prompt.run(openai.call("gpt-4o-mini")), openai.OpenAICallResponse)


# Agents: a provider's, with its history as a field, and one that is given its provider.


class Librarian(BaseModel):
    history: list[openai.OpenAIMessageParam] = []

    @openai.call("gpt-4o-mini", tools=[weather_in], stream=True)
    def _step(self, question: str) -> openai.OpenAIDynamicConfig:
        asked = [Messages.User(question)] if question else []
        return {"messages": [Messages.System("You are kind."), *self.history, *asked]}

    def answer(self, question: str) -> str:
        stream = self._step(question)
        outputs: list[tuple[openai.OpenAITool, str]] = []
        text = ""
        for chunk, tool in stream:
            text += chunk.content
            if tool:
                outputs.append((tool, str(tool.call())))
        if stream.user_message_param:
            self.history.append(stream.user_message_param)
        self.history.append(stream.message_param)
        self.history += stream.tool_message_params(outputs)
        return self.answer("") if outputs else text


class Assistant(BaseModel):
    history: list[BaseMessageParam] = []

    @llm.call("openai", "gpt-4o-mini", tools=[FormatBook])
    def _step(self, question: str) -> Messages.Type:
        return [*self.history, Messages.User(question)]

    def answer(self, question: str, provider: llm.Provider, model: str) -> str:
        response = llm.override(self._step, provider=provider, model=model)(question)
        assert_type(response, llm.CallResponse)
        if response.user_message_param:
            self.history.append(response.user_message_param)
        self.history.append(response.message_param)
        return response.content

    def run(self, question: str) -> str:
        return self.answer(question, "openai", "gpt-4o-mini")


def answer_elsewhere() -> None:
    run = llm.override(Assistant().run, provider="anthropic", model="claude-haiku-4-5")
    assert_type(run("Who wrote Emma?"), str)
    with llm.context(provider="google", model="gemini-2.5-flash") as settings:
        assert_type(settings.provider, str | None)
        Assistant().run("Who wrote Emma?")


# Middleware: what each kind of result is handed to.


@contextmanager
def logged(fn: Callable[..., Any]) -> Generator[list[str]]:
    yield [fn.__name__]


def on_response(result: BaseCallResponse, _: Callable[..., Any], log: list[str] | None) -> None:
    if log is not None:
        log += [result.content, str(result.cost), str(result.prompt_template)]


def on_stream(stream: BaseStream, _: Callable[..., Any], log: list[str] | None) -> None:
    on_response(stream.construct_call_response(), _, log)


def on_model(result: BaseModel | BaseType, _: Callable[..., Any], log: list[str] | None) -> None:
    if log is not None:
        log.append(result.model_dump_json() if isinstance(result, BaseModel) else str(result))


async def on_structured_stream(
    stream: BaseStructuredStream, _: Callable[..., Any], log: list[str] | None
) -> None:
    response: BaseCallResponse = stream.stream.construct_call_response()
    on_response(response, _, log)


def saved() -> None:
    with_log = middleware_factory(
        custom_context_manager=logged,
        handle_call_response=on_response,
        handle_stream=on_stream,
        handle_response_model=on_model,
        handle_structured_stream_async=on_structured_stream,
    )
    assert_type(with_log(tell_story)("a lighthouse"), openai.OpenAIStream)
    assert_type(with_log(write_heading)("birds"), Heading)


# Retries: errors that are shown to the model, and another model for a function that reads a stream.


@retry(stop=stop_after_attempt(3), after=collect_errors(ValidationError))
@openai.call("gpt-4o-mini", response_model=Heading)
def write_carefully(topic: str, *, errors: list[ValidationError] | None = None) -> str:
    return f"Your mistakes were {errors}. Write about {topic}" if errors else f"Write about {topic}"


@llm.call("openai", "gpt-4o-mini", stream=True)
async def tell_story_async(about: str) -> str:
    return f"Tell me a story about {about}"


@fallback(
    sdk.RateLimitError,
    [{"catch": sdk.RateLimitError, "provider": "anthropic", "model": "claude-haiku-4-5"}],
)
async def whole_story(about: str) -> list[str]:
    return [chunk.content async for chunk, _ in await tell_story_async(about)]


async def words(about: str) -> AsyncIterator[str]:
    for text in await whole_story(about):
        yield text


def write_both() -> None:
    assert_type(write_carefully("birds"), Heading)
    used = llm.CostMetadata(input_tokens=10, output_tokens=20)
    assert_type(llm.calculate_cost("openai", "gpt-4o-mini", used), float | None)
