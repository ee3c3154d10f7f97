"""Another provider, model or settings at a call: `llm.context` and `llm.override`."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.providers import CASES

from mirascope import llm, prompt_template
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


def plain_answers(case: Case, count: int) -> list[Response]:
    return [Response.of_json(case.plain("Hello")) for _ in range(count)]


@pytest.fixture
def other(case: Case, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Another provider, whose default client talks to a server of its own."""
    other = OTHERS["anthropic" if case.name != "anthropic" else "openai"]
    with Loopback() as server:
        monkeypatch.setenv(other.key_variable, "a-secret-key")
        monkeypatch.setenv(other.url_variable, other.url(server.url))
        server.default = lambda: Response.of_json(other.plain("from the other"))
        yield other


def test_a_context_replaces_the_provider(
    case: Case, other: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = plain_answers(case, 2)
    ask = function(driver, case.name, "requested-model")
    with llm.context(provider=other.name, model="another"):
        assert driver.call(ask).provider == other.name
        with llm.context(provider=case.name, model="inner", call_params={"temperature": 0.5}):
            assert driver.call(ask).provider == case.name
            assert asked_model(server) == "inner"
            assert case.temperature_of(server.requests[-1].json) == 0.5
        assert driver.call(ask).provider == other.name
    assert driver.call(ask).provider == case.name
    assert asked_model(server) == "requested-model"


def test_provider_agnostic_options_go_to_the_replacing_provider(
    case: Case, other: Case, server: Loopback
) -> None:
    driver = Driver(asynchronous=False)
    with case.client(case.url(server.url), "its-own-key") as client:
        ask = function(
            driver,
            case.name,
            "requested-model",
            client=client,
            call_params={"temperature": 0.5, "only_its_own": 1},
        )
        with llm.context(provider=f"{other.name}:another"):
            response = driver.call(ask)
    assert response.provider == other.name
    assert set(response.call_params) == {"temperature"}
    assert server.requests == []


def test_a_context_can_change_what_is_returned(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    with llm.context(stream=True):
        stream, _ = driver.call_and_read(function(driver, case.name, "requested-model"))
    assert isinstance(stream, llm.Stream)
    assert stream.content == "Hello"


class Book(BaseModel):
    title: str


def test_a_context_s_kind_of_result_replaces_that_of_the_function(
    case: Case, driver: Driver, server: Loopback
) -> None:
    def both(change: dict[str, Any], **options: Any) -> Any:
        return driver.call_and_read(
            llm.override(function(driver, case.name, "m", **options), **change)
        )[0]

    def asked(change: dict[str, Any], **options: Any) -> Any:
        return driver.call(llm.override(function(driver, case.name, "m", **options), **change))

    book = {"response_model": Book, "json_mode": True}
    server.queue = [Response(case.response("Hello"))]
    assert isinstance(both({"stream": True}, response_model=Book), llm.Stream)
    server.queue = [Response.of_json(case.plain('{"title": "Emma"}'))] * 2
    assert asked(book, stream=True) == Book(title="Emma")
    assert asked(book, output_parser=str, tools=[look_up]) == Book(title="Emma")
    assert "look_up" not in str(server.requests[-1].json)
    server.queue = [Response.of_json(case.plain("Hello"))]
    assert asked({"output_parser": str}, stream=True) == "Hello"
    server.queue = [Response(case.response('{"title": "Emma"}'))]
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
        server.default = lambda: Response.of_json(case.plain("Hello"))
        yield case, server


def test_the_context_at_the_call_counts(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=True), "openai", "own")

    async def call_inside_and_await_outside() -> None:
        with llm.context(provider="openai", model="inside"):
            answer = ask("fantasy")
        await answer

    anyio.run(call_inside_and_await_outside)
    assert asked_model(server) == "inside"


def test_an_async_function_is_recognized_as_async() -> None:
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


def test_an_error_ends_a_context(only: Any) -> None:
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
    ask = function(driver, case.name, "requested-model")
    overridden = llm.override(ask, provider=other.name, model="another")
    assert driver.call(overridden).provider == other.name
    assert driver.call(ask).provider == case.name


def test_an_override_counts_more_than_a_context(only: Any) -> None:
    _, server = only
    ask = function(Driver(asynchronous=False), "openai", "own")
    overridden = llm.override(ask, provider="openai", model="overriding")
    with llm.context(provider="openai", model="context", call_params={"temperature": 0.5}):
        overridden("fantasy")
    assert asked_model(server) == "overriding"
    assert server.requests[-1].json["temperature"] == 0.5


def chained(driver: Driver, outer: Callable[..., Any]) -> Any:
    """Return a function that makes a call, and another one with its response."""
    inner = function(driver, "openai", "inner")

    def run(genre: str) -> str:
        return f"Recommend: {inner(genre).content}"

    async def arun(genre: str) -> str:
        return f"Recommend: {(await inner(genre)).content}"

    return outer(arun if driver.asynchronous else run)


def test_overridden_settings_reach_the_calls_inside(only: Any, driver: Driver) -> None:
    _, server = only
    outer = chained(driver, llm.call("openai:outer"))
    driver.call(llm.override(outer, provider="openai", model="overriding"))
    driver.call(outer)
    asked = [request.json["model"] for request in server.requests]
    assert asked == ["overriding", "overriding", "inner", "outer"]


def test_an_overridden_result_is_that_of_the_function_alone(only: Any, driver: Driver) -> None:
    case, server = only
    server.queue = [
        Response.of_json(case.plain("a title")),
        Response.of_json(case.plain('{"title": "Emma"}')),
    ]
    outer = chained(driver, llm.call("openai:outer"))
    answer = driver.call(llm.override(outer, response_model=Book, json_mode=True))
    assert answer == Book(title="Emma")
    assert "Recommend: a title" in str(server.requests[-1].json)
    assert "response_format" not in server.requests[0].json


def test_an_override_of_a_function_that_calls_is_for_all_calls_inside(
    case: Case, other: Case, driver: Driver, server: Loopback
) -> None:
    """Such a function is the run of an agent, for example."""
    first, second = (function(driver, case.name, model) for model in ("first", "second"))

    def run(genre: str) -> list[str]:
        return [first(genre).provider, second(genre).provider]

    async def arun(genre: str) -> list[str]:
        return [(await first(genre)).provider, (await second(genre)).provider]

    agent = arun if driver.asynchronous else run
    overridden = llm.override(agent, provider=other.name, model="another")
    assert driver.call(overridden) == [other.name, other.name]
    assert server.requests == []
    server.queue = plain_answers(case, 2)
    assert driver.call(agent) == [case.name, case.name]


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
    driver.call(llm.override(ask, provider="openai", model="overriding"))
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
    with pytest.raises(ValueError, match="there is no model"):
        llm.override(ask, provider="anthropic")


def test_what_a_provider_s_own_decorator_made_is_not_overridden(case: Case) -> None:
    with pytest.raises(ValueError, match=r"a provider's own call decorator, not by llm\.call"):
        llm.override(case.call("m")(lambda: "Hi"), provider="openai", model="another")
