"""Logs in the memory of this process: for tests, and where there is one process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from typing_extensions import override

from mirascope.errors import StreamLogFenced, StreamLogLost
from mirascope.resume._log import Entry, Lease, Position, StreamLog, Tail, new_epoch


@dataclass
class _Log:
    epoch: int
    alive_until: float
    kept_until: float
    beat: int = 0
    writer: int = 0
    entries: list[Entry] = field(default_factory=list[Entry])
    stops: bool = False
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last(self) -> int:
        return self.entries[-1].last if self.entries else 0

    @property
    def is_running(self) -> bool:
        return not self.ended and monotonic() < self.alive_until


class MemoryLog(StreamLog):
    """Logs in memory."""

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}

    @override
    async def acquire(self, key: str, *, seconds: float, keep: float) -> Lease | None:
        now = monotonic()
        self._logs = {name: log for name, log in self._logs.items() if log.kept_until > now}
        before = self._logs.get(key)
        if before is not None and before.is_running:
            return None
        epoch = new_epoch(before.epoch if before else 0)
        self._logs[key] = _Log(epoch, now + seconds, now + seconds + keep)
        if before is not None:
            before.changed.set()
        return Lease(key, epoch, seconds, keep)

    @override
    async def append(
        self, lease: Lease, entries: Sequence[Entry], *, after: int, ended: bool
    ) -> bool:
        log = self._kept(lease.key)
        if log is None:
            log = self._logs[lease.key] = _Log(lease.epoch, 0, 0)
        if log.epoch != lease.epoch or log.writer > lease.writer:
            raise StreamLogFenced("another worker writes this log now")
        log.writer = lease.writer
        if log.last < after:
            raise StreamLogLost(f"the log ends at {log.last}, before {after}")
        log.entries += [entry for entry in entries if entry.last > log.last]
        log.alive_until = monotonic() + lease.seconds
        log.kept_until = log.alive_until + lease.keep
        log.beat += 1
        log.ended = log.ended or ended
        log.changed.set()
        log.changed = asyncio.Event()
        return log.stops

    @override
    async def read(self, key: str, after: Position | None, *, wait: float) -> Tail:
        log = self._kept(key)
        if log is None:
            return Tail()
        if after is not None and after.epoch == log.epoch and log.last <= after.number:
            try:
                async with asyncio.timeout(wait):
                    await log.changed.wait()
            except TimeoutError:
                pass
            log = self._logs.get(key, log)
        entries: list[Entry] = []
        if after is None or after.epoch == log.epoch:
            number = after.number if after else 0
            entries = [entry for entry in log.entries if entry.last > number]
        return Tail(log.epoch, entries, log.beat, log.is_running)

    @override
    async def request_stop(self, key: str) -> bool:
        log = self._kept(key)
        if log is None or not log.is_running:
            return False
        log.stops = True
        return True

    @override
    async def take_over(
        self, key: str, end: Position, *, seconds: float, keep: float
    ) -> Lease | None:
        log = self._kept(key)
        if log is None or log.ended or log.is_running or (log.epoch, log.last) != end:
            return None
        log.writer += 1
        log.alive_until = monotonic() + seconds
        log.kept_until = log.alive_until + keep
        return Lease(key, log.epoch, seconds, keep, log.writer)

    def _kept(self, key: str) -> _Log | None:
        log = self._logs.get(key)
        return log if log is not None and log.kept_until > monotonic() else None
