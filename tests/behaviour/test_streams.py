"""What a stream does when all goes well, for each provider, sync and async."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from support.cases import Case, Driver
from support.fixtures import built_in, every_case

from mirascope import errors
from mirascope.core import Messages
from mirascope.testing.loopback import Loopback, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

case = every_case


def test_a_stream_holds_its_request(case: Case, driver: Driver, server: Loopback) -> None:
    headers = {case.request_id_header or "x-request-id": "request-1"}
    server.queue = [Response(case.response("Hello"), headers=headers)]
    stream, _ = driver.call_and_read(driver.function(case, call_params={"temperature": 0.5}))
    assert stream.fn_args == {"genre": "fantasy"}
    assert stream.prompt_template == "Recommend a {genre} book"
    assert stream.call_params == {"temperature": 0.5}
    assert stream.call_kwargs["model"] == "requested-model"
    assert stream.user_message_param == stream.messages[0]
    assert stream.provider == case.name
    assert bool(stream.id) is case.reports_id
    assert "fantasy" not in repr(stream) + repr(stream.stream)
    assert "fantasy" not in repr(stream.construct_call_response())
    assert case.temperature_of(server.requests[0].json) == 0.5


def test_a_stream_has_its_start_and_end_times(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    before = time.time() * 1000
    stream, _ = driver.call_and_read(driver.function(case))
    assert before <= stream.start_time <= stream.end_time <= time.time() * 1000
    assert 0 < stream.time_to_first_chunk <= (stream.end_time - stream.start_time) / 1000 + 0.01


def test_content_accumulates_as_chunks_pass(case: Case, server: Loopback) -> None:
    server.queue = [Response([b"".join(case.response("a", "b", "c"))])]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    heard = ""
    for chunk, _ in stream:
        heard += chunk.content
        assert stream.content == heard
        assert stream.state == "open"
    assert stream.state == "finished"


@built_in  # of server-sent events
def test_comments_and_other_line_ends_do_not_matter(
    case: Case, driver: Driver, server: Loopback
) -> None:
    if not case.server_sent:
        pytest.skip("its framing has no lines")
    body = b": keep-alive\n\n".join(case.response("Hello", " world"))
    for line_end in (b"\r\n", b"\r"):
        server.queue = [Response([b"\xef\xbb\xbf" + body.replace(b"\n", line_end)])]
        stream, _ = driver.call_and_read(driver.function(case))
        assert stream.content == "Hello world"


def test_a_stream_is_iterated_once(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream, _ = driver.call_and_read(driver.function(case))
    with pytest.raises(errors.StreamConsumed, match="hold the iterator") as caught:
        driver.read(stream)
    assert isinstance(caught.value, case.sdk_error)
    assert stream.content == "Hello"
    assert stream.construct_call_response().content == "Hello"


def test_holding_the_iterator_pauses_a_stream(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("a", "b", "c"))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    items = iter(stream)
    first = list(itertools.islice(items, 1))
    rest = list(items)
    assert "".join(chunk.content for chunk, _ in first + rest) == stream.content == "abc"


def letters(request: Request) -> str:
    """Return the text that a request is to get."""
    found = re.search(r"Say (\w+)", request.body.decode())
    assert found is not None
    return found[1]


def test_many_threads_stream_at_once(case: Case, server: Loopback) -> None:
    server.respond = lambda request: Response(case.response(*letters(request)))
    function = case.call("requested-model", stream=True)(lambda letter: f"Say {letter}")
    heard: dict[str, str] = {}

    def listen(letter: str) -> None:
        heard[letter] = "".join(chunk.content for chunk, _ in function(letter))

    threads = [threading.Thread(target=listen, args=(str(n),)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 20
    assert all(letter in text for letter, text in heard.items())


def test_a_hundred_tasks_stream_at_once(case: Case, server: Loopback) -> None:
    server.respond = lambda request: Response(case.response(*letters(request)))

    async def prompt(letter: str) -> str:
        return f"Say {letter}"

    function: Callable[[str], Any] = case.call("requested-model", stream=True)(prompt)
    heard: dict[str, str] = {}

    async def listen(letter: str) -> None:
        heard[letter] = "".join([c.content async for c, _ in await function(letter)])

    async def all_at_once() -> None:
        async with anyio.create_task_group() as tasks:
            for n in range(100):
                tasks.start_soon(listen, str(n))

    anyio.run(all_at_once)
    assert len(heard) == 100
    assert all(letter in text for letter, text in heard.items())


def test_an_event_loop_takes_its_client_with_it(case: Case, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Hello"))
    function = Driver(asynchronous=True).function(case)
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def ask_and_read() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        async for _ in await function("fantasy"):
            pass

    for _ in range(3):
        asyncio.run(ask_and_read())
    if case.client_per_loop:
        assert len(server.connections) == 3
        assert all(connection.disconnected.wait(0.5) for connection in server.connections)
    gc.collect()
    assert [loop() for loop in loops] == [None] * 3


def test_a_dynamic_config_counts_for_one_call(case: Case, server: Loopback) -> None:
    server.default = lambda: Response(case.response("default"))
    with Loopback() as own, case.client(case.url(own.url), "own-key") as client:
        own.queue = [Response(case.response("mine"))]
        configs: list[dict[str, Any]] = [
            {"client": client, "call_params": {"temperature": 1.0}, "metadata": {"tags": {"x"}}},
            {},
        ]

        @case.call("requested-model", stream=True, call_params={"temperature": 0.5})
        def recommend(genre: str) -> Any:
            return configs.pop(0) | {"messages": [Messages.User(genre)]}

        first, second = recommend("a"), recommend("b")
        for stream in (first, second):
            for _ in stream:
                pass
    assert (first.content, second.content) == ("mine", "default")
    assert (first.metadata, second.metadata) == ({"tags": {"x"}}, {})
    asked = [case.temperature_of(requests[0].json) for requests in (own.requests, server.requests)]
    assert asked == [1, 0.5]
