"""Logs in a file of SQLite, for several workers on one machine.

All writes of a process go through one thread, which commits together what has come meanwhile. A
commit is not flushed to the disk one by one (WAL, ``synchronous=NORMAL``): it survives the death of
every process, and a power failure may take the last ones. Readers look for changes by
``PRAGMA data_version``, and only while there are some.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from os import PathLike
from queue import SimpleQueue
from typing import Any, Final, TypeVar, cast

from typing_extensions import override

from mirascope.errors import StreamLogFenced, StreamLogLost
from mirascope.resume._log import Entry, Lease, Position, StreamLog, Tail, new_epoch

_T = TypeVar("_T")
_Row = tuple[int, int, float, int, int, int, int]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mirascope_logs (
    key TEXT PRIMARY KEY, epoch INTEGER NOT NULL, last INTEGER NOT NULL, alive_until REAL NOT NULL,
    beat INTEGER NOT NULL, ended INTEGER NOT NULL, stops INTEGER NOT NULL, kept_until REAL NOT NULL,
    writer INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mirascope_logs_kept ON mirascope_logs (kept_until);
CREATE TABLE IF NOT EXISTS mirascope_entries (
    key TEXT NOT NULL, epoch INTEGER NOT NULL, last INTEGER NOT NULL, lines BLOB NOT NULL,
    PRIMARY KEY (key, epoch, last)
) WITHOUT ROWID;
"""
_TAIL: Final = """
SELECT logs.epoch, alive_until, beat, ended, entries.last, lines FROM mirascope_logs AS logs
LEFT JOIN mirascope_entries AS entries
    ON entries.key = logs.key AND entries.epoch = logs.epoch AND entries.last > ?
WHERE logs.key = ? AND kept_until >= ? ORDER BY entries.last
"""
_BUSY: Final = 5.0
"""For how many seconds to wait for other processes that write."""

_POLL: Final = 0.01
"""How often readers look for changes, in seconds."""


class SQLiteLog(StreamLog):
    """Logs in a file.

    Args:
        path: The file, on a disk of this machine: a file system of the network cannot lock it.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        self._writer = _Writer(self._connect)
        self._reader: sqlite3.Connection | None = None
        self._waiting: dict[asyncio.Event, tuple[str, Position]] = {}
        self._poll: asyncio.Task[None] | None = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        return connection

    # Writing, in the thread.

    @override
    async def acquire(self, key: str, *, seconds: float, keep: float) -> Lease | None:
        def write(connection: sqlite3.Connection) -> Lease | None:
            now = time.time()
            expired = "SELECT key FROM mirascope_logs WHERE kept_until < ?"
            connection.execute(f"DELETE FROM mirascope_entries WHERE key IN ({expired})", (now,))  # noqa: S608  # a constant
            connection.execute("DELETE FROM mirascope_logs WHERE kept_until < ?", (now,))
            before = _row(connection, key)
            if before is not None and _is_running(before):
                return None
            lease = Lease(key, new_epoch(before[0] if before else 0), seconds, keep)
            _put(connection, lease, now + seconds, now + seconds + keep)
            return lease

        return await self._writer.run(write)

    @override
    async def append(
        self, lease: Lease, entries: Sequence[Entry], *, after: int, ended: bool
    ) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            now = time.time()
            alive, kept = now + lease.seconds, now + lease.seconds + lease.keep
            row = _row(connection, lease.key)
            if row is not None and (row[0] != lease.epoch or row[6] > lease.writer):
                raise StreamLogFenced("another worker writes this log now")
            last = row[1] if row else 0
            if last < after:
                raise StreamLogLost(f"the log ends at {last}, before {after}")
            if row is None:
                _put(connection, lease, alive, kept)
            new = [(lease.key, lease.epoch, *entry) for entry in entries if entry.last > last]
            connection.executemany("INSERT INTO mirascope_entries VALUES (?, ?, ?, ?)", new)
            connection.execute(
                "UPDATE mirascope_logs SET last = ?, alive_until = ?, beat = beat + 1,"
                " ended = ended OR ?, kept_until = ? WHERE key = ?",
                (new[-1][2] if new else last, alive, ended, kept, lease.key),
            )
            return bool(row and row[5])

        return await self._writer.run(write)

    @override
    async def request_stop(self, key: str) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            row = _row(connection, key)
            if row is None or not _is_running(row):
                return False
            connection.execute("UPDATE mirascope_logs SET stops = 1 WHERE key = ?", (key,))
            return True

        return await self._writer.run(write)

    @override
    async def take_over(
        self, key: str, end: Position, *, seconds: float, keep: float
    ) -> Lease | None:
        def write(connection: sqlite3.Connection) -> Lease | None:
            row = _row(connection, key)
            if row is None or row[4] or _is_running(row) or row[:2] != end:
                return None
            alive, writer = time.time() + seconds, row[6] + 1
            connection.execute(
                "UPDATE mirascope_logs SET writer = ?, alive_until = ?, kept_until = ?"
                " WHERE key = ?",
                (writer, alive, alive + keep, key),
            )
            return Lease(key, row[0], seconds, keep, writer)

        return await self._writer.run(write)

    # Reading, in the event loop: no writer blocks a reader.

    @override
    async def read(self, key: str, after: Position | None, *, wait: float) -> Tail:
        tail = self._read(key, after)
        if after is None or tail.entries or wait <= 0 or tail.epoch != after.epoch:
            return tail
        grows = asyncio.Event()
        self._waiting[grows] = (key, after)
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(wait):
                await grows.wait()
        except TimeoutError:
            pass
        finally:
            del self._waiting[grows]
        return self._read(key, after)

    def _read(self, key: str, after: Position | None) -> Tail:
        if self._reader is None:
            self._reader = self._connect()
        epoch, number = after or (None, 0)
        rows = self._reader.execute(_TAIL, (number, key, time.time())).fetchall()
        if not rows:
            return Tail()
        found, alive_until, beat, ended, *_ = rows[0]
        entries: list[Entry] = []
        if epoch in {None, found} and rows[0][4] is not None:
            entries = [Entry(last, lines) for *_, last, lines in rows]
        return Tail(found, entries, beat, not ended and alive_until > time.time())

    async def _look(self) -> None:
        """Look for changes, as long as somebody waits, and wake those whose log has one."""
        seen: object = None
        while self._waiting and self._reader is not None:
            version = self._reader.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                keys = list({key for key, _ in self._waiting.values()})
                marks = ",".join("?" * len(keys))
                query = f"SELECT key, epoch, last FROM mirascope_logs WHERE key IN ({marks})"  # noqa: S608  # marks
                ends = {key: Position(*end) for key, *end in self._reader.execute(query, keys)}
                for grows, (key, after) in self._waiting.items():
                    if ends.get(key, after) != after:
                        grows.set()
            await asyncio.sleep(_POLL)

    @override
    async def close(self) -> None:
        await self._writer.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _row(connection: sqlite3.Connection, key: str) -> _Row | None:
    """Return epoch, last, alive_until, beat, ended, stops and writer of a log that is kept."""
    found = connection.execute(
        "SELECT epoch, last, alive_until, beat, ended, stops, writer FROM mirascope_logs"
        " WHERE key = ? AND kept_until >= ?",
        (key, time.time()),
    )
    return cast("_Row | None", found.fetchone())


def _is_running(row: _Row) -> bool:
    return not row[4] and row[2] > time.time()


def _put(
    connection: sqlite3.Connection, lease: Lease, alive_until: float, kept_until: float
) -> None:
    connection.execute("DELETE FROM mirascope_entries WHERE key = ?", (lease.key,))
    connection.execute(
        "INSERT OR REPLACE INTO mirascope_logs VALUES (?, ?, 0, ?, 0, 0, 0, ?, ?)",
        (lease.key, lease.epoch, alive_until, kept_until, lease.writer),
    )


_Write = Callable[[sqlite3.Connection], Any]
_Job = tuple[_Write, "asyncio.Future[Any]"]


class _Writer:
    """A thread that writes; what has come meanwhile is one transaction.

    Args:
        connect: Opens the connection.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ended: asyncio.Future[None] | None = None

    async def run(self, write: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run a function in a transaction; it raises before it writes, or not at all."""
        loop = asyncio.get_running_loop()
        if self._ended is None:
            self._ended = loop.create_future()
            target = (loop, self._ended)
            threading.Thread(
                target=self._run, args=target, name="mirascope-sqlite", daemon=True
            ).start()
        result: asyncio.Future[_T] = loop.create_future()
        self._jobs.put((write, result))
        return await result

    async def close(self) -> None:
        """End the thread after what it has to write."""
        if self._ended is not None:
            self._jobs.put(None)
            await self._ended
            self._ended = None

    def _run(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
        connection: sqlite3.Connection | None = None
        while True:
            jobs = [self._jobs.get()]
            while not self._jobs.empty():
                jobs.append(self._jobs.get())
            todo = [job for job in jobs if job is not None and not job[1].cancelled()]
            results: list[Any]
            try:
                connection = connection or self._connect()
                results = _transaction(connection, [write for write, _ in todo])
            except Exception as error:  # noqa: BLE001  # each of them fails
                results = [error] * len(todo)
            loop.call_soon_threadsafe(_deliver, [future for _, future in todo], results)
            if None in jobs:
                break
        if connection is not None:
            connection.close()
        loop.call_soon_threadsafe(_deliver, [ended], [None])


def _deliver(futures: Sequence[asyncio.Future[Any]], results: Sequence[Any]) -> None:
    """Give the results to whoever waits for them; in the event loop, all at once."""
    for future, result in zip(futures, results, strict=True):
        if future.done():  # nobody waits any more
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _transaction(connection: sqlite3.Connection, writes: Sequence[_Write]) -> list[Any]:
    """Run functions in one transaction; return what each returns or raises."""
    results: list[Any] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for write in writes:
            try:
                results.append(write(connection))
            except (StreamLogFenced, StreamLogLost) as error:
                results.append(error)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results
