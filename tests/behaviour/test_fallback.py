"""Another model is called when one fails; a stream falls back before its first content only."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.providers import CASES
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI
from tenacity import retry, stop_after_attempt

from mirascope import errors, llm, prompt_template
from mirascope.llm import CallResponse
from mirascope.retries import FallbackError, fallback
from mirascope.retries.tenacity import collect_errors
from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Abort, Loopback, Request, Response, Stall, dripping

HALF_A_SECOND = 0.5


@pytest.fixture
def other(case: Case) -> Case:
    """Return the provider to fall back to, with a base URL of its own."""
    return ANTHROPIC if case.url_variable == OPENAI.url_variable else OPENAI


@pytest.fixture
def other_server(other: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with Loopback() as server:
        monkeypatch.setenv(other.key_variable, "a-secret-key")
        monkeypatch.setenv(other.url_variable, other.url(server.url))
        yield server


def protected(
    driver: Driver, case: Case, *others: Case, catch: Any = errors.StreamError, **options: Any
) -> Any:
    """Return a function that calls one provider and falls back to others."""
    decorate = fallback(
        catch,
        [{"catch": catch, "provider": other.name, "model": "falling-back"} for other in others],
    )
    template = prompt_template("Recommend a {genre} book")
    ask = llm.call(case.name, "requested-model", **{"stream": True, "max_retries": 0, **options})
    if driver.asynchronous:

        async def arecommend(genre: str) -> None: ...

        return decorate(ask(template(arecommend)))

    def recommend(genre: str) -> None: ...

    return decorate(ask(template(recommend)))


def overloaded(case: Case) -> Response:
    return Response.of_json(case.error_body("overloaded"), 503)


def test_a_plain_call_falls_back(
    case: Case, other: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    llm.fail(503)
    llm.reply("Hello")
    response = driver.call(protected(driver, case, other, stream=False))
    assert isinstance(response, CallResponse)
    assert (response.provider, response.content) == (other.name, "Hello")
    (caught,) = response._caught
    assert isinstance(caught, errors.Overloaded)
    assert isinstance(caught, case.sdk_error)


def test_what_succeeds_does_not_fall_back(
    case: Case, other: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    llm.reply("Hello")
    stream, items = driver.call_and_read(protected(driver, case, other))
    assert "".join(chunk.content for chunk, _ in items) == "Hello"
    assert (stream.provider, stream._caught) == (case.name, [])
    assert [request.provider for request in llm.requests] == [case.name]


FAILURES: dict[str, tuple[type[Exception], Callable[[Case], Response]]] = {
    "refused": (errors.Overloaded, overloaded),
    "reported": (errors.StreamAPIError, lambda case: Response([*case.begin, case.failure])),
    "cut off": (errors.StreamConnectionError, lambda case: Response([*case.begin, Abort()])),
    "empty": (errors.StreamTruncated, lambda case: Response(case.begin)),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_stream_falls_back_until_its_first_content(
    case: Case,
    other: Case,
    driver: Driver,
    *,
    server: Loopback,
    other_server: Loopback,
    failure: str,
) -> None:
    kind, fail = FAILURES[failure]
    server.default = lambda: fail(case)
    other_server.queue = [Response(other.response("Hel", "lo"))]
    stream, items = driver.call_and_read(protected(driver, case, other))
    assert isinstance(stream, llm.Stream)
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Hello"
    assert {type(chunk.chunk).__module__.partition(".")[0] for chunk, _ in items} == {
        other.sdk_package
    }
    assert (stream.provider, stream.state) == (other.name, "finished")
    assert stream.construct_call_response().provider == other.name
    (caught,) = stream._caught
    assert isinstance(caught, kind)
    assert isinstance(caught, case.sdk_error)
    assert (len(server.requests), len(other_server.requests)) == (1, 1)


@pytest.mark.parametrize("piece", ["text", "reasoning"])
def test_a_stream_does_not_fall_back_after_content(
    case: Case,
    other: Case,
    driver: Driver,
    *,
    server: Loopback,
    other_server: Loopback,
    piece: str,
) -> None:
    begun = case.text("Hel") if piece == "text" else case.reasoning("hm")
    server.queue = [Response([*case.begin, begun, case.failure])]
    stream = None
    seen = ""

    async def read() -> None:
        nonlocal stream, seen
        stream = await ask("fantasy")
        async for chunk, _ in stream:
            seen += chunk.content or chunk.reasoning

    ask = protected(driver, case, other)
    with pytest.raises(errors.StreamError) as caught:
        if driver.asynchronous:
            anyio.run(read)
        else:
            stream = ask("fantasy")
            for chunk, _ in stream:
                seen += chunk.content or chunk.reasoning
    assert seen in {"Hel", "hm"}
    assert stream is not None
    assert (stream.provider, stream.state) == (case.name, "failed")
    assert caught.value.phase == "mid"
    assert not isinstance(caught.value, FallbackError)
    assert other_server.requests == []


def test_the_last_error_holds_every_failure(
    case: Case, other: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    for stream in (False, True):
        for status in (503, 429, 503):
            llm.fail(status)
        ask = protected(driver, case, other, case, stream=stream)
        with pytest.raises(FallbackError, match="every model failed: Overloaded") as caught:
            driver.call_and_read(ask) if stream else driver.call(ask)
        assert [type(error).__name__ for error in caught.value.caught] == [
            *("Overloaded", "RateLimited", "Overloaded")
        ]
        assert caught.value.__cause__ is caught.value.caught[-1]
        assert (caught.value.provider, caught.value.status_code) == (case.name, 503)
        assert isinstance(caught.value, errors.StreamError)


def test_only_the_errors_to_catch_are_caught(
    case: Case, other: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    for stream in (False, True):
        llm.fail(503)
        ask = protected(driver, case, other, catch=(errors.RateLimited, KeyError), stream=stream)
        with pytest.raises(errors.Overloaded):
            driver.call_and_read(ask) if stream else driver.call(ask)
    assert {request.provider for request in llm.requests} == {case.name}


def test_a_finished_stream_is_not_requested_again(
    case: Case, other: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    llm.reply("Hello")
    stream, _ = driver.call_and_read(protected(driver, case, other))
    with pytest.raises(errors.StreamConsumed):
        driver.read(stream)
    assert (stream.content, len(llm.requests)) == ("Hello", 1)


def test_closing_a_stream_that_fell_back_closes_its_connection(
    case: Case, other: Case, driver: Driver, server: Loopback, other_server: Loopback
) -> None:
    server.queue = [overloaded(case)]
    endless = dripping([*other.begin, *[other.text("a")] * 10_000])
    other_server.queue = [Response(endless)]
    ask = protected(driver, case, other)

    async def read() -> Any:
        stream = await ask("fantasy")
        async for chunk, _ in stream:
            if chunk.content:
                break
        disconnected = other_server.connections[0].disconnected
        assert await anyio.to_thread.run_sync(disconnected.wait, HALF_A_SECOND)
        return stream

    if driver.asynchronous:
        stream = anyio.run(read)
    else:
        stream = ask("fantasy")
        for chunk, _ in stream:
            if chunk.content:
                break
        assert other_server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert (stream.state, stream.content) == ("closed", "a")


def test_cancelling_before_the_first_content_closes_the_stream(
    case: Case, other: Case, server: Loopback, other_server: Loopback
) -> None:
    requested = threading.Event()

    def respond(_: Request) -> Response:
        requested.set()
        return Response([*case.begin, Stall()])

    server.respond = respond
    ask = protected(Driver(asynchronous=True), case, other)

    async def read() -> Any:
        stream = await ask("fantasy")
        ended: list[Exception | None] = []
        stream.on_end.append(ended.append)
        with anyio.CancelScope() as scope:

            async def cancel() -> None:
                await anyio.to_thread.run_sync(requested.wait, 60)
                scope.cancel()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(cancel)
                async for _ in stream:
                    pass
        assert scope.cancelled_caught
        return stream.state, ended

    assert anyio.run(read) == ("closed", [None])
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert other_server.requests == []


def test_a_fallback_has_its_own_client_and_parameters(
    case: Case, other: Case, server: Loopback, other_server: Loopback
) -> None:
    server.queue = [overloaded(case)]
    other_server.queue = [Response.of_json(other.plain("Hello"))]
    with other.client(other.url(other_server.url), "its-own-key") as client:
        decorate = fallback(
            errors.StreamError,
            [
                {
                    "catch": errors.StreamError,
                    "provider": other.name,
                    "model": "falling-back",
                    "client": client,
                    "call_params": {"max_tokens": 5, "temperature": 0.5},
                }
            ],
        )

        @decorate
        @llm.call(case.name, "requested-model", max_retries=0)
        def recommend(genre: str) -> str:
            return genre

        assert recommend("fantasy").content == "Hello"
    (request,) = other_server.requests
    assert other.key_of(request) == "its-own-key"
    assert other.temperature_of(request.json) == 0.5


def test_a_fallback_within_a_context_is_still_another_model(
    case: Case, other: Case, driver: Driver, server: Loopback, other_server: Loopback
) -> None:
    """The context of the call counts, though the stream is read after it."""
    server.queue = [overloaded(case)]
    other_server.queue = [Response(other.response("Hello"))]
    ask = protected(driver, case, other)

    async def ask_inside_and_read_outside() -> Any:
        with llm.context(call_params={"temperature": 0.5}):
            asking = ask("fantasy")
        stream = await asking
        return stream, [item async for item in stream]

    if driver.asynchronous:
        stream, _ = anyio.run(ask_inside_and_read_outside)
    else:
        with llm.context(call_params={"temperature": 0.5}):
            stream = ask("fantasy")
        list(stream)
    assert stream.provider == other.name
    assert other.temperature_of(other_server.requests[0].json) == 0.5


def test_an_async_function_stays_one() -> None:
    assert inspect.iscoroutinefunction(protected(Driver(asynchronous=True), OPENAI, ANTHROPIC))


def test_a_function_that_reads_its_stream_falls_back_in_the_middle(
    case: Case, other: Case, driver: Driver, server: Loopback, other_server: Loopback
) -> None:
    """What it has read of the stream that failed is gone with the run that failed."""
    server.queue = [Response([*case.begin, case.text("Hel"), case.failure])]
    other_server.queue = [Response(other.response("Hello", " you"))]
    template = prompt_template("Recommend a {genre} book")
    ask = llm.call(case.name, "requested-model", stream=True, max_retries=0)

    @ask
    @template
    def recommend(genre: str) -> None: ...

    @ask
    @template
    async def arecommend(genre: str) -> None: ...

    def read(genre: str) -> list[str]:
        return [chunk.content for chunk, _ in recommend(genre) if chunk.content]

    async def aread(genre: str) -> list[str]:
        return [chunk.content async for chunk, _ in await arecommend(genre) if chunk.content]

    decorate = fallback(
        case.sdk_error, [{"catch": errors.StreamError, "provider": other.name, "model": "m"}]
    )
    assert driver.call(decorate(aread if driver.asynchronous else read)) == ["Hello", " you"]
    assert (len(server.requests), len(other_server.requests)) == (1, 1)


def test_a_function_that_calls_falls_back_with_all_its_calls(
    case: Case, other: Case, server: Loopback, other_server: Loopback
) -> None:
    """The prompt of one call is made of the response to another."""
    server.default = lambda: overloaded(case)
    other_server.default = lambda: Response.of_json(other.plain("Hello"))

    @llm.call(case.name, "first", max_retries=0)
    def summarize(text: str) -> str:
        return text

    @fallback(
        errors.Overloaded, [{"catch": errors.StreamError, "provider": other.name, "model": "m"}]
    )
    @llm.call(case.name, "second", max_retries=0)
    def explain(text: str) -> str:
        return f"Explain {summarize(text)}"

    answer: Any = explain("a text")
    assert (answer.provider, len(answer._caught)) == (other.name, 1)
    assert (len(server.requests), len(other_server.requests)) == (1, 2)


def test_what_a_provider_s_own_decorator_made_cannot_fall_back(case: Case) -> None:
    with pytest.raises(ValueError, match=r"not by llm\.call"):
        fallback(ValueError, [{"catch": ValueError, "provider": "openai", "model": "m"}])(
            case.call("m")(lambda: "Hi")
        )


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_a_fallback_names_a_provider_that_there_is(name: str) -> None:
    ask: Any = llm.call("openai:m")(lambda genre: genre)
    fallback(ValueError, [{"catch": ValueError, "provider": name, "model": "m"}])(ask)
    with pytest.raises(ValueError, match="no provider 'nobody'"):
        fallback(ValueError, [{"catch": ValueError, "provider": "nobody", "model": "m"}])(ask)


# response models


@pytest.mark.parametrize("kind", ["refused", "aborted"])
def test_a_stream_of_a_response_model_falls_back(
    case: Case,
    other: Case,
    driver: Driver,
    server: Loopback,
    other_server: Loopback,
    *,
    kind: str,
) -> None:
    class Book(BaseModel):
        title: str

    server.queue = [overloaded(case) if kind == "refused" else Response([*case.begin, Abort()])]
    other_server.queue = [Response(other.response('{"title"', ': "Wind"}'))]
    stream, books = driver.call_and_read(
        protected(driver, case, other, response_model=Book, json_mode=True)
    )
    assert books[-1] == stream.constructed_response_model == Book(title="Wind")
    assert (stream.stream.provider, len(stream._caught)) == (other.name, 1)


# tenacity


def test_errors_are_collected_for_the_next_attempt(driver: Driver) -> None:
    seen: list[list[str]] = []

    def attempt(genre: str, *, errors: list[Exception] | None = None) -> str:
        seen.append([str(error) for error in errors or ()])
        if len(seen) < 3:
            raise ValueError(f"{genre} {len(seen)}")
        return "done"

    async def aattempt(genre: str, *, errors: list[Exception] | None = None) -> str:
        return attempt(genre, errors=errors)

    decorate = retry(stop=stop_after_attempt(3), after=collect_errors(ValueError))
    assert driver.call(decorate(aattempt if driver.asynchronous else attempt)) == "done"
    assert seen == [[], ["fantasy 1"], ["fantasy 1", "fantasy 2"]]


def test_other_errors_are_not_collected() -> None:
    seen: list[object] = []

    @retry(stop=stop_after_attempt(2), after=collect_errors(ValueError), reraise=True)
    def attempt(**kwargs: object) -> None:
        seen.append(kwargs)
        raise UnicodeError

    with pytest.raises(UnicodeError):
        attempt()
    assert seen == [{}, {}]


def test_tenacity_retries_an_async_call(case: Case, server: Loopback) -> None:
    server.queue = [overloaded(case), Response.of_json(case.plain("Hello"))]

    @retry(stop=stop_after_attempt(2))
    @llm.call(case.name, "requested-model", max_retries=0)
    async def recommend(genre: str) -> str:
        return genre

    assert anyio.run(recommend, "fantasy").content == "Hello"
