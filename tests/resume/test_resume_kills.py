"""Workers and servers that are killed: readers get what was acknowledged, and an explicit end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from redis_server import RedisServer
from resume_support import answer_sync, text_of

import mirascope
from mirascope import errors, resume
from mirascope.testing import ScriptedProvider

LEASE = 1.0
BOUND = LEASE + 1
"""Within how many seconds every reader has its end."""

WORDS = "".join(f"word{number} " for number in range(60))
PROGRAM = Path(__file__).parents[1] / "programs" / "generate.py"


class Worker:
    """A process that generates.

    Attributes:
        acknowledged: The number of the last event that the store has acknowledged.
    """

    def __init__(self, kind: str, place: str, key: str = "chat") -> None:
        self.acknowledged = 0
        self._some = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), kind, place, key, str(LEASE)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(mirascope.__file__).parents[1]), "PATH": "/usr/bin:/bin"},
        )
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip().isdigit():
                self.acknowledged = int(line)
            if self.acknowledged > 12:
                self._some.set()

    def wait(self) -> None:
        """Wait until something is acknowledged."""
        assert self._some.wait(60)

    def kill(self) -> None:
        """Kill it, and get what it printed before."""
        self._process.kill()
        self._process.wait()
        self._follower.join(20)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def worker(kind: str, place: str) -> Iterator[Worker]:
    made = Worker(kind, place)
    try:
        made.wait()
        yield made
    finally:
        made.kill()


class Reader:
    """A thread that reads a response to its end.

    Attributes:
        events: What it got.
        error: What the reading raised.
        ended_at: When it ended.
    """

    def __init__(self, store: resume.Store, after: str | None = None) -> None:
        self.events: list[resume.RecordedEvent] = []
        self.error: Exception | None = None
        self.ended_at = 0.0
        self._has_some = threading.Event()
        self._reading = store.read("chat", after)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for event in self._reading:
                self.events.append(event)
                if len(self.events) > 8:
                    self._has_some.set()
        except errors.StreamLogError as error:
            self.error = error
        self.ended_at = monotonic()

    def wait(self) -> None:
        """Wait until it has got something."""
        assert self._has_some.wait(20)

    def end(self) -> list[int]:
        """Wait for its end; return the numbers of the events."""
        self._thread.join(20)
        assert not self._thread.is_alive()
        positions = [resume.Position.parse(event.offset) for event in self.events]
        return [position.number for position in positions if position]


def place_of(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return str(tmp_path / "streams.db")
    return str(request.getfixturevalue("redis").url)


def opened(kind: str, place: str) -> resume.Store:
    if kind == "sqlite":
        return resume.SQLite(place, lease=LEASE, grace=0.0)
    return resume.Redis(place, prefix="m:", lease=LEASE, grace=0.0)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(params=["", "everysec", "always"], ids=lambda aof: aof or "no AOF")
def any_redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path, request.param) as server:
        yield server


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_killed_worker_is_an_explicit_end(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, llm: ScriptedProvider
) -> None:
    place = place_of(kind, tmp_path, request)
    with opened(kind, place) as store, worker(kind, place) as producer:
        live = Reader(store)
        live.wait()
        producer.kill()
        killed_at, acknowledged = monotonic(), producer.acknowledged
        late = Reader(store)
        for reader in (live, late):
            numbers = reader.end()
            assert isinstance(reader.error, errors.GenerationDied)
            assert reader.ended_at - killed_at < BOUND
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= acknowledged
        llm.reply("Again")
        again = store.start_sync("chat", answer_sync)  # by whom the key is taken over
        assert again.joined is False
        assert text_of(list(store.read("chat"))) == "Again"


def test_a_killed_server_loses_nothing_while_the_worker_lives(
    any_redis: RedisServer, llm: ScriptedProvider
) -> None:
    """Also without AOF: what it lost is written again."""
    llm.reply(WORDS, pace="live")
    with (
        resume.Redis(any_redis.url, lease=3.0, grace=0.0) as store,
        resume.Redis(any_redis.url, lease=3.0) as other,
    ):
        run = store.start_sync("chat", answer_sync)
        live = Reader(other)
        live.wait()
        any_redis.kill()
        any_redis.start()
        numbers = live.end()
        assert live.error is None
        assert numbers == list(range(1, len(numbers) + 1))
        assert text_of(live.events) == text_of(list(other.read("chat"))) == WORDS
        assert run.kept


def test_a_server_that_stays_away_is_an_explicit_end_and_no_end_of_the_generation(
    redis: RedisServer, llm: ScriptedProvider
) -> None:
    llm.reply(WORDS, pace="live")
    ended = threading.Event()

    def turn() -> Any:
        yield answer_sync()
        ended.set()

    with resume.Redis(redis.url, lease=LEASE, grace=0.0) as store:
        store.start_sync("chat", turn)
        live = Reader(store)
        live.wait()
        redis.kill()
        killed_at = monotonic()
        live.end()
        assert isinstance(live.error, errors.StreamLogError)
        assert live.ended_at - killed_at < BOUND
        assert WORDS.startswith(text_of(live.events))
        assert ended.wait(20)
        redis.start()
        until = monotonic() + 5
        while not (events := list(store.read("chat"))):  # until the worker has noticed
            assert monotonic() < until
        assert text_of(events) == WORDS


def test_a_file_that_is_locked_is_written_later(llm: ScriptedProvider, tmp_path: Path) -> None:
    llm.reply(WORDS, pace="live")
    path = tmp_path / "streams.db"
    ended = threading.Event()

    def turn() -> Any:
        yield answer_sync()
        ended.set()

    with resume.SQLite(path, lease=LEASE, grace=0.0) as store:
        store.start_sync("chat", turn)
        live = Reader(store)
        live.wait()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked_at = monotonic()
            live.end()
            assert isinstance(live.error, errors.GenerationDied)
            assert live.ended_at - locked_at < BOUND
            assert ended.wait(20)
            other.execute("ROLLBACK")
        assert text_of(list(store.read("chat"))) == WORDS


def test_a_worker_and_its_server_that_are_killed_are_an_explicit_end(
    any_redis: RedisServer, request: pytest.FixtureRequest
) -> None:
    with opened("redis", any_redis.url) as store, worker("redis", any_redis.url) as producer:
        live = Reader(store)
        live.wait()
        producer.kill()
        any_redis.kill()
        killed_at, acknowledged = monotonic(), producer.acknowledged
        any_redis.start()
        late = Reader(store)
        numbers = live.end()
        assert live.ended_at - killed_at < BOUND
        assert numbers == list(range(1, len(numbers) + 1))
        late.end()
        if "no AOF" in request.node.name:
            assert isinstance(live.error, errors.StreamLogLost)
            assert (late.events, late.error) == ([], None)
        else:
            assert len(numbers) >= acknowledged
            assert isinstance(live.error, errors.GenerationDied)
            assert isinstance(late.error, errors.GenerationDied)
            assert late.events == live.events


def test_a_server_that_is_away_starts_nothing(redis: RedisServer) -> None:
    redis.kill()
    called: list[bool] = []

    def make() -> Any:
        called.append(True)
        return answer_sync()

    with resume.Redis(redis.url, lease=LEASE) as store:
        with pytest.raises(errors.StreamLogError, match="the store cannot be reached"):
            store.start_sync("chat", make)
        with pytest.raises(errors.StreamLogError, match="the store cannot be reached"):
            store.stop_sync("chat")
        began = monotonic()
        with pytest.raises(errors.StreamLogError, match="the log cannot be read"):
            list(store.read("chat"))
        assert monotonic() - began < BOUND
    assert not called
