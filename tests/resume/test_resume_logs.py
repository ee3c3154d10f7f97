"""What every store of logs does: `StreamLog`, method by method."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any

import pytest
from resume_support import LEASE, Workers

from mirascope.errors import StreamLogFenced, StreamLogLost
from mirascope.resume import Entry, Lease, Position, StreamLog, Tail
from mirascope.resume._engine import engine

ONE = Entry(2, b'["start"]\n["text","a"]\n')
TWO = Entry(3, b'["text","b"]\n')
END = Entry(4, b'["abort"]\n')


def call(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a method where all of them run."""
    return engine().submit(work).result(20)


def acquire(log: StreamLog, key: str = "chat", keep: float = 600.0) -> Lease:
    lease = call(log.acquire(key, seconds=LEASE, keep=keep))
    assert lease is not None
    return lease


def append(
    log: StreamLog, lease: Lease, *entries: Entry, after: int = 0, ended: bool = False
) -> bool:
    return call(log.append(lease, entries, after=after, ended=ended))


def read(log: StreamLog, after: Position | None = None, wait: float = 0.0) -> Tail:
    return call(log.read("chat", after, wait=wait))


def test_entries_are_read_from_each_position(log: StreamLog) -> None:
    assert read(log) == Tail()
    lease = acquire(log)
    assert (read(log).epoch, read(log).is_running, list(read(log).entries)) == (
        lease.epoch,
        True,
        [],
    )
    append(log, lease, ONE)
    append(log, lease, TWO, END, after=2, ended=True)
    assert list(read(log).entries) == [ONE, TWO, END]
    assert list(read(log, Position(lease.epoch, 0)).entries) == [ONE, TWO, END]
    assert list(read(log, Position(lease.epoch, 2)).entries) == [TWO, END]
    assert list(read(log, Position(lease.epoch, 4)).entries) == []
    assert list(read(log, Position(lease.epoch - 1, 2)).entries) == []
    assert read(log).is_running is False


def test_an_append_that_is_repeated_has_no_effect(log: StreamLog) -> None:
    lease = acquire(log)
    for _ in range(2):
        append(log, lease, ONE)
        append(log, lease, ONE, TWO)
    append(log, lease, TWO, after=2)
    assert list(read(log).entries) == [ONE, TWO]


def test_a_log_that_ends_earlier_is_lost(log: StreamLog) -> None:
    lease = acquire(log)
    append(log, lease, ONE)
    with pytest.raises(StreamLogLost):
        append(log, lease, END, after=3)
    with pytest.raises(StreamLogLost):
        append(log, lease, after=3)
    assert list(read(log).entries) == [ONE]


def test_a_log_that_is_gone_is_written_again(log: StreamLog) -> None:
    lease = Lease("chat", 7, LEASE, 600.0)  # of a store that lost everything
    with pytest.raises(StreamLogLost):
        append(log, lease, TWO, after=2)
    append(log, lease, ONE, TWO)
    assert (read(log).epoch, list(read(log).entries)) == (7, [ONE, TWO])


def test_one_generation_runs_at_a_time(log: StreamLog, workers: Workers) -> None:
    other, _ = workers()._log("chat")
    lease = acquire(log)
    assert call(other.acquire("chat", seconds=LEASE, keep=600.0)) is None
    append(log, lease, END._replace(last=1), ended=True)
    newer = acquire(other)
    assert newer.epoch > lease.epoch
    assert list(read(log).entries) == []


def test_an_old_producer_is_fenced_off(log: StreamLog, workers: Workers) -> None:
    other, _ = workers()._log("chat")
    lease = acquire(log)
    append(log, lease, ONE)
    deadline = monotonic() + LEASE + 1
    newer = None
    while newer is None:  # until the lease runs out
        assert monotonic() < deadline
        newer = call(other.acquire("chat", seconds=LEASE, keep=600.0))
    append(other, newer, ONE)
    for entries in ([TWO], []):
        with pytest.raises(StreamLogFenced):
            append(log, lease, *entries, after=2)
    assert (read(log).epoch, list(read(log).entries)) == (newer.epoch, [ONE])


def test_appending_renews_the_lease(log: StreamLog, workers: Workers) -> None:
    other, _ = workers()._log("chat")
    lease = acquire(log)
    beats = set()
    until = monotonic() + 2 * LEASE
    while (now := monotonic()) < until:
        append(log, lease)
        beats.add(read(log).beat)
        newer = call(other.acquire("chat", seconds=LEASE, keep=600.0))
        if newer is not None:  # of a machine so busy that the lease ran out
            assert monotonic() - now >= LEASE
            lease = newer
    assert len(beats) > 1


def test_a_stop_reaches_the_producer(log: StreamLog, workers: Workers) -> None:
    other, _ = workers()._log("chat")
    assert call(other.request_stop("chat")) is False
    lease = acquire(log)
    assert append(log, lease, ONE) is False
    assert call(other.request_stop("chat")) is True
    assert append(log, lease, after=2) is True
    assert append(log, lease, END._replace(last=3), after=2, ended=True) is True
    assert call(other.request_stop("chat")) is False
    newer = acquire(log)
    assert append(log, newer) is False


def test_a_reader_that_waits_gets_what_comes(log: StreamLog, workers: Workers) -> None:
    other, _ = workers()._log("chat")
    lease = acquire(log)

    async def main() -> Tail:
        waiting = asyncio.ensure_future(other.read("chat", Position(lease.epoch, 0), wait=20))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await log.append(lease, [ONE], after=0, ended=False)
        return await waiting

    assert list(call(main()).entries) == [ONE]
    assert list(read(log, Position(lease.epoch, 2), wait=0.05).entries) == []


def test_a_log_expires(log: StreamLog) -> None:
    lease = acquire(log, keep=1.0)
    append(log, lease, ONE._replace(lines=b'["start"]\n["abort"]\n'), ended=True)
    until = monotonic() + 1.0 + LEASE + 1
    while read(log).epoch:
        assert monotonic() < until
    assert acquire(log).epoch > lease.epoch


def test_keys_do_not_mix(log: StreamLog) -> None:
    names = ["a", "a:b", "{a}", "}a{", "a*", "a b", "ä", "a/b", "'", '"', "\0", "%61", "A"]
    leases = [acquire(log, name) for name in names]
    for number, lease in enumerate(leases):
        append(log, lease, Entry(1, b'["text","%d"]\n' % number))
    for number, name in enumerate(names):
        tail = call(log.read(name, None, wait=0.0))
        assert list(tail.entries) == [Entry(1, b'["text","%d"]\n' % number)]
