"""Background responses: a stream that breaks off is taken up again, and leaving one cancels it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import openai as sdk
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from support.cases import Attempt, Case, Driver
from support.cases import event as any_event
from support.providers.openai_responses import (
    OPENAI_RESPONSES,
    function_call,
    message,
    response,
)

from mirascope import Retry, Timeout, errors, llm
from mirascope.core import groq, openai_responses
from mirascope.testing.loopback import (
    Abort,
    Fault,
    Loopback,
    Request,
    Reset,
    Response,
    Stall,
    cut,
)

AT_ONCE = {"retry-after-ms": "0"}
BACKGROUND = {"background": True}
TEXT = 'Dark ü "quoted"\n night'
PIECES = ["Dark", " ü ", '"quoted"', "\n", " night"]
ARGUMENTS = ['{"title"', ': "Em', 'ma"}']
CALLED = function_call(0, "get_author", "".join(ARGUMENTS), status="completed")


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return title


def whole(status: str = "completed") -> dict[str, Any]:
    return response([message(TEXT), CALLED], status)


def events() -> list[bytes]:
    """Return the numbered events of a response with a text and a tool call."""
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    opened: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    called = {**CALLED, "arguments": "", "status": "in_progress"}
    records: list[dict[str, Any]] = [
        {"type": "response.created", "response": response([], "queued", usage=None)},
        {"type": "response.in_progress", "response": response([], "in_progress", usage=None)},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        *({"type": "response.output_text.delta", **at, "delta": piece} for piece in PIECES),
        {"type": "response.output_text.done", **at, "text": TEXT},
        {"type": "response.output_item.done", "output_index": 0, "item": message(TEXT)},
        {"type": "response.output_item.added", "output_index": 1, "item": called},
        *(
            {
                "type": "response.function_call_arguments.delta",
                "item_id": "fc_0",
                "output_index": 1,
                "delta": piece,
            }
            for piece in ARGUMENTS
        ),
        {"type": "response.output_item.done", "output_index": 1, "item": CALLED},
        {"type": "response.completed", "response": whole()},
    ]
    return [
        any_event({**record, "sequence_number": number}, record["type"])
        for number, record in enumerate(records)
    ]


EVENTS = events()
SIZE = len(b"".join(EVENTS))
BEGUN = len(EVENTS[0])
"""The bytes before which nothing is known of a response."""


class Background:
    """A server that generates responses in the background.

    Args:
        breaks: After how many bytes each of its streams breaks off; the others do not.
        fault: How they break off.

    Attributes:
        starts: After which event each stream started; ``None`` for a new response.
        cancelled: Set when the response is cancelled.
        cancels: The requests that cancel it.
        resumed: How the next requests for the rest are answered, instead of the events.
    """

    def __init__(self, *breaks: int, fault: Callable[[], Fault] = Abort) -> None:
        self.breaks = [*breaks]
        self.fault = fault
        self.starts: list[int | None] = []
        self.resumed: list[Response] = []
        self.cancelled = threading.Event()
        self.cancels: list[Request] = []
        self.on_cancel: Callable[[], Response] = lambda: Response.of_json(whole("cancelled"))

    def __call__(self, request: Request) -> Response:
        address = urlsplit(request.path)
        if (request.method, address.path) == ("POST", "/v1/responses"):
            assert request.json["background"] is True
            return self._stream(None)
        if (request.method, address.path) == ("GET", "/v1/responses/resp_1"):
            query = parse_qs(address.query)
            assert query["stream"] == ["true"]
            start = int(query.get("starting_after", ["-1"])[0])
            if self.resumed:
                self.starts.append(start)
                return self.resumed.pop(0)
            return self._stream(start)
        assert (request.method, address.path) == ("POST", "/v1/responses/resp_1/cancel")
        self.cancels.append(request)
        self.cancelled.set()
        return self.on_cancel()

    def _stream(self, start: int | None) -> Response:
        self.starts.append(start)
        rest = EVENTS if start is None else EVENTS[start + 1 :]
        if not self.breaks:
            return Response(rest)
        kept = cut(rest, self.breaks.pop(0))
        return Response([*kept, self.fault()])


@pytest.fixture(params=[OPENAI_RESPONSES], ids=["openai_responses"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def function(driver: Driver, **options: Any) -> Callable[[str], Any]:
    given: dict[str, Any] = {
        "call_params": BACKGROUND,
        "on_interrupt": "resume",
        "tools": [get_author],
        "max_retries": len(EVENTS),
    }
    return driver.function(OPENAI_RESPONSES, **(given | options))


def attempt(driver: Driver, server: Loopback, background: Background, **options: Any) -> Attempt:
    server.respond = background
    return driver.attempt(function(driver, **options))


def check_whole(tried: Attempt) -> None:
    """Check that a stream is the same as an uninterrupted one, with each event once."""
    assert tried.error is None
    numbers = [chunk.chunk.sequence_number for chunk, tool in tried.items if not tool]
    assert sorted({*numbers}) == numbers
    raw = [chunk.chunk.sequence_number for chunk, _ in tried.items]
    assert raw == [*range(len(EVENTS))]
    assert "".join(chunk.content for chunk, _ in tried.items) == TEXT
    assert [tool.args for _, tool in tried.items if tool] == [{"title": "Emma"}]
    stream = tried.stream
    assert (stream.state, stream.content, stream.id) == ("finished", TEXT, "resp_1")
    assert stream.construct_call_response().response.model_dump(exclude_unset=True) == whole()


def test_an_uninterrupted_response_is_requested_once(driver: Driver, server: Loopback) -> None:
    background = Background()
    check_whole(attempt(driver, server, background))
    assert background.starts == [None]


@pytest.mark.parametrize("fault", [Abort, Reset], ids=["abort", "reset"])
def test_a_response_that_breaks_off_after_every_event_is_taken_up_after_it(
    driver: Driver, server: Loopback, fault: Callable[[], Fault]
) -> None:
    background = Background(*(len(each) for each in EVENTS[:-1]), fault=fault)
    retries: list[Retry] = []
    tried = attempt(driver, server, background, on_retry=retries.append)
    check_whole(tried)
    if fault is Abort:  # a reset may overtake the event before it
        assert background.starts == [None, *range(len(EVENTS) - 1)]
        assert [retry.count for retry in retries] == [*range(1, len(EVENTS))]
    assert all(retry.resumes and not retry.restarts for retry in retries)
    received = [retry.error.partial.content for retry in retries if retry.error.partial]
    assert all(later.startswith(earlier) for earlier, later in pairwise(received))
    assert isinstance(retries[-1].error, errors.StreamConnectionError)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(breaks=st.lists(st.integers(BEGUN, SIZE - 1), min_size=1, max_size=3))
def test_a_response_may_break_off_anywhere(
    driver: Driver, server: Loopback, breaks: list[int]
) -> None:
    background = Background(*breaks)
    check_whole(attempt(driver, server, background))
    assert background.starts[0] is None
    assert None not in background.starts[1:]


def test_a_response_of_which_nothing_is_known_is_requested_again(
    driver: Driver, server: Loopback
) -> None:
    background = Background(BEGUN // 2)
    retries: list[Retry] = []
    check_whole(attempt(driver, server, background, on_retry=retries.append))
    assert background.starts == [None, None]
    assert [(retry.resumes, retry.restarts) for retry in retries] == [(False, False)]


@pytest.mark.parametrize("first", [30.0, 0.5])
def test_a_response_that_stalls_is_taken_up_again(
    driver: Driver, server: Loopback, first: float
) -> None:
    background = Background(len(b"".join(EVENTS[:5])), fault=Stall)
    timeout = Timeout(first=first, idle=0.5)
    check_whole(attempt(driver, server, background, timeout=timeout))
    assert background.starts == [None, 4]


def test_a_response_model_and_its_partial_values_continue(driver: Driver, server: Loopback) -> None:
    class Book(BaseModel):
        title: str

    server.respond = Background(len(b"".join(EVENTS[:12])))
    options = {"response_model": Book, "tools": ()}
    stream, values = driver.call_and_read(function(driver, **options))
    assert values[-1] == Book(title="Emma")
    assert stream.stream.state == "finished"


def test_events_that_are_sent_again_are_ignored(driver: Driver, server: Loopback) -> None:
    background = Background(len(b"".join(EVENTS[:6])))
    background.resumed = [Response(EVENTS[2:])]
    check_whole(attempt(driver, server, background))
    assert background.starts == [None, 5]


def test_events_that_are_missing_are_an_error(driver: Driver, server: Loopback) -> None:
    background = Background(len(b"".join(EVENTS[:5])))
    background.resumed = [Response(EVENTS[6:])]
    tried = attempt(driver, server, background)
    assert isinstance(tried.error, errors.StreamDataError)
    assert "did not send all events" in str(tried.error)
    assert tried.stream.state == "failed"


@pytest.mark.parametrize("status", [404, 400])
def test_a_refused_rest_is_an_error_with_what_was_received(
    driver: Driver, server: Loopback, status: int
) -> None:
    background = Background(len(b"".join(EVENTS[:5])))
    refusal = {"error": {"message": "Response with id 'resp_1' not found.", "type": "invalid"}}
    background.resumed = [Response.of_json(refusal, status)]
    tried = attempt(driver, server, background)
    assert isinstance(tried.error, errors.StreamAPIError)
    assert isinstance(tried.error, sdk.APIStatusError)
    assert "Response with id 'resp_1' not found." in str(tried.error)
    assert tried.error.__notes__ == [
        "the response was interrupted, and cannot be resumed after event 4"
    ]
    assert (tried.error.status_code, tried.error.phase) == (status, "mid")
    assert tried.error.partial is not None
    assert tried.error.partial.content == tried.stream.content == "".join(PIECES[:2])
    assert background.starts == [None, 4]


def test_an_overloaded_server_is_requested_again_for_the_rest(
    driver: Driver, server: Loopback
) -> None:
    background = Background(len(b"".join(EVENTS[:5])))
    background.resumed = [Response.of_json({"error": {"message": "Later."}}, 503, **AT_ONCE)]
    check_whole(attempt(driver, server, background))
    assert background.starts == [None, 4, 4]


def test_a_response_is_taken_up_as_often_as_a_request_is_retried(
    driver: Driver, server: Loopback
) -> None:
    background = Background(*[len(b"".join(EVENTS[:4])), len(EVENTS[4]), len(EVENTS[5])] * 2)
    tried = attempt(driver, server, background, max_retries=2)
    assert isinstance(tried.error, errors.StreamConnectionError)
    assert (tried.stream.state, tried.stream.content) == ("failed", "".join(PIECES[:3]))
    assert background.starts == [None, 3, 4]


def test_the_total_time_continues(driver: Driver, server: Loopback) -> None:
    begun = len(b"".join(EVENTS[:4]))
    background = Background(begun, *(len(each) for each in EVENTS[4:-1]), fault=Stall)
    timeout = Timeout(first=0.5, idle=0.25, total=1.5)
    tried = attempt(driver, server, background, timeout=timeout)
    assert isinstance(tried.error, errors.StreamTimeout)
    assert tried.error.clock == "total"
    assert 2 <= len(background.starts) < len(EVENTS)


def test_a_response_that_failed_is_not_taken_up_again(driver: Driver, server: Loopback) -> None:
    error = {"code": "server_error", "message": "It failed."}
    failed = {"response": response([], "failed", error=error), "sequence_number": 5}
    kind = "response.failed"
    script = [*EVENTS[:5], any_event({"type": kind, **failed}, kind)]
    server.queue = [Response(script)]
    tried = driver.attempt(function(driver))
    assert isinstance(tried.error, errors.StreamAPIError)
    assert "It failed." in str(tried.error)
    assert len(server.requests) == 1


def test_the_default_is_the_error(driver: Driver, server: Loopback) -> None:
    background = Background(len(b"".join(EVENTS[:5])))
    tried = attempt(driver, server, background, on_interrupt="raise")
    assert isinstance(tried.error, errors.StreamConnectionError)
    assert background.starts == [None]


def test_the_requests_for_the_rest_have_the_headers_of_the_first(
    driver: Driver, server: Loopback
) -> None:
    params = {
        **BACKGROUND,
        "extra_headers": {"x-tenant": "a"},
        "include": ["reasoning.encrypted_content"],
    }
    check_whole(attempt(driver, server, Background(BEGUN), call_params=params))
    first, rest = server.requests
    assert [each.headers["x-tenant"] for each in (first, rest)] == ["a", "a"]
    assert "include" in urlsplit(rest.path).query


def test_a_client_of_ones_own_takes_it_up_and_cancels_it_too(server: Loopback) -> None:
    """Before the response, the SDK of such a client retries, and only its timeouts end a wait."""
    driver = Driver(asynchronous=False)
    background = Background(len(b"".join(EVENTS[:5])), len(EVENTS[5]), fault=Reset)
    server.respond = background
    with sdk.OpenAI(base_url=server.url + "/v1", api_key="a-secret-key") as client:
        options = {"client": client, "max_retries": None, "on_retry": None, "cancel_on_close": True}
        check_whole(driver.attempt(function(driver, **options)))
        assert background.cancels == []
        background.breaks, background.fault = [len(b"".join(EVENTS[:5]))], Stall
        background.on_cancel = lambda: Response(before=[Stall()])
        began = monotonic()
        assert leave(driver, function(driver, **options), "close").state == "closed"
        assert monotonic() - began < 10
        assert len(background.cancels) == 1


# A response that another worker began.


def take_up(driver: Driver, server: Loopback, background: Background, **options: Any) -> Attempt:
    server.respond = background
    make = function(driver, **options)

    async def amake(question: str) -> Any:
        stream = await make(question)
        assert stream.is_background
        stream.take_up("resp_1")
        return stream

    def taken(question: str) -> Any:
        stream = make(question)
        stream.take_up("resp_1")
        return stream

    return driver.attempt(amake if driver.asynchronous else taken)


def test_a_response_that_another_worker_began_is_read_from_its_beginning(
    driver: Driver, server: Loopback
) -> None:
    background = Background()
    check_whole(take_up(driver, server, background))
    assert background.starts == [-1]


def test_a_response_that_another_worker_began_is_taken_up_where_it_breaks_off(
    driver: Driver, server: Loopback
) -> None:
    background = Background(len(b"".join(EVENTS[:5])), len(EVENTS[5]))
    check_whole(take_up(driver, server, background))
    assert background.starts == [-1, 4, 5]


@pytest.mark.parametrize("interrupted", ["raise", "restart"])
def test_a_response_that_another_worker_began_is_never_requested_again(
    driver: Driver, server: Loopback, interrupted: str
) -> None:
    background = Background(BEGUN // 2)
    check_whole(take_up(driver, server, background, on_interrupt=interrupted))
    assert background.starts == [-1, -1]


def test_only_a_background_response_is_taken_up(driver: Driver, server: Loopback) -> None:
    options: dict[str, Any] = {"on_interrupt": "raise", "call_params": {}}
    stream = driver.call(function(driver, **options))
    assert not stream.is_background
    with pytest.raises(ValueError, match="this stream cannot take up the response resp_1"):
        stream.take_up("resp_1")
    stream = take_up(driver, server, Background()).stream
    with pytest.raises(ValueError, match="was already iterated or closed"):
        stream.take_up("resp_1")


# Options.


@pytest.mark.parametrize("option", [{"on_interrupt": "resume"}, {"cancel_on_close": True}])
def test_an_option_for_background_responses_needs_one(
    driver: Driver, server: Loopback, option: dict[str, Any]
) -> None:
    (name,) = option
    for params in ({}, {"background": False}, {"store": True}):
        options = {"on_interrupt": "raise", **option, "call_params": params}
        with pytest.raises(ValueError, match=rf"^`{name}.*pass `call_params=.\"background\": True"):
            driver.call(function(driver, **options))
    assert server.requests == []
    with pytest.raises(ValueError, match=rf"^`{name}.*but groq does not support them"):
        groq.call("m", stream=True, **option)(get_author)
    with pytest.raises(ValueError, match=rf"^`{name}.*but groq does not support them"):
        llm.call("groq:m", stream=True, **option)(get_author)("Emma")


def test_cancel_on_close_is_a_bool() -> None:
    options: dict[str, Any] = {"cancel_on_close": "yes"}
    with pytest.raises(TypeError, match="`cancel_on_close` is 'yes'; it must be True or False"):
        openai_responses.call("m", **options)


# Leaving.


def stalled() -> Background:
    return Background(len(b"".join(EVENTS[:5])), fault=Stall)


def leave(driver: Driver, make: Callable[[str], Any], how: str) -> Any:
    """Leave a stream after its first text, in one of several ways."""

    async def leave_async() -> Any:
        stream = await make("fantasy")
        if how == "cancel":
            with anyio.CancelScope() as scope:
                async for chunk, _ in stream:
                    if chunk.content:
                        scope.cancel()
            return stream
        items = aiter(stream)
        async for chunk, _ in items:
            if chunk.content:
                break
        await (items.aclose() if how == "iterator" else stream.aclose())
        return stream

    if driver.asynchronous:
        return anyio.run(leave_async)
    stream = make("fantasy")
    items: Iterator[Any] = iter(stream)
    for chunk, _ in items:
        if chunk.content:
            break
    if how == "close":
        stream.close()
    del items
    gc.collect()
    return stream


@pytest.mark.parametrize("how", ["iterator", "close", "cancel"])
def test_leaving_a_stream_cancels_its_response(driver: Driver, server: Loopback, how: str) -> None:
    background = stalled()
    server.respond = background
    stream = leave(driver, function(driver, cancel_on_close=True), how)
    assert background.cancelled.is_set()
    assert len(background.cancels) == 1
    assert (stream.state, stream.content[:4]) == ("closed", PIECES[0])


def test_without_the_option_nothing_is_cancelled(driver: Driver, server: Loopback) -> None:
    background = stalled()
    server.respond = background
    assert leave(driver, function(driver), "close").state == "closed"
    assert background.cancels == []


def test_a_finished_response_is_not_cancelled(driver: Driver, server: Loopback) -> None:
    background = Background()
    tried = attempt(driver, server, background, cancel_on_close=True)
    check_whole(tried)
    driver.run(tried.stream.aclose) if driver.asynchronous else tried.stream.close()
    assert background.cancels == []


def test_a_response_that_is_closed_at_its_last_event_is_not_cancelled(
    driver: Driver, server: Loopback
) -> None:
    background = Background()
    server.respond = background
    make = function(driver, cancel_on_close=True)

    async def close_at_the_end() -> Any:
        stream = await make("fantasy")
        async for chunk, _ in stream:
            if chunk.finish_reasons:
                await stream.aclose()
        return stream

    if driver.asynchronous:
        stream = driver.run(close_at_the_end)
    else:
        stream = make("fantasy")
        for chunk, _ in stream:
            if chunk.finish_reasons:
                stream.close()
    assert (stream.state, stream.content) == ("closed", TEXT)
    assert background.cancels == []


def test_a_failed_response_is_not_cancelled(driver: Driver, server: Loopback) -> None:
    background = Background(len(b"".join(EVENTS[:5])))
    tried = attempt(driver, server, background, cancel_on_close=True, on_interrupt="raise")
    assert isinstance(tried.error, errors.StreamConnectionError)
    assert background.cancels == []


@pytest.mark.parametrize("answer", ["refusal", "silence", "reset"])
def test_a_server_that_does_not_cancel_does_not_matter(
    driver: Driver, server: Loopback, answer: str
) -> None:
    background = stalled()
    background.on_cancel = {
        "refusal": lambda: Response.of_json({"error": {"message": "No."}}, 503),
        "silence": lambda: Response(before=[Stall()]),
        "reset": lambda: Response(before=[Reset()]),
    }[answer]
    server.respond = background
    began = monotonic()
    stream = leave(driver, function(driver, cancel_on_close=True), "close")
    assert monotonic() - began < 10
    assert (stream.state, len(background.cancels)) == ("closed", 1)


def test_another_thread_that_closes_a_stream_cancels_its_response(server: Loopback) -> None:
    background = stalled()
    server.respond = background
    stream = function(Driver(asynchronous=False), cancel_on_close=True)("fantasy")
    reading = threading.Event()

    def read() -> None:
        for chunk, _ in stream:
            if chunk.content:
                reading.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert reading.wait(5)
    stream.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(background.cancels) == 1


def test_a_stream_that_is_never_read_cancels_nothing(server: Loopback) -> None:
    stream = function(Driver(asynchronous=False), cancel_on_close=True)("fantasy")
    stream.close()
    assert (stream.state, server.requests) == ("closed", [])
