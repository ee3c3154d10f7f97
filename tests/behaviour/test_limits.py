"""Whatever a server sends, memory is bounded, and there is progress or a clear error."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from support.cases import Attempt, Case, Driver
from support.fixtures import FEW

from mirascope import Timeout, errors
from mirascope.core._wire.sse import MAX_EVENT_BYTES
from mirascope.testing.loopback import Loopback, Response, Stall

MIB = 2**20


@pytest.fixture(params=[case for case in FEW if case.server_sent], ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Return a provider whose streams are server-sent events, as those here are."""
    return request.param


def measured(driver: Driver, case: Case) -> tuple[Attempt, int]:
    """Read a stream; return how that went, and the most memory that it took meanwhile."""
    function = driver.function(case, max_retries=0)
    tracemalloc.start(1)
    try:
        return driver.attempt(function), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bomb(piece: bytes, count: int) -> Iterator[bytes]:
    """Compress the same piece again and again, as gzip."""
    packer = zlib.compressobj(9, wbits=31)
    for _ in range(count):
        yield packer.compress(piece)
    yield packer.flush()


def test_default_clients_accept_what_is_decompressed_in_parts(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    assert driver.attempt(driver.function(case)).error is None
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


def test_a_bomb_of_one_event_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    packed = b"".join(bomb(b"data: " + b"x" * 2 * MIB, 80))
    assert len(packed) < MIB
    server.queue = [Response([packed], headers={"content-encoding": "gzip"})]
    attempt, memory = measured(driver, case)
    assert isinstance(attempt.error, errors.StreamDataError | errors.StreamTruncated)
    assert isinstance(attempt.error, case.sdk_error)
    assert memory < 2 * MAX_EVENT_BYTES + 8 * MIB


def test_a_bomb_of_empty_events_takes_little_memory(
    case: Case, driver: Driver, server: Loopback
) -> None:
    begin, *rest = case.response("Hello")
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(begin) + packer.compress((b":" * 1022 + b"\n\n") * 24 * 1024)
    packed += packer.compress(b"".join(rest)) + packer.flush()
    assert len(packed) < 64 * 1024
    server.queue = [Response([packed], headers={"content-encoding": "gzip"})]
    attempt, memory = measured(driver, case)
    assert (attempt.error, attempt.stream.state) == (None, "finished")
    assert attempt.stream.content == "Hello"
    assert memory < 8 * MIB


def test_a_bomb_in_a_bomb_ends_at_the_deadline(
    case: Case, driver: Driver, server: Loopback
) -> None:
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    begin = packer.compress(b"".join(case.begin) + case.text("Hello"))
    begin += packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b":\n\n" * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = gzip.compress(begin + again * 1000)
    assert len(packed) < 64 * 1024
    server.queue = [Response([packed, Stall()], headers={"content-encoding": "deflate, gzip"})]
    attempt = driver.attempt(driver.function(case, timeout=Timeout(first=20, total=1)))
    assert isinstance(attempt.error, errors.StreamTimeout)
    assert (attempt.error.clock, attempt.stream.content) == ("total", "Hello")
    assert server.connections[0].disconnected.wait(0.5)


def test_a_line_without_end_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    def endless() -> Iterator[bytes]:
        yield case.text("Hello")
        while True:
            yield b"x" * MIB

    server.queue = [Response(endless())]
    attempt, memory = measured(driver, case)
    assert isinstance(attempt.error, errors.StreamDataError)
    assert attempt.stream.content == "Hello"
    assert memory < 200 * MIB
    assert server.connections[0].disconnected.wait(0.5)


SAYING_NOTHING = {"comments": b": ping\n\n", "events": b"data:\n\n"}
saying_nothing = pytest.mark.parametrize("filler", SAYING_NOTHING.values(), ids=SAYING_NOTHING)


@saying_nothing
def test_empty_events_do_not_matter(
    case: Case, driver: Driver, server: Loopback, filler: bytes
) -> None:
    begin, *rest = case.response("Hello")
    server.queue = [Response([begin, *[filler * 20_000] * 5, *rest])]
    attempt = driver.attempt(driver.function(case))
    assert attempt.error is None
    assert (attempt.stream.state, attempt.stream.content) == ("finished", "Hello")


def test_a_bottomless_event_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response([case.text("Hello"), b'data: {"a":' + b"[" * 100_000 + b"\n\n"])]
    attempt = driver.attempt(driver.function(case))
    assert isinstance(attempt.error, errors.StreamDataError)
    assert attempt.stream.content == "Hello"
