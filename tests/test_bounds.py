"""Whatever a server sends, memory is bounded, and there is progress or a clear error."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from cases import Attempt, Case, Driver
from loopback import Answer, Loopback

from mirascope import errors
from mirascope.core._wire.sse import SSEDecoder

MIB = 2**20


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


def test_a_bomb_of_one_event_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    packed = b"".join(bomb(b"data: " + b"x" * 2 * MIB, 80))
    assert len(packed) < MIB
    server.queue = [Answer([packed], headers={"content-encoding": "gzip"})]
    attempt, memory = measured(driver, case)
    assert isinstance(attempt.error, errors.StreamDataError | errors.StreamTruncated)
    assert isinstance(attempt.error, case.sdk_error)
    assert memory < 400 * MIB


def test_a_line_without_end_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    def endless() -> Iterator[bytes]:
        yield case.text("Hello")
        while True:
            yield b"x" * MIB

    server.queue = [Answer(endless())]
    attempt, memory = measured(driver, case)
    assert isinstance(attempt.error, errors.StreamDataError)
    assert attempt.stream.content == "Hello"
    assert memory < 200 * MIB
    assert server.connections[0].hung_up.wait(0.5)


@pytest.mark.parametrize("filler", [b": ping\n\n", b"data:\n\n"], ids=["comments", "events"])
def test_a_million_that_say_nothing_do_not_matter(
    case: Case, driver: Driver, server: Loopback, filler: bytes
) -> None:
    begin, *rest = case.answer("Hello")
    server.queue = [Answer([begin, *[filler * 20_000] * 50, *rest])]
    attempt = driver.attempt(driver.function(case))
    assert attempt.error is None
    assert (attempt.stream.state, attempt.stream.content) == ("finished", "Hello")


def test_a_huge_block_of_comments_takes_little_memory() -> None:
    block = b":\n\n" * 500_000
    tracemalloc.start(1)
    try:
        assert list(SSEDecoder().feed(block)) == []
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()


def test_a_bottomless_event_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Answer([case.text("Hello"), b'data: {"a":' + b"[" * 100_000 + b"\n\n"])]
    attempt = driver.attempt(driver.function(case))
    assert isinstance(attempt.error, errors.StreamDataError)
    assert attempt.stream.content == "Hello"
