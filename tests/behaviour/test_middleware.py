"""Middleware sees every call once, however it ends."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from typing import Any

import anyio.lowlevel
import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI

from mirascope import errors, llm
from mirascope.core.base.stream import BaseStream
from mirascope.integrations import middleware_factory
from mirascope.retries import FallbackError, fallback
from mirascope.testing.loopback import Loopback, Response, dripping

HALF_A_SECOND = 0.5

span: ContextVar[str] = ContextVar("span", default="none")


class Log:
    """What a middleware saw, in order.

    Attributes:
        seen: What happened, and what the context variable was then.
        results: The results that the handlers got.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.results: list[Any] = []

    @contextmanager
    def around(self, fn: Callable[..., Any]) -> Generator[str]:
        token = span.set(fn.__name__)
        self.seen.append("enter")
        try:
            yield "what the context manager gives"
        except Exception as error:
            self.seen.append(f"left by {type(error).__name__}")
            raise
        finally:
            span.reset(token)
            self.seen.append("exit")

    def handler(self, kind: str) -> Callable[[Any, Callable[..., Any], str], None]:
        def handle(result: Any, fn: Callable[..., Any], given: str) -> None:
            assert given == "what the context manager gives"
            assert span.get() == fn.__name__
            state = f" {result.state}" if isinstance(result, BaseStream) else ""
            self.seen.append(kind + state)
            self.results.append(result)

        return handle

    def middleware(self, **more: Any) -> Any:
        kinds = ["call_response", "stream", "response_model", "structured_stream", "error"]
        handlers: dict[str, Any] = {f"handle_{kind}": self.handler(kind) for kind in kinds}
        handlers |= {f"{name}_async": as_async(handle) for name, handle in handlers.items()}
        if more.pop("without_errors", False):
            del handlers["handle_error"], handlers["handle_error_async"]
        return middleware_factory(custom_context_manager=self.around, **{**handlers, **more})


def as_async(handle: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handle)
    async def ahandle(*args: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        return handle(*args)

    return ahandle


@pytest.fixture
def log() -> Log:
    return Log()


def watched(middleware: Any, driver: Driver, case: Case, **options: Any) -> Any:
    return middleware(driver.function(case, max_retries=0, **options))


def test_a_response_is_handled(case: Case, driver: Driver, server: Loopback, log: Log) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    response = driver.call(watched(log.middleware(), driver, case, stream=False))
    assert log.seen == ["enter", "call_response", "exit"]
    assert log.results == [response]
    assert response.content == "Hello"


def test_a_parsed_response_is_handled_as_a_response_model(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    ask = watched(log.middleware(), driver, case, stream=False, output_parser=str)
    assert driver.call(ask) == "Hello"
    assert (log.seen, log.results) == (["enter", "response_model", "exit"], ["Hello"])


def test_a_stream_is_handled_when_it_has_ended(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream, items = driver.call_and_read(watched(log.middleware(), driver, case))
    assert log.seen == ["enter", "stream finished", "exit"]
    assert log.results == [stream]
    assert type(stream) is import_module(f"mirascope.core.{case.name}.call").PROVIDER.stream_type
    assert items
    assert stream.construct_call_response().content == "Hello"


def test_no_context_is_attached_while_a_stream_is_read(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response(case.response("Hel", "lo"))]
    ask = watched(log.middleware(), driver, case)
    spans: set[str] = set()

    async def read() -> None:
        stream = await ask("fantasy")
        spans.add(span.get())
        async for _ in stream:
            spans.add(span.get())

    if driver.asynchronous:
        anyio.run(read)
    else:
        stream = ask("fantasy")
        spans.add(span.get())
        for _ in stream:
            spans.add(span.get())
    assert spans | {span.get()} == {"none"}
    assert log.seen == ["enter", "stream finished", "exit"]


def test_the_context_is_attached_while_the_function_runs(driver: Driver, log: Log) -> None:
    inside: list[str] = []

    def fn(genre: str) -> str:
        inside.append(span.get())
        return genre

    async def afn(genre: str) -> str:
        inside.append(span.get())
        await anyio.sleep(0.001)
        inside.append(span.get())
        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.001):
                await anyio.sleep(1)
        inside.append(span.get())
        return genre

    assert driver.call(log.middleware()(afn if driver.asynchronous else fn)) == "fantasy"
    assert set(inside) == {"afn" if driver.asynchronous else "fn"}
    assert span.get() == "none"


def test_a_stream_that_is_not_read_to_its_end_is_handled_once_and_closed(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response(dripping([*case.begin, *[case.text("a")] * 10_000]))]
    ask = watched(log.middleware(), driver, case)

    async def read() -> Any:
        stream = await ask("fantasy")
        async for chunk, _ in stream:
            if chunk.content:
                break
        disconnected = server.connections[0].disconnected
        assert await anyio.to_thread.run_sync(disconnected.wait, HALF_A_SECOND)
        await stream.aclose()
        return stream

    if driver.asynchronous:
        stream = anyio.run(read)
    else:
        stream = ask("fantasy")
        for chunk, _ in stream:
            if chunk.content:
                break
        assert server.connections[0].disconnected.wait(HALF_A_SECOND)
        stream.close()
    assert log.seen == ["enter", "stream closed", "exit"]
    with pytest.raises(errors.StreamNotFinished):
        stream.construct_call_response()
    assert stream.partial().content == "a"


def test_a_stream_that_is_closed_is_handled(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    ask = watched(log.middleware(), driver, case)

    async def ask_and_close() -> None:
        async with await ask("fantasy"):
            assert log.seen == ["enter"]

    if driver.asynchronous:
        anyio.run(ask_and_close)
    else:
        with ask("fantasy"):
            assert log.seen == ["enter"]
    assert log.seen == ["enter", "stream closed", "exit"]
    assert server.requests == []


def test_an_async_handler_has_to_be_awaited(case: Case, server: Loopback, log: Log) -> None:
    driver = Driver(asynchronous=True)
    stream = driver.call(watched(log.middleware(), driver, case))
    with pytest.raises(TypeError, match="aclose"):
        stream.close()
    anyio.run(stream.aclose)
    assert log.seen == ["enter", "stream closed", "exit"]
    assert server.requests == []


def test_a_cancelled_stream_is_handled(case: Case, server: Loopback, log: Log) -> None:
    server.queue = [Response(dripping([*case.begin, *[case.text("a")] * 10_000]))]
    ask = watched(log.middleware(), Driver(asynchronous=True), case)

    async def read() -> None:
        with anyio.CancelScope() as scope:
            async for chunk, _ in await ask("fantasy"):
                if chunk.content:
                    scope.cancel()

    anyio.run(read)
    assert log.seen == ["enter", "stream closed", "exit"]


@pytest.mark.parametrize("without_errors", [False, True])
def test_the_error_of_a_stream_is_handled_and_goes_on(
    case: Case, driver: Driver, server: Loopback, log: Log, *, without_errors: bool
) -> None:
    server.queue = [Response([*case.begin, case.text("Hel"), case.failure])]
    ask = watched(log.middleware(without_errors=without_errors), driver, case)
    with pytest.raises(errors.StreamAPIError) as caught:
        driver.call_and_read(ask)
    assert isinstance(caught.value, case.sdk_error)
    assert log.seen == [
        "enter",
        "stream failed",
        *([] if without_errors else ["error"]),
        f"left by {type(caught.value).__name__}",
        "exit",
    ]
    assert without_errors or log.results[-1] is caught.value


def test_the_handler_of_a_streams_error_can_raise_another(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response([*case.begin, case.text("Hel"), case.failure])]

    def raise_another(error: Exception, *_: object) -> None:
        raise LookupError("another") from error

    middleware = log.middleware(
        handle_error=raise_another, handle_error_async=as_async(raise_another)
    )
    with pytest.raises(LookupError, match="another") as caught:
        driver.call_and_read(watched(middleware, driver, case))
    assert isinstance(caught.value.__cause__, errors.StreamAPIError)
    assert log.seen == ["enter", "stream failed", "left by LookupError", "exit"]


def test_the_error_of_a_call_becomes_what_its_handler_returns(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response.of_json(case.error_body("no"), 401)]

    def instead(error: Exception, *_: object) -> str:
        return type(error).__name__

    middleware = log.middleware(handle_error=instead, handle_error_async=as_async(instead))
    ask = watched(middleware, driver, case, stream=False)
    assert driver.call(ask) == "AuthenticationFailed"
    assert log.seen == ["enter", "exit"]


def test_the_error_of_a_call_goes_on_if_nothing_handles_it(
    case: Case, driver: Driver, server: Loopback, log: Log
) -> None:
    server.queue = [Response.of_json(case.error_body("no"), 401)]
    ask = watched(log.middleware(without_errors=True), driver, case, stream=False)
    with pytest.raises(errors.AuthenticationFailed):
        driver.call(ask)
    assert log.seen == ["enter", "left by AuthenticationFailed", "exit"]


class Size(BaseModel):
    size: int


class Sized:
    """A stream of a response model, as the middleware sees one: its value is made at its end."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def finish(self) -> None:
        self.value = Size.model_validate_json(self.stream.content)


@pytest.mark.parametrize("text", ['{"size": 1}', "{}"])
def test_a_structured_stream_is_handled_with_its_value(
    case: Case, driver: Driver, server: Loopback, log: Log, text: str
) -> None:
    server.queue = [Response(case.response(text))]
    ask = driver.function(case)

    def sized(genre: str) -> Sized:
        return Sized(ask(genre))

    async def asized(genre: str) -> Sized:
        return Sized(await ask(genre))

    watching = log.middleware()(asized if driver.asynchronous else sized)

    async def read() -> None:
        async for _ in (await watching("fantasy")).stream:
            pass

    if driver.asynchronous:
        anyio.run(read)
    else:
        list(watching("fantasy").stream)
    if text == "{}":
        assert log.seen[1:] == ["structured_stream", "error", "left by ValidationError", "exit"]
    else:
        assert log.seen[1:] == ["structured_stream", "exit"]
        assert log.results[0].value == Size(size=1)


def test_middlewares_can_be_stacked(case: Case, driver: Driver, server: Loopback, log: Log) -> None:
    """Each callback runs at the end, though one before it fails."""
    server.queue = [Response(case.response("Hello"))]

    def fail(*_: object) -> None:
        log.seen.append("failing")
        raise LookupError

    failing = middleware_factory(handle_stream=fail, handle_stream_async=as_async(fail))
    ask = log.middleware()(watched(failing, driver, case))
    with pytest.raises(LookupError):
        driver.call_and_read(ask)
    assert log.seen == ["enter", "failing", "stream finished", "exit"]


def test_without_handlers_nothing_happens(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello")), Response.of_json(case.plain("Hello"))]
    nothing = middleware_factory()
    stream, _ = driver.call_and_read(watched(nothing, driver, case))
    response = driver.call(watched(nothing, driver, case, stream=False))
    assert stream.content == response.content == "Hello"


def test_a_decorator_can_be_put_around(driver: Driver, log: Log) -> None:
    def custom_decorator(fn: Any) -> Any:
        @wraps(fn)
        def decorated(genre: str) -> Any:
            log.seen.append("decorated")
            return fn(genre)

        return decorated

    def fn(genre: str) -> str:
        return genre

    async def afn(genre: str) -> str:
        return genre

    ask = log.middleware(custom_decorator=custom_decorator)(afn if driver.asynchronous else fn)
    if driver.asynchronous:

        async def ask_it() -> Any:
            return await ask("fantasy")

        assert anyio.run(ask_it) == "fantasy"
    else:
        assert ask("fantasy") == "fantasy"
    assert log.seen == ["decorated", "enter", "response_model", "exit"]


def test_an_async_function_stays_one() -> None:
    async def afn(genre: str) -> str:
        return genre

    assert inspect.iscoroutinefunction(middleware_factory()(afn))


def test_a_sync_function_has_sync_handlers(log: Log) -> None:
    async def handle(*_: object) -> None:
        await asyncio.sleep(0)

    ask: Any = middleware_factory(handle_response_model=handle)(lambda genre: genre)
    with pytest.raises(TypeError, match="async handler"):
        ask("fantasy")
    assert log.seen == []


# With llm.call, fallback and context.


def calling(driver: Driver, *, catch: Any = errors.StreamError, **options: Any) -> Any:
    """Return a streaming function that calls OpenAI and falls back to Anthropic."""
    falling_back = fallback(catch, [{"catch": catch, "provider": "anthropic", "model": "another"}])
    ask = llm.call("openai:requested-model", **{"stream": True, "max_retries": 0, **options})

    async def arecommend(genre: str) -> str:
        return genre

    def recommend(genre: str) -> str:
        return genre

    return falling_back(ask(arecommend if driver.asynchronous else recommend))


@pytest.fixture
def two_servers(monkeypatch: pytest.MonkeyPatch) -> Any:
    with Loopback() as first, Loopback() as second:
        for case, server in ((OPENAI, first), (ANTHROPIC, second)):
            monkeypatch.setenv(case.key_variable, "a-secret-key")
            monkeypatch.setenv(case.url_variable, case.url(server.url))
        yield first, second


def test_a_stream_that_fell_back_is_handled_once(
    driver: Driver, two_servers: tuple[Loopback, Loopback], log: Log
) -> None:
    first, second = two_servers
    first.queue = [Response.of_json(OPENAI.error_body("overloaded"), 503)]
    second.queue = [Response(ANTHROPIC.response("Hello"))]
    stream, _ = driver.call_and_read(log.middleware()(calling(driver)))
    assert log.seen == ["enter", "stream finished", "exit"]
    assert log.results == [stream]
    assert (stream.provider, stream.content) == ("anthropic", "Hello")


def test_the_error_of_every_model_is_handled_once(
    driver: Driver, two_servers: tuple[Loopback, Loopback], log: Log
) -> None:
    for case, server in zip((OPENAI, ANTHROPIC), two_servers, strict=True):
        server.default = lambda case=case: Response.of_json(case.error_body("overloaded"), 529)
    with pytest.raises(FallbackError) as caught:
        driver.call_and_read(log.middleware()(calling(driver)))
    assert log.seen == ["enter", "stream failed", "error", "left by FallbackError", "exit"]
    assert log.results[-1] is caught.value


def test_a_middleware_below_sees_every_attempt(
    driver: Driver, two_servers: tuple[Loopback, Loopback], log: Log
) -> None:
    first, second = two_servers
    first.queue = [Response.of_json(OPENAI.error_body("overloaded"), 503)]
    second.queue = [Response(ANTHROPIC.response("Hello"))]
    ask = llm.call("openai:requested-model", stream=True, max_retries=0)

    async def arecommend(genre: str) -> str:
        return genre

    def recommend(genre: str) -> str:
        return genre

    falling_back = fallback(
        errors.StreamError,
        [{"catch": errors.StreamError, "provider": "anthropic", "model": "another"}],
    )
    below = log.middleware()(ask(arecommend if driver.asynchronous else recommend))
    stream, _ = driver.call_and_read(falling_back(below))
    assert log.seen == [
        *("enter", "stream failed", "error", "left by Overloaded", "exit"),
        *("enter", "stream finished", "exit"),
    ]
    assert stream.content == "Hello"


def test_a_context_reaches_through(
    driver: Driver, two_servers: tuple[Loopback, Loopback], log: Log
) -> None:
    _, second = two_servers
    second.queue = [Response(ANTHROPIC.response("Hello"))]
    ask = log.middleware()(calling(driver))

    async def call_inside_and_await_outside() -> Any:
        with llm.context(provider="anthropic", model="inside"):
            asking = ask("fantasy")
        stream = await asking
        return stream, [item async for item in stream]

    if driver.asynchronous:
        stream, _ = anyio.run(call_inside_and_await_outside)
    else:
        with llm.context(provider="anthropic", model="inside"):
            stream = ask("fantasy")
        list(stream)
    assert (stream.provider, second.requests[0].json["model"]) == ("anthropic", "inside")
