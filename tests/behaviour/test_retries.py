"""A failure before the first content is retried; one after it only if the caller allows that."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import anyio
import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.fixtures import every_case
from support.providers.gemini import GEMINI
from support.providers.mistral import MISTRAL
from support.responses import saying

from mirascope import Retry, Timeout, errors, llm
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Abort, Loopback, Request, Reset, Response, Stall

case = every_case


SOON = 0.25
LATE = 30.0
HALF_A_SECOND = 0.5
AT_ONCE = {"retry-after": "0"}


def refusing(case: Case, **headers: str) -> Response:
    return Response.of_json(case.error_body("Later."), 503, **(AT_ONCE | headers))


def interrupted(case: Case, *texts: str) -> Response:
    return Response([*case.begin, *map(case.text, texts), Abort()])


def test_an_interrupted_response_restarts_if_that_is_allowed(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [interrupted(case, "Hel"), refusing(case), Response(case.response("Hello"))]
    retries: list[Retry] = []
    function = driver.function(case, on_interrupt="restart", on_retry=retries.append)
    stream, items = driver.call_and_read(function)
    assert "".join(chunk.content for chunk, _ in items) == "HelHello"
    assert (stream.state, stream.content) == ("finished", "Hello")
    assert stream.construct_call_response().content == "Hello"
    assert (stream.output_tokens, len(server.requests)) == (2, 3)
    assert [(retry.count, retry.restarts) for retry in retries] == [(1, True), (2, True)]
    assert isinstance(retries[0].error, errors.StreamConnectionError)
    assert [retry.error.partial and retry.error.partial.content for retry in retries] == ["Hel"] * 2


def test_a_retry_is_reported_before_the_restart(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [interrupted(case, "Hel", "lo th"), Response(case.response("Hello"))]
    function = driver.function(case, on_interrupt="restart")
    screen: list[str] = []

    async def clear(retry: Retry) -> None:
        assert retry.restarts
        screen.clear()

    async def show() -> None:
        stream = await function("fantasy")
        stream.on_retry.append(clear)
        async for chunk, _ in stream:
            screen.append(chunk.content)  # as it comes

    if driver.asynchronous:
        driver.run(show)
    else:
        stream = function("fantasy")
        stream.on_retry.append(lambda _: screen.clear())
        for chunk, _ in stream:
            screen.append(chunk.content)
    assert "".join(screen) == "Hello"


def test_what_was_received_is_kept_if_the_restart_fails(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [interrupted(case, "Hel"), refusing(case), refusing(case)]
    tried = driver.attempt(driver.function(case, on_interrupt="restart"))
    assert isinstance(tried.error, errors.Overloaded)
    assert isinstance(tried.error, case.sdk_error)
    assert (tried.stream.state, tried.stream.content, tried.error.phase) == ("failed", "Hel", "mid")
    assert tried.error.partial is not None
    assert tried.error.partial.content == "Hel"
    assert len(server.requests) == 3


def test_a_response_that_stalls_restarts(case: Case, driver: Driver, server: Loopback) -> None:
    stalling = Response([*case.begin, case.text("Hel"), Stall()])
    server.queue = [stalling, Response(case.response("Hello"))]
    timeout = Timeout(first=LATE, idle=SOON)
    function = driver.function(case, on_interrupt="restart", timeout=timeout)
    stream, _ = driver.call_and_read(function)
    assert (stream.state, stream.content) == ("finished", "Hello")
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)


def test_no_retry_waits_beyond_the_deadline(case: Case, driver: Driver, server: Loopback) -> None:
    for options in ({}, {"stream": False}):
        server.queue = [refusing(case, **{"retry-after": "20"})]
        began = monotonic()
        with pytest.raises(errors.Overloaded):
            function = driver.function(case, timeout=10.0, **options)
            driver.call(function) if options else driver.call_and_read(function)
        assert monotonic() - began < 5


def test_closing_ends_the_backoff(case: Case, server: Loopback) -> None:
    server.queue = [refusing(case, **{"retry-after": "60"})]
    waiting, ended = threading.Event(), threading.Event()
    function = Driver(asynchronous=False).function(case, on_retry=lambda _: waiting.set())
    stream = function("fantasy")

    def read() -> None:
        assert list(stream) == []
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert waiting.wait(5)
    stream.close()
    assert ended.wait(HALF_A_SECOND)
    thread.join()
    assert (stream.state, len(server.requests)) == ("closed", 1)


@pytest.mark.parametrize("waiting_for", ["the answer", "the time to ask again"])
def test_closing_ends_the_backoff_async(case: Case, server: Loopback, waiting_for: str) -> None:
    async def read_and_close() -> Any:
        waiting = anyio.Event()
        function = Driver(asynchronous=True).function(case, on_retry=lambda _: waiting.set())
        stream = await function("fantasy")

        async def read() -> None:
            assert [item async for item in stream] == []

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                if waiting_for == "the answer":
                    await anyio.to_thread.run_sync(asked.wait, 5)
                else:
                    await waiting.wait()
                await stream.aclose()
        return stream

    asked = threading.Event()

    def answer(_: Request) -> Response:
        asked.set()
        if waiting_for == "the answer":
            return Response([], before=[Stall()])
        return refusing(case, **{"retry-after": "60"})

    server.respond = answer
    assert anyio.run(read_and_close).state == "closed"
    assert len(server.requests) == 1
    if waiting_for == "the answer":
        assert server.connections[0].disconnected.wait(HALF_A_SECOND)


def test_tools_of_an_interrupted_response_are_yielded_again(
    case: Case, driver: Driver, server: Loopback
) -> None:
    def get_author(title: str) -> str:
        """Returns the author of a book."""
        return title

    calls = case.steps(one_after_another(("get_author", '{"title": "Wind"}')))
    whole = case.tool_call_response(*one_after_another(("get_author", '{"title": "Fear"}')))
    server.queue = [Response([*case.begin, *calls, Abort()]), Response(whole)]
    function = driver.function(case, tools=[get_author], on_interrupt="restart")
    stream, items = driver.call_and_read(function)
    assert [tool.call() for _, tool in items if tool][-1] == "Fear"
    assert len(stream.construct_call_response().tools) == 1


def test_a_stream_of_a_response_model_restarts(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Shelf(BaseModel):
        books: list[str]

    broken = saying(case, '{"books": ["Wrong", "Lo')[: len(case.begin) + 8]
    server.queue = [Response([*broken, Abort()]), Response(saying(case, '{"books": ["Wind"]}'))]
    options: dict[str, Any] = {"response_model": Shelf, "json_mode": True}
    stream, shelves = driver.call_and_read(driver.function(case, on_interrupt="restart", **options))
    assert ["Wrong"] in [shelf.books for shelf in shelves]
    assert shelves[-1] == stream.constructed_response_model == Shelf(books=["Wind"])


def test_a_user_supplied_client_is_retried_as_by_default(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [refusing(case), refusing(case), Response(case.response("Hello"))]
    url = case.url(server.url)
    retries: list[Retry] = []

    async def ask() -> Any:
        async with case.async_client(url, "a-secret-key") as client:
            function = driver.function(case, client=client, on_retry=retries.append)
            stream = await function("fantasy")
            return "".join([chunk.content async for chunk, _ in stream])

    if driver.asynchronous:
        assert driver.run(ask) == "Hello"
    else:
        with case.client(url, "a-secret-key") as client:
            function = driver.function(case, client=client, on_retry=retries.append)
            assert "".join(chunk.content for chunk, _ in function("fantasy")) == "Hello"
    assert [retry.count for retry in retries] == [1, 2]


def asked_with_own_retries(
    case: Case, driver: Driver, server: Loopback, *, stream: bool, **options: Any
) -> Exception | None:
    """Ask with a client that retries by itself; return what that failed with."""
    url = case.url(server.url)

    async def ask() -> None:
        async with case.async_client(url, "a-secret-key", **case.retrying) as client:
            function = driver.function(case, stream=stream, client=client, **options)
            answer = await function("fantasy")
            if stream:
                assert [item async for item in answer]

    try:
        if driver.asynchronous:
            driver.run(ask)
        else:
            with case.client(url, "a-secret-key", **case.retrying) as client:
                answer = driver.function(case, stream=stream, client=client, **options)("fantasy")
                if stream:
                    assert list(answer)
    except errors.StreamError as error:
        return error
    return None


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
@pytest.mark.parametrize("kind", ["refused", "hung up"])
def test_max_retries_of_zero_holds_on_a_client_that_retries_by_itself(
    case: Case, driver: Driver, server: Loopback, kind: str, *, stream: bool
) -> None:
    server.default = lambda: refusing(case) if kind == "refused" else Response(before=[Reset()])
    error = asked_with_own_retries(case, driver, server, stream=stream, max_retries=0)
    kinds = {"refused": errors.Overloaded, "hung up": errors.StreamConnectionError}
    assert isinstance(error, kinds[kind])
    assert len(server.requests) == 1


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_retries_of_such_a_client_do_not_multiply(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    server.default = lambda: refusing(case)
    retries: list[Retry] = []
    options = {"max_retries": 1, "on_retry": retries.append}
    error = asked_with_own_retries(case, driver, server, stream=stream, **options)
    assert isinstance(error, errors.Overloaded)
    assert [retry.count for retry in retries] == [1]
    assert len(server.requests) == 2


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_the_retries_of_such_a_client_hold_where_the_call_sets_none(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    endless = case.name == "mistral"  # whose SDK is configured with how long, not how often
    whole = Response(case.response("Hi")) if stream else Response.of_json(case.plain("Hi"))
    server.queue = [refusing(case), refusing(case), whole if endless else refusing(case)]
    error = asked_with_own_retries(case, driver, server, stream=stream)
    assert error is None if endless else isinstance(error, errors.Overloaded)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("case", "params"),
    [
        (GEMINI, {"http_options": {"retry_options": {"attempts": 2, "initial_delay": 0}}}),
        (MISTRAL, {"retries": MISTRAL.retrying["retry_config"]}),
    ],
    ids=["gemini", "mistral"],
)
def test_retry_options_in_call_params_do_not_multiply(
    case: Case, driver: Driver, server: Loopback, params: Any
) -> None:
    server.default = lambda: refusing(case)
    retries: list[Retry] = []
    tried = driver.attempt(driver.function(case, call_params=params, on_retry=retries.append))
    assert isinstance(tried.error, errors.Overloaded)
    assert len(server.requests) == len(retries) + 1 == (2 if case is GEMINI else 3)


def test_a_provider_agnostic_call_reports_its_retries(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [refusing(case), Response(case.response("Hello"))]
    retries: list[Retry] = []

    def recommend() -> str:
        return "Hello"

    async def arecommend() -> str:
        return "Hello"

    ask = llm.call(case.name, "requested-model", stream=True, on_retry=retries.append)

    async def read() -> list[Any]:
        return [item async for item in await ask(arecommend)()]

    assert driver.run(read) if driver.asynchronous else list(ask(recommend)())
    assert len(retries) == 1


@pytest.mark.parametrize(
    ("options", "kind", "reported"),
    [
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"max_retries": "2"}, ValueError, "max_retries"),
        ({"on_interrupt": "again"}, ValueError, "restart"),
        ({"on_interupt": "restart"}, TypeError, "on_interrupt"),
    ],
)
def test_an_invalid_option_is_an_error_at_the_decorator(
    case: Case, options: dict[str, Any], kind: type[Exception], reported: str
) -> None:
    with pytest.raises(kind, match=reported):
        case.call("requested-model", **options)


def test_an_async_hook_needs_an_async_function(case: Case) -> None:
    async def hook(_: Retry) -> None: ...

    with pytest.raises(TypeError, match="on_retry"):
        Driver(asynchronous=False).function(case, on_retry=hook)
