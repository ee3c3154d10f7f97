"""However a consumer stops reading, the server sees the connection end, within half a second."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from support.cases import Case, Driver
from support.fixtures import built_in, every_case
from support.transports import skip_on_httpx

from mirascope import Timeout, errors
from mirascope.testing.conformance._closing import endless
from mirascope.testing.conformance._leaving import until_text
from mirascope.testing.loopback import Abort, Fault, Loopback, Reset, Response, Stall

case = every_case


HALF_A_SECOND = 0.5


def test_a_dropped_stream_closes_without_the_garbage_collector(
    case: Case, server: Loopback
) -> None:
    server.queue = [endless(case)]
    gc.disable()
    try:
        items = iter(Driver(asynchronous=False).function(case)("fantasy"))
        until_text(items)
        del items
        assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    finally:
        gc.enable()


@pytest.mark.parametrize("fault", [Stall(), Abort(), Reset()], ids=["stall", "abort", "reset"])
def test_nothing_holds_a_stream_that_failed(
    case: Case, driver: Driver, server: Loopback, fault: Fault
) -> None:
    server.queue = [Response([*case.begin, case.text("a"), fault])]
    function = driver.function(case, max_retries=0, timeout=Timeout(idle=0.2))
    attempt = driver.attempt(function)
    assert isinstance(attempt.error, errors.StreamConnectionError | errors.StreamTimeout)
    stream, error = weakref.ref(attempt.stream), weakref.ref(attempt.error)
    del attempt
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread":  # holds the task that failed, until it ends
            thread.join(5)
    del thread
    gc.collect()
    assert (stream(), error()) == (None, None)


def test_a_stream_can_be_closed_before_it_is_iterated(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stream = driver.call(driver.function(case))
    stream.close()
    assert stream.state == "closed"
    with pytest.raises(errors.StreamConsumed):
        driver.read(stream)
    assert server.connections == []


def test_a_loop_that_breaks_at_the_last_item_has_a_finished_stream(
    case: Case, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    for chunk, _ in stream:
        if chunk.finish_reasons:
            break
    assert stream.construct_call_response().content == "Hello"


@built_in  # whose default clients have transports of ours
def test_another_thread_closes_before_the_response_begins(case: Case, server: Loopback) -> None:
    """The connection of a request ends too, and a later one has a connection of its own."""
    skip_on_httpx("the libraries' own transports do not expose the connection")
    server.queue = [Response(before=[Stall()]), Response(case.response("Emma"))]
    function = Driver(asynchronous=False).function(case)
    stream = function("fantasy")
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    while not server.requests:
        threading.Event().wait(0.01)
    stream.close()
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    reader.join(HALF_A_SECOND)
    assert not reader.is_alive()
    assert stream.state == "closed"
    finished = function("fantasy")
    assert [chunk.content for chunk, _ in finished if chunk.content] == ["Emma"]
    finished.close()
    assert finished.state == "finished"
