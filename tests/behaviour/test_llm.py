"""Calls whose provider is named by a text: provider-agnostic responses, streams and tools."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from support.cases import Case, Driver
from support.providers import CASES

from mirascope import errors, llm, prompt_template
from mirascope.core import BaseMessageParam
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.message_param import ToolResultPart
from mirascope.core.base.stream import BaseStream
from mirascope.core.base.types import Usage
from mirascope.core.openai import OpenAITool
from mirascope.llm._providers import call_factory
from mirascope.testing.loopback import Loopback, Response

OTHERS = {case.name: case for case in CASES}


def function(driver: Driver, provider: str, model: str | None = None, **options: Any) -> Any:
    template = prompt_template("Recommend a {genre} book")
    decorate = llm.call(provider, model, **options)
    if driver.asynchronous:

        async def arecommend(genre: str) -> None: ...

        return decorate(template(arecommend))

    def recommend(genre: str) -> None: ...

    return decorate(template(recommend))


def asked_model(server: Loopback) -> Any:
    """Return the newest request's model, whose name is in the body or in the path."""
    request = server.requests[-1]
    in_path = re.search("/models?/([^/:]+)", request.path)
    return request.json.get("model") or (in_path and unquote(in_path[1]).partition(":")[0])


# What is returned.


def test_a_stream_is_provider_agnostic(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hel", "lo"))]
    stream, items = driver.call_and_read(
        function(driver, case.name, "requested-model", stream=True)
    )
    assert isinstance(stream, llm.Stream)
    assert isinstance(stream, BaseStream)
    assert all(isinstance(chunk, llm.CallResponseChunk) for chunk, _ in items)
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Hello"
    assert items[-1][0].finish_reasons == ["stop"]
    reported = [chunk.usage for chunk, _ in items if chunk.usage][-1]
    assert reported == Usage(input_tokens=3, output_tokens=2, cached_tokens=0, total_tokens=5)
    assert type(items[-1][0].chunk).__module__.startswith(case.sdk_package)
    assert asked_model(server) == "requested-model"


def test_a_stream_has_the_attributes_of_the_providers(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream, _ = driver.call_and_read(function(driver, case.name, "requested-model", stream=True))
    assert stream.provider == case.name
    assert stream.finish_reasons == [case.stop]
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)
    assert stream.state == "finished"
    assert stream.end_time >= stream.start_time > 0
    assert stream.fn_args == {"genre": "fantasy"}
    assert repr(stream).startswith("<Stream of ")
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = stream.no_such_thing


def test_a_response_of_a_stream_is_provider_agnostic(
    case: Case, driver: Driver, server: Loopback
) -> None:
    """The stream too, so that a conversation can go on with another provider after it."""
    server.queue = [Response(case.response("Hello"))]
    stream, _ = driver.call_and_read(function(driver, case.name, "requested-model", stream=True))
    question = BaseMessageParam(role="user", content="Recommend a fantasy book")
    assert stream.message_param == BaseMessageParam(role="assistant", content="Hello")
    assert stream.messages == [stream.user_message_param] == [question]
    for response in (stream.construct_call_response(), stream.partial()):
        assert isinstance(response, llm.CallResponse)
        assert response.message_param == BaseMessageParam(role="assistant", content="Hello")
        assert response.finish_reasons == ["stop"]


def test_a_response_is_provider_agnostic(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    response = driver.call(function(driver, case.name, "requested-model"))
    question = BaseMessageParam(role="user", content="Recommend a fantasy book")
    assert isinstance(response, llm.CallResponse)
    assert isinstance(response, BaseCallResponse)
    assert str(response) == response.content == "Hello"
    assert response.finish_reasons == ["stop"]
    assert response.usage == Usage(input_tokens=3, output_tokens=2, cached_tokens=0, total_tokens=5)
    assert response.message_param == BaseMessageParam(role="assistant", content="Hello")
    assert response.messages[-1] == response.user_message_param == question
    assert response.provider == case.name
    assert type(response.response).__module__.startswith(case.sdk_package)
    assert "CallResponse(" in repr(response)


def test_responses_and_chunks_can_be_copied(case: Case, server: Loopback) -> None:
    driver = Driver(asynchronous=False)
    server.queue = [Response.of_json(case.plain("Hello")), Response(case.response("Hello"))]
    response = driver.call(function(driver, case.name, "requested-model"))
    _, items = driver.call_and_read(function(driver, case.name, "requested-model", stream=True))
    assert copy.deepcopy(response).content == "Hello"
    assert copy.deepcopy(items[-1][0]).finish_reasons == items[-1][0].finish_reasons


def test_a_conversation_goes_on_with_another_provider(
    case: Case, driver: Driver, server: Loopback
) -> None:
    """A response of one provider can be sent to any, as a provider-agnostic message."""
    server.queue = [Response.of_json(case.plain("Hello")), Response.of_json(case.plain("Again"))]
    history: list[Any] = []

    def prompt(text: str) -> list[Any]:
        return [*history, BaseMessageParam(role="user", content=text)]

    async def aprompt(text: str) -> list[Any]:
        return prompt(text)

    ask = llm.call(case.name, "requested-model")(aprompt if driver.asynchronous else prompt)
    first = driver.call(ask)
    history += [first.user_message_param, first.message_param]
    second = driver.call(ask)
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]


def test_a_parser_gets_the_provider_agnostic_response(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(case.plain("The Hobbit"))]
    seen: list[Any] = []

    def words(response: Any) -> list[str]:
        seen.append(response)
        return str(response.content).split()

    ask = function(driver, case.name, "requested-model", output_parser=words)
    assert driver.call(ask) == ["The", "Hobbit"]
    assert isinstance(seen[0], llm.CallResponse)


@pytest.mark.parametrize("kind", [llm.Stream, llm.CallResponse])
def test_tool_results_are_provider_agnostic(kind: Any) -> None:
    class Add(OpenAITool):
        a: int

        def call(self) -> int:
            return self.a

    tool = Add.from_tool_call(OpenAITool.sdk_call("call_1", "Add", '{"a": 1}'))
    assert kind.tool_message_params([(tool, {"sum": 1}), (tool, "text")]) == [
        BaseMessageParam(
            role="tool",
            content=[
                ToolResultPart(name="Add", content='{"sum":1}', id="call_1"),
                ToolResultPart(name="Add", content="text", id="call_1"),
            ],
        )
    ]
    assert kind.tool_message_params([]) == []


# How the provider is named.


def test_provider_and_model_can_be_one_text(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    response = driver.call(function(driver, f"{case.name}:asked:for"))
    assert response.provider == case.name
    assert asked_model(server) in {"asked:for", "asked"}  # a path ends at the colon


def test_google_is_gemini() -> None:
    assert call_factory("google")._provider is call_factory("gemini")._provider


@pytest.mark.parametrize(
    ("provider", "model", "says"),
    [
        ("opnai", "gpt-4o", "no provider 'opnai'; there are: openai, anthropic, gemini"),
        ("gpt-4o", None, "no provider 'gpt-4o'"),
        ("openai", None, "there is no model"),
        ("openai:", None, "there is no model"),
    ],
)
def test_an_unknown_provider_is_an_error_at_the_decorator(
    provider: str, model: str | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        llm.call(provider, model)


def test_an_unknown_option_is_an_error_at_the_decorator() -> None:
    with pytest.raises(TypeError, match="no option 'temprature'"):
        llm.call("openai:m", temprature=1)
    with pytest.raises(ValueError, match="output_parser"):
        llm.call("openai:m", stream=True, output_parser=str)


@pytest.mark.parametrize(
    ("provider", "url"),
    [("ollama", "http://localhost:11434/v1/"), ("vllm", "http://localhost:8000/v1/")],
)
def test_local_servers_are_reached_with_the_openai_client(provider: str, url: str) -> None:
    call: Any = call_factory(provider)
    client = call._provider.clients.get()
    assert str(client.base_url) == url
    assert (call._provider.name, call._provider.errors.provider) == (provider, provider)
    assert call._provider.clients.get() is client

    async def aclient() -> Any:
        return await call._provider.clients.aget()

    assert str(anyio.run(aclient).base_url) == url


def test_no_sdk_is_imported_before_it_is_called() -> None:
    code = """
import sys
from mirascope import llm, retries, integrations

@llm.call("openai:gpt-4o-mini", stream=True)
def recommend(genre: str) -> str:
    return genre

other = llm.override(recommend, provider="anthropic", model="m")
sdks = {"anthropic", "cohere", "google", "groq", "mistralai", "openai", "httpx", "httpx2"}
assert not sdks & {name.partition(".")[0] for name in sys.modules}
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# Other settings.


def test_errors_are_the_providers(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response.of_json(case.error_body("no"), 401)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        driver.call(function(driver, case.name, "requested-model"))
    assert isinstance(caught.value, case.sdk_error)
