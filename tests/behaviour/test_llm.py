"""Calls whose provider is named by a text: one form for all, and another one at each call."""

from __future__ import annotations

import copy
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.loopback import Answer, Loopback
from support.providers import CASES

from mirascope import errors, llm, prompt_template
from mirascope.core import BaseMessageParam
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.message_param import ToolResultPart
from mirascope.core.base.stream import BaseStream
from mirascope.core.base.types import Usage
from mirascope.core.openai import OpenAITool
from mirascope.llm._providers import call_of

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
    """Return what the newest request asks for: the model's name is in the body or in the path."""
    request = server.requests[-1]
    return request.json.get("model") or request.path.partition("/models/")[2].partition(":")[0]


# What is returned.


def test_a_stream_has_the_common_form(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Answer(case.answer("Hel", "lo"))]
    stream, items = driver.both(function(driver, case.name, "asked-for", stream=True))
    assert isinstance(stream, llm.Stream)
    assert isinstance(stream, BaseStream)
    assert all(isinstance(chunk, llm.CallResponseChunk) for chunk, _ in items)
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Hello"
    assert items[-1][0].finish_reasons == ["stop"]
    told = [chunk.usage for chunk, _ in items if chunk.usage][-1]
    assert told == Usage(input_tokens=3, output_tokens=2, cached_tokens=0, total_tokens=5)
    assert type(items[-1][0].chunk).__module__.startswith(case.sdk_package)
    assert asked_model(server) == "asked-for"


def test_a_stream_has_the_attributes_of_the_providers(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Answer(case.answer("Hello"))]
    stream, _ = driver.both(function(driver, case.name, "asked-for", stream=True))
    assert stream.provider == case.name
    assert stream.finish_reasons == [case.stop]
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)
    assert stream.state == "finished"
    assert stream.end_time >= stream.start_time > 0
    assert stream.fn_args == {"genre": "fantasy"}
    assert repr(stream).startswith("<Stream of ")
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = stream.no_such_thing


def test_a_response_of_a_stream_has_the_common_form(
    case: Case, driver: Driver, server: Loopback
) -> None:
    """The stream too, so that a conversation can go on with another provider after it."""
    server.queue = [Answer(case.answer("Hello"))]
    stream, _ = driver.both(function(driver, case.name, "asked-for", stream=True))
    question = BaseMessageParam(role="user", content="Recommend a fantasy book")
    assert stream.message_param == BaseMessageParam(role="assistant", content="Hello")
    assert stream.messages == [stream.user_message_param] == [question]
    for response in (stream.construct_call_response(), stream.partial()):
        assert isinstance(response, llm.CallResponse)
        assert response.message_param == BaseMessageParam(role="assistant", content="Hello")
        assert response.finish_reasons == ["stop"]


def test_a_response_has_the_common_form(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Answer.of_json(case.plain("Hello"))]
    response = driver.ask(function(driver, case.name, "asked-for"))
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
    server.queue = [Answer.of_json(case.plain("Hello")), Answer(case.answer("Hello"))]
    response = driver.ask(function(driver, case.name, "asked-for"))
    _, items = driver.both(function(driver, case.name, "asked-for", stream=True))
    assert copy.deepcopy(response).content == "Hello"
    assert copy.deepcopy(items[-1][0]).finish_reasons == items[-1][0].finish_reasons


def test_a_conversation_goes_on_with_another_provider(
    case: Case, driver: Driver, server: Loopback
) -> None:
    """What one provider has answered can be sent to any, by the common message."""
    server.queue = [Answer.of_json(case.plain("Hello")), Answer.of_json(case.plain("Again"))]
    history: list[Any] = []

    def prompt(text: str) -> list[Any]:
        return [*history, BaseMessageParam(role="user", content=text)]

    async def aprompt(text: str) -> list[Any]:
        return prompt(text)

    ask = llm.call(case.name, "asked-for")(aprompt if driver.asynchronous else prompt)
    first = driver.ask(ask)
    history += [first.user_message_param, first.message_param]
    second = driver.ask(ask)
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]


def test_a_parser_gets_the_common_response(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Answer.of_json(case.plain("The Hobbit"))]
    seen: list[Any] = []

    def words(response: Any) -> list[str]:
        seen.append(response)
        return str(response.content).split()

    ask = function(driver, case.name, "asked-for", output_parser=words)
    assert driver.ask(ask) == ["The", "Hobbit"]
    assert isinstance(seen[0], llm.CallResponse)


@pytest.mark.parametrize("kind", [llm.Stream, llm.CallResponse])
def test_tools_are_answered_in_common_words(kind: Any) -> None:
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
    server.queue = [Answer.of_json(case.plain("Hello"))]
    response = driver.ask(function(driver, f"{case.name}:asked:for"))
    assert response.provider == case.name
    assert asked_model(server) in {"asked:for", "asked"}  # a path ends at the colon


def test_google_is_gemini() -> None:
    assert call_of("google") is call_of("gemini")


@pytest.mark.parametrize(
    ("provider", "model", "says"),
    [
        ("azure", "gpt-4o", "no provider 'azure'; there are: anthropic, cohere, gemini"),
        ("gpt-4o", None, "no provider 'gpt-4o'"),
        ("openai", None, "a model has to be named"),
        ("openai:", None, "a model has to be named"),
    ],
)
def test_a_wrong_name_is_told_at_once(provider: str, model: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        llm.call(provider, model)


def test_a_wrong_option_is_told_at_once() -> None:
    with pytest.raises(TypeError, match="no option 'temprature'"):
        llm.call("openai:m", temprature=1)
    with pytest.raises(ValueError, match="output_parser"):
        llm.call("openai:m", stream=True, output_parser=str)


@pytest.mark.parametrize(
    ("provider", "url"),
    [("ollama", "http://localhost:11434/v1/"), ("vllm", "http://localhost:8000/v1/")],
)
def test_servers_on_this_machine_are_reached_by_openais_client(provider: str, url: str) -> None:
    call: Any = call_of(provider)
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


def plain_answers(case: Case, count: int) -> list[Answer]:
    return [Answer.of_json(case.plain("Hello")) for _ in range(count)]


@pytest.fixture
def other(case: Case, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Another provider, whose default client talks to a server of its own."""
    other = OTHERS["anthropic" if case.name != "anthropic" else "openai"]
    with Loopback() as server:
        monkeypatch.setenv(other.key_variable, "a-secret-key")
        monkeypatch.setenv(other.url_variable, other.url(server.url))
        server.default = lambda: Answer.of_json(other.plain("from the other"))
        yield other


def test_a_context_puts_another_provider_in_its_place(
    case: Case, other: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = plain_answers(case, 2)
    ask = function(driver, case.name, "asked-for")
    with llm.context(provider=other.name, model="another"):
        assert driver.ask(ask).provider == other.name
        with llm.context(provider=case.name, model="inner", call_params={"temperature": 0.5}):
            assert driver.ask(ask).provider == case.name
            assert asked_model(server) == "inner"
            assert case.temperature_of(server.requests[-1].json) == 0.5
        assert driver.ask(ask).provider == other.name
    assert driver.ask(ask).provider == case.name
    assert asked_model(server) == "asked-for"


def test_with_another_provider_goes_what_all_providers_have(
    case: Case, other: Case, server: Loopback
) -> None:
    driver = Driver(asynchronous=False)
    with case.client(case.url(server.url), "its-own-key") as client:
        ask = function(
            driver,
            case.name,
            "asked-for",
            client=client,
            call_params={"temperature": 0.5, "only_its_own": 1},
        )
        with llm.context(provider=f"{other.name}:another"):
            response = driver.ask(ask)
    assert response.provider == other.name
    assert set(response.call_params) == {"temperature"}
    assert server.requests == []


def test_a_context_can_change_what_is_returned(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Answer(case.answer("Hello"))]
    with llm.context(stream=True):
        stream, _ = driver.both(function(driver, case.name, "asked-for"))
    assert isinstance(stream, llm.Stream)
    assert stream.content == "Hello"


class Book(BaseModel):
    title: str


def test_another_kind_of_result_replaces_that_of_the_function(
    case: Case, driver: Driver, server: Loopback
) -> None:
    def both(change: dict[str, Any], **options: Any) -> Any:
        return driver.both(llm.override(function(driver, case.name, "m", **options), **change))[0]

    def asked(change: dict[str, Any], **options: Any) -> Any:
        return driver.ask(llm.override(function(driver, case.name, "m", **options), **change))

    book = {"response_model": Book, "json_mode": True}
    server.queue = [Answer(case.answer("Hello"))]
    assert isinstance(both({"stream": True}, response_model=Book), llm.Stream)
    server.queue = [Answer.of_json(case.plain('{"title": "Emma"}'))] * 2
    assert asked(book, stream=True) == Book(title="Emma")
    assert asked(book, output_parser=str, tools=[look_up]) == Book(title="Emma")
    assert "look_up" not in str(server.requests[-1].json)
    server.queue = [Answer.of_json(case.plain("Hello"))]
    assert asked({"output_parser": str}, stream=True) == "Hello"
    server.queue = [Answer(case.answer('{"title": "Emma"}'))]
    structured = both({"stream": True, **book})
    assert structured.constructed_response_model == Book(title="Emma")


def look_up(title: str) -> str:
    """Looks up a title."""
    return title


def test_a_context_has_its_settings() -> None:
    with llm.context(provider="openai", model="gpt-4o", call_params={"seed": 1}) as settings:
        assert (settings.provider, settings.model) == ("openai", "gpt-4o")
        assert (settings.call_params, settings.client, settings.stream) == ({"seed": 1}, None, None)
    split = llm.context(provider="openai:gpt-4o", json_mode=True, response_model=Book)
    assert (split.provider, split.model, split.json_mode) == ("openai", "gpt-4o", True)
    assert split.response_model is Book
    assert "gpt-4o" not in repr(split)


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": "openai"},
        {"model": "gpt-4o"},
        {"provider": "nobody", "model": "m"},
        {"provider": "openai", "model": ""},
    ],
)
def test_a_context_is_checked_at_once(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="provider"):
        llm.context(**wrong)
    options: dict[str, Any] = {"temprature": 1}
    with pytest.raises(TypeError, match="no option 'temprature'"):
        llm.context(**options)


@pytest.fixture(params=[OTHERS["openai"]], ids=["openai"])
def only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One provider, where it makes no difference which, and its server."""
    case: Case = request.param
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        server.default = lambda: Answer.of_json(case.plain("Hello"))
        yield case, server


def test_a_context_is_that_of_the_moment_of_the_call(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=True), "openai", "own")

    async def call_inside_and_await_outside() -> None:
        with llm.context(provider="openai", model="inside"):
            answer = ask("fantasy")
        await answer

    anyio.run(call_inside_and_await_outside)
    assert asked_model(server) == "inside"


def test_an_async_function_is_taken_for_one() -> None:
    ask = function(Driver(asynchronous=True), "openai", "own")
    assert inspect.iscoroutinefunction(ask)
    assert inspect.iscoroutinefunction(llm.override(ask, provider="openai", model="m"))
    assert not inspect.iscoroutinefunction(function(Driver(asynchronous=False), "openai", "own"))


def test_tasks_have_their_own_contexts(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=True), "openai", "own")

    async def in_two_tasks() -> None:
        entered = [anyio.Event(), anyio.Event()]
        done = anyio.Event()

        async def with_context() -> None:
            with llm.context(provider="openai", model="theirs"):
                entered[0].set()
                await done.wait()
                await ask("fantasy")

        async def without() -> None:
            await entered[0].wait()
            await ask("fantasy")
            assert asked_model(server) == "own"
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(with_context)
            tasks.start_soon(without)

    anyio.run(in_two_tasks)
    assert asked_model(server) == "theirs"


def test_threads_have_their_own_contexts(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    with llm.context(provider="openai", model="theirs"):
        thread = threading.Thread(target=ask, args=("fantasy",))
        thread.start()
        thread.join()
        assert asked_model(server) == "own"
        ask("fantasy")
        assert asked_model(server) == "theirs"


def test_a_context_can_be_entered_again_and_within_itself(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    again = llm.context(provider="openai", model="again")
    with again, llm.context(provider="openai", model="between"):
        with again:
            ask("fantasy")
        ask("fantasy")
    ask("fantasy")
    with again:
        ask("fantasy")
    assert [r.json["model"] for r in server.requests] == ["again", "between", "own", "again"]


def test_leaving_a_context_by_an_error_leaves_it(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    with pytest.raises(LookupError), llm.context(provider="openai", model="inside"):
        raise LookupError
    ask("fantasy")
    assert asked_model(server) == "own"


def test_an_override_leaves_the_function_as_it_is(
    case: Case, other: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = plain_answers(case, 1)
    ask = function(driver, case.name, "asked-for")
    overridden = llm.override(ask, provider=other.name, model="another")
    assert driver.ask(overridden).provider == other.name
    assert driver.ask(ask).provider == case.name


def test_an_override_counts_more_than_a_context(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    overridden = llm.override(ask, provider="openai", model="overriding")
    with llm.context(provider="openai", model="context", call_params={"temperature": 0.5}):
        overridden("fantasy")
    assert asked_model(server) == "overriding"
    assert server.requests[-1].json["temperature"] == 0.5


def chained(driver: Driver, outer: Callable[..., Any]) -> Any:
    """Return a function that makes a call, and another one of what that answers."""
    inner = function(driver, "openai", "inner")

    def run(genre: str) -> str:
        return f"Recommend: {inner(genre).content}"

    async def arun(genre: str) -> str:
        return f"Recommend: {(await inner(genre)).content}"

    return outer(arun if driver.asynchronous else run)


def test_overridden_settings_reach_the_calls_inside(only: Any, driver: Driver) -> None:
    _, server = only
    outer = chained(driver, llm.call("openai:outer"))
    driver.ask(llm.override(outer, provider="openai", model="overriding"))
    driver.ask(outer)
    asked = [request.json["model"] for request in server.requests]
    assert asked == ["overriding", "overriding", "inner", "outer"]


def test_an_overridden_result_is_that_of_the_function_alone(only: Any, driver: Driver) -> None:
    case, server = only
    server.queue = [
        Answer.of_json(case.plain("a title")),
        Answer.of_json(case.plain('{"title": "Emma"}')),
    ]
    outer = chained(driver, llm.call("openai:outer"))
    answer = driver.ask(llm.override(outer, response_model=Book, json_mode=True))
    assert answer == Book(title="Emma")
    assert "Recommend: a title" in str(server.requests[-1].json)
    assert "response_format" not in server.requests[0].json


def test_an_override_of_a_function_that_calls_is_for_all_calls_inside(
    case: Case, other: Case, driver: Driver, server: Loopback
) -> None:
    """Such a function is the run of an agent, say."""
    first, second = (function(driver, case.name, model) for model in ("first", "second"))

    def run(genre: str) -> list[str]:
        return [first(genre).provider, second(genre).provider]

    async def arun(genre: str) -> list[str]:
        return [(await first(genre)).provider, (await second(genre)).provider]

    agent = arun if driver.asynchronous else run
    overridden = llm.override(agent, provider=other.name, model="another")
    assert driver.ask(overridden) == [other.name, other.name]
    assert server.requests == []
    server.queue = plain_answers(case, 2)
    assert driver.ask(agent) == [case.name, case.name]


class Agent:
    @llm.call("openai:own")
    def ask(self, genre: str) -> str:
        return genre


def test_a_method_is_overridden(only: Any) -> None:
    _, server = only
    llm.override(Agent().ask, provider="openai", model="bound")("fantasy")
    llm.override(Agent.ask, provider="openai", model="unbound")(Agent(), "fantasy")
    assert [request.json["model"] for request in server.requests] == ["bound", "unbound"]


def test_the_function_to_override_has_its_name(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    llm.override(provider_agnostic_call=ask, provider="openai", model="another")("fantasy")
    assert asked_model(server) == "another"


def test_an_override_keeps_what_else_decorates_the_function(only: Any, driver: Driver) -> None:
    _, server = only
    calls: list[str] = []
    ask = counted(function(driver, "openai", "own"), calls, driver)
    driver.ask(llm.override(ask, provider="openai", model="overriding"))
    assert calls == ["fantasy"]
    assert asked_model(server) == "overriding"


def counted(ask: Callable[..., Any], calls: list[str], driver: Driver) -> Callable[..., Any]:
    from functools import wraps  # noqa: PLC0415

    @wraps(ask)
    def decorated(genre: str) -> Any:
        calls.append(genre)
        return ask(genre)

    @wraps(ask)
    async def adecorated(genre: str) -> Any:
        calls.append(genre)
        return await ask(genre)

    return adecorated if driver.asynchronous else decorated


def test_provider_and_model_are_overridden_together() -> None:
    ask: Any = function(Driver(asynchronous=False), "openai", "own")
    with pytest.raises(ValueError, match="provider"):
        llm.override(ask, model="another")
    with pytest.raises(ValueError, match="a model has to be named"):
        llm.override(ask, provider="anthropic")


def test_what_a_provider_s_own_decorator_made_is_not_overridden(case: Case) -> None:
    with pytest.raises(ValueError, match=r"a provider's own call decorator, not by llm\.call"):
        llm.override(case.call("m")(lambda: "Hi"), provider="openai", model="another")


def test_errors_are_the_providers(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: Answer.of_json(case.error_body("no"), 401)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        driver.ask(function(driver, case.name, "asked-for"))
    assert isinstance(caught.value, case.sdk_error)
