"""The examples in their web frameworks: the browser goes, and the provider's connection ends."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, ClassVar
from urllib.parse import urlsplit

import anyio
import pytest
from web_support import (
    HALF_A_SECOND,
    OPENAI,
    Abort,
    Loopback,
    Response,
    ServerThread,
    Stall,
    Wait,
    dripping,
    one_after_another,
    parsed,
)

from mirascope.core import openai
from mirascope.web import ai_sdk, sse

BODY = {"messages": [{"role": "user", "parts": [{"type": "text", "text": "Hello"}]}]}
APPS = {
    "fastapi": ("fastapi_app", "asgi", "POST", "/api/chat"),
    "fastapi-plain": ("fastapi_app", "asgi", "GET", "/api/events?question=Hello"),
    "fastapi-plain-sync": ("fastapi_app", "asgi", "GET", "/api/events/sync?question=Hello"),
    "django": ("django_app", "asgi", "POST", "/chat"),
    "django-sync": ("django_app", "asgi", "POST", "/chat/sync"),
    "flask": ("flask_app", "wsgi", "POST", "/chat/async"),
    "flask-sync": ("flask_app", "wsgi", "POST", "/chat"),
}


class Browser:
    """A client that may go at any time."""

    opened: ClassVar[list[Browser]] = []

    def __init__(
        self, url: str, method: str, path: str, body: object = BODY, **headers: str
    ) -> None:
        self.opened.append(self)
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        data = None if method == "GET" else json.dumps(body)
        self._connection.request(method, path, data, {"accept": "*/*", **headers})

    def response(self) -> http.client.HTTPResponse:
        return self._connection.getresponse()

    def go(self) -> None:
        self._connection.close()


@pytest.fixture(autouse=True)
def browsers() -> Iterator[None]:
    """Let all browsers go in the end."""
    yield
    while Browser.opened:
        Browser.opened.pop().go()


@pytest.fixture(params=APPS)
def served(
    request: pytest.FixtureRequest, openai_server: Loopback, example: Callable[[str], Any]
) -> Iterator[Callable[..., Browser]]:
    """A function that sends a request to an example."""
    module, kind, method, path = APPS[request.param]
    assert not openai_server.requests
    with ServerThread(example(module).app, kind) as url:
        yield lambda body=BODY: Browser(url, method, path, body)


def settled() -> list[str]:
    """Return the threads of ours that are left, after a while."""
    until = time.monotonic() + 2
    while names := [t.name for t in threading.enumerate() if t.name == "mirascope-web"]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return names


def test_an_answer_arrives_with_its_headers(
    served: Callable[..., Browser], openai_server: Loopback
) -> None:
    openai_server.queue = [Response(OPENAI.response("Good ", "day."))]
    response = served().response()
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    assert "no-cache" in response.headers["cache-control"]
    told = parsed(response.read().decode())
    assert "".join(e.get("text", e.get("delta", "")) for e in told) == "Good day."
    assert told[-1]["type"] == "finish"
    assert settled() == []


def test_it_arrives_as_it_comes(served: Callable[..., Browser], openai_server: Loopback) -> None:
    openai_server.queue = [Response([OPENAI.text("Good "), Stall()])]
    browser = served()
    assert b"Good" in browser.response().read1()
    browser.go()


GOING = {
    "before the head": lambda: Response(before=[Stall()]),
    "before the first token": lambda: Response([b": keep-alive\n\n", Stall()]),
    "in the middle": lambda: Response(dripping([OPENAI.text("word ")] * 1000, 0.02)),
}


@pytest.mark.parametrize("when", GOING)
def test_the_browser_goes(
    served: Callable[..., Browser],
    openai_server: Loopback,
    when: str,
) -> None:
    openai_server.queue = [GOING[when]()]
    browser = served()
    if when == "in the middle":
        assert b"word" in browser.response().read1()
    while not openai_server.requests:
        time.sleep(0.01)
    browser.go()
    assert openai_server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert settled() == []


def test_the_browser_goes_after_the_last_token(
    served: Callable[..., Browser], openai_server: Loopback
) -> None:
    *events, done = OPENAI.response("Good day.")
    openai_server.queue = [Response([*events, Wait(0.2), done])]
    browser = served()
    assert b"Good" in browser.response().read1()
    browser.go()
    assert settled() == []


@pytest.mark.parametrize(("told", "status"), [(400, 400), (401, 502), (429, 429), (503, 503)])
def test_a_failure_before_the_first_event_has_a_status(
    served: Callable[..., Browser], openai_server: Loopback, told: int, status: int
) -> None:
    openai_server.queue = [OPENAI.refusal(told, "sk-1234", retry_after="999")]
    response = served().response()
    body = response.read().decode()
    assert response.status == status
    assert response.headers["content-type"].startswith("text/plain")
    assert body
    assert "sk-1234" not in body


def test_a_failure_in_the_middle_is_an_event(
    served: Callable[..., Browser], openai_server: Loopback
) -> None:
    openai_server.queue = [Response([OPENAI.text("Good "), Abort()])]
    told = parsed(served().response().read().decode())
    assert told[-1]["type"] == "error"
    assert settled() == []


def test_tools_run_between_two_answers(
    served: Callable[..., Browser], openai_server: Loopback, request: pytest.FixtureRequest
) -> None:
    if "plain" in request.node.callspec.id:
        pytest.skip("it shows one answer")
    call = one_after_another(("get_author", '{"title": "Emma"}'))
    openai_server.queue = [
        Response(OPENAI.tool_call_response(*call)),
        Response(OPENAI.response("By her.")),
    ]
    told = parsed(served().response().read().decode())
    assert {"Jane Austen"} == {each["output"] for each in told if "output" in each}
    assert told[-1]["type"] == "finish"


@pytest.mark.parametrize("body", ["x", {}, {"messages": 1}, {"messages": [{"role": "robot"}]}])
def test_a_bad_body_is_refused(
    served: Callable[..., Browser], request: pytest.FixtureRequest, body: object
) -> None:
    if "plain" in request.node.callspec.id:
        pytest.skip("it has no body")
    response = served(body).response()
    assert response.status == 400
    assert b"must be" in response.read()


@openai.call("the-model", stream=True, max_retries=0)
def reply(question: str) -> str:
    return question


@openai.call("the-model", stream=True, max_retries=0)
async def areply(question: str) -> str:
    return question


@pytest.fixture(params=["sync", "async", "starlette-sync", "starlette-async", "text-sync"])
def starlette(request: pytest.FixtureRequest, openai_server: Loopback) -> Iterator[str]:
    """Our response, sync and async, and Starlette's own around our events."""
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import StreamingResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    assert not openai_server.requests

    async def answer(_: Request) -> Response:
        match request.param:
            case "sync":
                return sse.response(reply("Hello"), ping=0.1)
            case "async":
                return sse.response(await areply("Hello"), ping=0.1)
            case "starlette-sync":
                return StreamingResponse(sse.events(reply("Hello"), ping=0.1))
            case "starlette-async":
                return StreamingResponse(sse.events(await areply("Hello"), ping=0.1))
            case _:
                return ai_sdk.response(ai_sdk.text(reply("Hello")))

    with ServerThread(Starlette(routes=[Route("/", answer)]), "asgi") as url:
        yield url


def test_pings_come_before_the_first_token(
    starlette: str, openai_server: Loopback, request: pytest.FixtureRequest
) -> None:
    if "text" in request.node.callspec.id:
        pytest.skip("text has no form for a ping")
    openai_server.queue = [Response(before=[Stall()])]
    browser = Browser(starlette, "GET", "/")
    assert browser.response().read(16) == b": ping\n\n: ping\n\n"
    browser.go()
    assert openai_server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert settled() == []


def test_a_browser_that_reads_nothing_holds_the_provider_back(
    starlette: str, openai_server: Loopback
) -> None:
    text = OPENAI.text("word " * 1000)
    sent = 0

    def script() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(20_000):  # 100 MB
            sent += 1
            yield text

    openai_server.queue = [Response(script())]
    browser = Browser(starlette, "GET", "/")
    with closing(browser.response()) as response:
        assert response.read1(10)
        before = -1
        while before != sent:  # it goes on until all buffers are full, of sockets too
            before = sent
            time.sleep(1)
        assert sent < 5000
        browser.go()
    assert openai_server.connections[0].disconnected.wait(2)
    assert settled() == []


def test_two_hundred_browsers_at_once(starlette: str, openai_server: Loopback) -> None:
    together = threading.Barrier(200)

    def script() -> Iterator[bytes]:
        start, *rest = OPENAI.response("Good ", "day.")
        together.wait(60)  # none is answered before all have asked
        yield start
        yield from rest

    openai_server.default = lambda: Response(script())
    browsers = [Browser(starlette, "GET", "/") for _ in range(200)]
    bodies = [browser.response().read() for browser in browsers]
    assert all(b"day." in body for body in bodies)
    assert settled() == []


def test_text_that_breaks_off_breaks_the_connection(
    openai_server: Loopback, request: pytest.FixtureRequest
) -> None:
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response as StarletteResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    del request

    async def answer(_: Request) -> StarletteResponse:
        return ai_sdk.response(ai_sdk.text(await areply("Hello")))

    openai_server.queue = [Response([OPENAI.text("Good "), Abort()])]
    with ServerThread(Starlette(routes=[Route("/", answer)]), "asgi") as url:
        response = Browser(url, "GET", "/").response()
        with pytest.raises(http.client.IncompleteRead):
            response.read()


def test_an_event_source_that_connects_again_gets_no_other_answer(
    openai_server: Loopback,
) -> None:
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def answer(_: Request) -> Response:
        return sse.response(await areply("Hello"))

    with ServerThread(Starlette(routes=[Route("/", answer)]), "asgi") as url:
        browser = Browser(url, "GET", "/", **{"last-event-id": "7"})
        assert browser.response().status == 204
    assert openai_server.requests == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("middleware", ["none", "base", "gzip"])
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_other_event_loops_and_middleware(
    openai_server: Loopback, backend: str, middleware: str, path: str
) -> None:
    openai_server.queue = [Response([OPENAI.text("Good "), Stall()])]
    sent = anyio.run(_told, _app(middleware), path, backend=backend)
    assert sent[0]["status"] == 200
    assert openai_server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert settled() == []


def _app(middleware: str) -> Any:
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.middleware import Middleware  # noqa: PLC0415
    from starlette.middleware.base import BaseHTTPMiddleware  # noqa: PLC0415
    from starlette.middleware.gzip import GZipMiddleware  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    async def sync(_: Any) -> Any:
        return sse.response(reply("Hello"), ping=10)

    async def asynchronous(_: Any) -> Any:
        return sse.response(await areply("Hello"), ping=10)

    around: dict[str, Any] = {"none": [], "base": [Passing], "gzip": [GZipMiddleware]}
    return Starlette(
        routes=[Route("/sync", sync), Route("/async", asynchronous)],
        middleware=[Middleware(kind) for kind in around[middleware]],
    )


async def _told(app: Any, path: str) -> list[Any]:
    """Be a server whose browser goes when the first word has come."""
    sent: list[Any] = []
    gone = anyio.Event()
    received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if not received:
            await gone.wait()
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if b"Good" in message.get("body", b""):
            gone.set()

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": ""}
    scope |= {"http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"}}
    scope |= {"headers": [(b"accept-encoding", b"gzip")], "raw_path": path.encode()}
    with anyio.fail_after(10):
        await app(scope, receive, send)
    return sent


def test_fifty_megabytes_are_refused(
    openai_server: Loopback, example: Callable[[str], Any]
) -> None:
    body = {"messages": [{"role": "user", "parts": [{"type": "text", "text": "x" * 50_000_000}]}]}
    with ServerThread(example("fastapi_app").app, "asgi") as url:
        response = Browser(url, "POST", "/api/chat", body).response()
        assert response.status == 400
        assert response.read() == b"the body is larger than 16777216 bytes"
    assert openai_server.requests == []
