"""How much of a response a stream keeps is an option; what it yields does not depend on that."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.fixtures import every_case, few

from mirascope import errors
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Loopback, Response

case = every_case


CHUNKS = 4_000
TWICE = 2 * 4  # a buffer of text takes four bytes for each character


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return title.upper()


@pytest.mark.parametrize("keep", ["none", "text", "all"])
def test_items_and_usage_do_not_depend_on_keep(
    case: Case, driver: Driver, server: Loopback, keep: Any
) -> None:
    calls = one_after_another(("get_author", '{"title": "Wind"}'), ("get_author", '{"title": "W"}'))
    server.queue = [Response(case.tool_call_response(*calls))]
    stream, items = driver.call_and_read(driver.function(case, tools=[get_author], keep=keep))
    assert [tool.call() for _, tool in items if tool] == ["WIND", "W"]
    assert (stream.state, stream.output_tokens) == ("finished", 2)


def test_keep_none_keeps_no_content(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hel", "lo"))]
    stream, items = driver.call_and_read(driver.function(case, keep="none"))
    assert "".join(chunk.content for chunk, _ in items) == "Hello"
    response = stream.partial()
    assert (stream.content, response.content, response.partial) == ("", "", True)
    assert (response.id, response.usage is None) == (stream.id, False)
    assert response.finish_reasons == stream.finish_reasons
    with pytest.raises(errors.StreamNotFinished, match="keep") as caught:
        _ = stream.message_param
    with pytest.raises(errors.StreamNotFinished):
        stream.construct_call_response()
    assert isinstance(caught.value, case.sdk_error)


@few
def test_memory_does_not_grow_with_the_chunks(case: Case, server: Loopback) -> None:
    piece = "a few words of it. "
    server.queue = [Response(case.response(*[piece] * CHUNKS)) for _ in range(3)]
    function = Driver(asynchronous=False).function
    list(function(case)("fantasy"))  # what is built once is not the stream's
    for keep, most in (("none", 0), ("all", TWICE * len(piece) * CHUNKS)):
        items = iter(function(case, keep=keep)("fantasy"))
        next(items)
        gc.collect()
        tracemalloc.start(1)
        before = tracemalloc.get_traced_memory()[0]
        for count, _ in enumerate(items):
            if count == CHUNKS - 10:
                break
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        del items
        assert grown < most + 200_000


def test_a_response_model_needs_what_keep_would_drop(case: Case) -> None:
    class Book(BaseModel):
        title: str

    with pytest.raises(ValueError, match="response_model"):
        case.call("requested-model", stream=True, response_model=Book, keep="none")
    with pytest.raises(ValueError, match='"none", "text", "all"'):
        case.call("requested-model", stream=True, keep="some")
