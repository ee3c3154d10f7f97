"""A generation whose worker dies is continued by another one: one answer, each event once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import openai as sdk
import pytest
from background_server import TEXT, WORDS, BackgroundServer, events
from hypothesis import given
from hypothesis import strategies as st
from redis_server import RedisServer
from resume_support import Workers, text_of

import mirascope
from mirascope import errors, resume
from mirascope.core import openai_responses
from mirascope.resume import Entry
from mirascope.resume._engine import engine
from mirascope.resume._takeover import Continued
from mirascope.web._recorder import joined

PROGRAM = Path(__file__).parents[1] / "programs" / "take_over.py"
WORKER_LEASE = 1.0


@pytest.fixture
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer() as running:
        yield running


def call(server: BackgroundServer, *, background: bool = True) -> Any:
    """Return a call of the server; each stream of it is one request."""

    @openai_responses.call(
        "gpt-4o-mini",
        stream=True,
        client=sdk.OpenAI(base_url=f"{server.url}/v1", api_key="none"),
        call_params={"background": True} if background else {},
        max_retries=0,
    )
    def answer() -> str:
        return "?"

    return answer


# Real workers.


class Process:
    """A worker, and the lines that it prints."""

    def __init__(self, *arguments: str) -> None:
        self.lines: list[Any] = []
        self._grew = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(mirascope.__file__).parents[1]), "PATH": "/usr/bin:/bin"},
        )
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()

    def _follow(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                with self._grew:
                    self.lines.append(json.loads(line))
                    self._grew.notify_all()

    def wait(self, count: int) -> None:
        """Wait until it has printed some lines."""
        with self._grew:
            assert self._grew.wait_for(lambda: len(self.lines) >= count, 60)

    def end(self) -> None:
        """Wait for its end."""
        assert self.process.wait(60) == 0
        self._follower.join(20)


@contextmanager
def process(*arguments: str) -> Generator[Process]:
    made = Process(*arguments)
    try:
        yield made
    finally:
        with suppress(ProcessLookupError):
            made.process.kill()
        made.process.wait()
        made._follower.join(20)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The kind of a store and its place."""
    if request.param == "sqlite":
        yield "sqlite", str(tmp_path / "streams.db")
        return
    with RedisServer(tmp_path) as redis:
        yield "redis", redis.url


def opened(shared: tuple[str, str], server: BackgroundServer) -> resume.Store:
    kind, place = shared
    answer = call(server)
    settings = resume.Settings(lease=WORKER_LEASE, grace=0.0, takeover=lambda _: answer())
    if kind == "sqlite":
        return resume.SQLite(place, **settings)
    return resume.Redis(place, prefix="m:", **settings)


def check_whole(read: list[tuple[str, str, Any]]) -> None:
    """Check that a reader got each event once, in one epoch, and one end."""
    positions = [resume.Position.parse(offset) for offset, _, _ in read]
    assert all(positions)
    assert len({position.epoch for position in positions if position}) == 1
    assert [position.number for position in positions if position] == [*range(1, len(read) + 1)]
    assert "".join(values[0] for _, name, values in read if name == "text") == TEXT
    names = [name for _, name, _ in read if name not in {"text", "response"}]
    assert names == ["start", "begin_step", "begin_text", "end_text", "end_step", "finish"]


def test_a_killed_worker_is_succeeded_by_another(
    shared: tuple[str, str], server: BackgroundServer
) -> None:
    place = (*shared, server.url, str(WORKER_LEASE))
    with (
        opened(shared, server) as store,
        process("start", *place) as producer,
    ):
        producer.wait(1)
        with process("read", *place) as reader:
            reader.wait(4)
            live = iter(store.read("chat"))
            before = [next(live) for _ in range(3)]
            producer.process.kill()
            killed_at = monotonic()
            rest = [*live]
            assert monotonic() - killed_at < WORKER_LEASE + 2
            reader.end()
        got = [(event.offset, event.name, event.values) for event in (*before, *rest)]
        check_whole(got)
        assert [(offset, name, values) for offset, name, values in reader.lines] == got
        assert [*store.read("chat", before[-1].offset)] == rest
        assert [*store.read("chat", running=True)] == []
        assert store.start_sync("chat", call(server)).joined is False  # it has ended
    assert (len(server.taken_up), server.cancelled) == (1, 0)


def test_a_worker_that_is_not_dead_is_fenced_off_and_cancels_nothing(
    shared: tuple[str, str], server: BackgroundServer
) -> None:
    place = (*shared, server.url, str(WORKER_LEASE))
    with opened(shared, server) as store, process("start", *place) as producer:
        producer.wait(1)
        live = iter(store.read("chat"))
        before = [next(live) for _ in range(5)]
        os.kill(producer.process.pid, signal.SIGSTOP)
        got = [(event.offset, event.name, event.values) for event in (*before, *live)]
        check_whole(got)
        os.kill(producer.process.pid, signal.SIGCONT)
        producer.wait(2)
        assert producer.lines[-1] == {"kept": False}
        late = [(event.offset, event.name, event.values) for event in store.read("chat")]
        assert late == got
        assert (server.begun, len(server.taken_up), server.cancelled) == (1, 1, 0)


# Logs of a worker that is dead, in every store.

BEGUN = (
    b'["response","resp_1"]\n["start"]\n["begin_step"]\n',
    b'["begin_text"]\n["text","%b"]\n' % "".join(WORDS[:7]).encode(),
)


def leave(store: resume.Store, *blocks: bytes) -> None:
    """Write the log of a worker that dies at once."""
    log, runs_in = store._log("chat")
    lease = runs_in.submit(log.acquire("chat", seconds=0.05, keep=600.0)).result()
    assert lease is not None
    entries: list[Entry] = []
    for block in blocks:
        before = entries[-1].last if entries else 0
        entries.append(Entry(before + block.count(b"\n"), block))
    runs_in.submit(log.append(lease, entries, after=0, ended=False)).result()


def numbers(read: list[resume.RecordedEvent]) -> list[int]:
    positions = [resume.Position.parse(event.offset) for event in read]
    return [position.number for position in positions if position]


@pytest.mark.parametrize("running", [False, True])
def test_a_reader_takes_over(workers: Workers, server: BackgroundServer, *, running: bool) -> None:
    """In the reader's event loop, with a client of this loop; also what `useChat` resumes."""

    async def reads() -> list[resume.RecordedEvent]:
        async with sdk.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:

            @openai_responses.call(
                "gpt-4o-mini", stream=True, client=client, call_params={"background": True}
            )
            async def answer() -> str:
                return "?"

            store = workers(takeover=lambda _: answer())
            leave(store, *BEGUN)
            return [event async for event in store.read("chat", running=running)]

    read = asyncio.run(reads())
    assert text_of(read) == TEXT
    assert numbers(read) == [*range(1, len(read) + 1)]
    assert [event.name for event in read if event.name in {"finish", "error"}] == ["finish"]
    assert (server.begun, len(server.taken_up)) == (0, 1)
    assert "starting_after" not in server.taken_up[0]


def test_a_start_joins_what_it_takes_over(workers: Workers, server: BackgroundServer) -> None:
    answer = call(server)
    store = workers(takeover=lambda _: answer())
    leave(store, *BEGUN)
    server.open.clear()
    until = monotonic() + 20
    while not server.taken_up:  # before its lease runs out, it is joined as one that runs
        assert store.start_sync("chat", list).joined
        assert monotonic() < until
    server.open.set()
    assert text_of([*store.read("chat")]) == TEXT


def test_a_worker_that_takes_over_may_die_too(workers: Workers, server: BackgroundServer) -> None:
    answer = call(server)
    store, runs_in = workers(takeover=lambda _: answer()), engine()
    leave(store, *BEGUN)
    log, _ = store._log("chat")
    epoch = runs_in.submit(log.read("chat", None, wait=0)).result().epoch
    taken = None
    until = monotonic() + 20
    while taken is None:
        place = resume.Position(epoch, 5)
        taken = runs_in.submit(log.take_over("chat", place, seconds=0.05, keep=600.0)).result()
        assert monotonic() < until
    assert taken == resume.Lease("chat", epoch, 0.05, 600.0, writer=1)
    read = [*store.read("chat")]
    assert (text_of(read), numbers(read)) == (TEXT, [*range(1, len(read) + 1)])
    with pytest.raises(errors.StreamLogFenced):
        runs_in.submit(log.append(taken, [], after=5, ended=False)).result()


def failed(store: resume.Store) -> list[Any]:
    """Return the end of a response that is not as it should be, and check what is before it."""
    read = [*store.read("chat")]
    assert numbers(read) == [*range(1, len(read) + 1)]
    assert text_of(read) == "".join(WORDS[:7])
    assert [event.name for event in read[-2:]] == ["end_text", "error"]
    return [*read[-1].values]


def test_a_response_that_is_gone_is_an_error(workers: Workers, server: BackgroundServer) -> None:
    answer = call(server)
    store = workers(takeover=lambda _: answer())
    leave(store, *BEGUN)
    server.kept = None
    text, status = failed(store)
    assert (status, len(server.taken_up)) == (502, 1)
    assert "resp_1" not in text


def test_a_response_that_is_another_one_is_an_error(
    workers: Workers, server: BackgroundServer
) -> None:
    answer = call(server)
    store = workers(takeover=lambda _: answer())
    leave(store, *BEGUN)
    server.kept = events(["Something ", "else."])
    assert failed(store) == ["The answer cannot be continued.", 500]


@pytest.mark.parametrize("kind", ["turn", "foreground", "broken"])
def test_a_call_that_cannot_be_taken_over_is_an_error(
    workers: Workers, server: BackgroundServer, kind: str
) -> None:
    def make(_: str) -> Any:
        if kind == "broken":
            raise LookupError("a-secret")
        return iter([call(server)()]) if kind == "turn" else call(server, background=False)()

    store = workers(takeover=make)
    leave(store, *BEGUN)
    text, status = failed(store)
    assert (status, server.requests) == (500, [])
    assert "secret" not in text


@pytest.mark.parametrize("kind", ["no id", "no setting"])
def test_what_cannot_be_taken_over_dies_with_its_worker(
    workers: Workers, server: BackgroundServer, kind: str
) -> None:
    answer = call(server)
    store = workers(takeover=(lambda _: answer()) if kind == "no id" else None)
    leave(store, *((BEGUN[0].split(b"\n", 1)[1], BEGUN[1]) if kind == "no id" else BEGUN))
    got: list[resume.RecordedEvent] = []
    with pytest.raises(errors.GenerationDied):
        got.extend(store.read("chat"))
    assert [*store.read("chat", running=True)] == []
    assert server.requests == []


@pytest.mark.parametrize("kind", ["foreground", "turn", "no setting"])
def test_only_what_can_be_taken_over_has_an_id(
    workers: Workers, server: BackgroundServer, kind: str
) -> None:
    """The first answer of a turn is not the whole of it, and its tools would run twice."""
    answer = call(server)
    store = workers(takeover=None if kind == "no setting" else (lambda _: answer()))

    def make() -> Any:
        if kind == "foreground":
            return call(server, background=False)()
        stream = answer()
        stream.take_up("resp_1")
        return iter([stream]) if kind == "turn" else stream

    store.start_sync("chat", make)
    names = [event.name for event in store.read("chat")]
    assert names[0] == "start"
    assert "response" not in names


# What the log has is left out.

LINES = [
    b'["start"]\n',
    b'["begin_reasoning"]\n',
    *(b'["reasoning","%d"]\n' % number for number in range(4)),
    b'["end_reasoning"]\n',
    b'["begin_text"]\n',
    *(b'["text","%b"]\n' % word for word in (b"a", b"a", "ü\\n".encode(), b"a", b"ab")),
    b'["end_text"]\n',
    b'["begin_tool","call_1","buy"]\n',
    b'["tool","call_1","buy",{"title":"Emma"}]\n',
    b'["finish","stop",null,"m","p"]\n',
]


@given(
    kept=st.integers(1, len(LINES) - 1),
    cuts=st.sets(st.integers(1, len(LINES))),
    recuts=st.sets(st.integers(1, len(LINES))),
)
def test_a_log_and_what_continues_it_are_the_response(
    kept: int, cuts: set[int], recuts: set[int]
) -> None:
    """However its events were joined, in the log and when it is read again."""
    log = [part for part in parts(LINES[:kept], cuts) if part]
    numbers = [sum(len(part) for part in log[: at + 1]) for at in range(len(log))]
    entries = [Entry(last, b"".join(part)) for last, part in zip(numbers, log, strict=True)]
    continued = Continued(entries)
    rest = [line for part in parts(LINES, recuts) if part for line in continued.new(part)]
    before = [line for part in log for line in part]
    assert joined([*before, *rest]) == joined(LINES)
    assert joined(rest) == joined(LINES[kept:])


def parts(lines: list[bytes], cuts: set[int]) -> list[list[bytes]]:
    places = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    return [joined(lines[start:end]) for start, end in pairwise(places)]
