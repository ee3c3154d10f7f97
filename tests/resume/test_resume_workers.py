"""Web applications: two workers of uvicorn, their end, and frameworks that are sync."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import pytest
from redis_server import RedisServer
from resume_support import LEASE, WORDS, answer, answer_sync, parsed
from support.ports import free_port

import mirascope
from mirascope import resume
from mirascope.testing import ScriptedProvider
from mirascope.web import ai_sdk, sse

PROGRAMS = Path(__file__).parents[1] / "programs"
STOPPED_WITHIN = 0.5 + 0.5
"""For a stop on another worker, and a busy machine."""


class Application:
    """The application of ``resumable_app.py``, served by workers of uvicorn.

    Args:
        place: That of its store.
        workers: How many.
        settings: For its environment.
    """

    def __init__(self, place: str, *, workers: int = 1, **settings: str) -> None:
        self._port = free_port()
        source = str(Path(mirascope.__file__).parents[1])
        command = ["-m", "uvicorn", "resumable_app:app", "--port", str(self._port)]
        more = [] if workers == 1 else ["--workers", str(workers)]
        self.process = subprocess.Popen(
            [sys.executable, *command, *more, "--log-level", "error"],
            env={**os.environ, "PYTHONPATH": f"{source}:{PROGRAMS}", "STORE": place, **settings},
        )

    def __enter__(self) -> Self:
        until = monotonic() + 60
        while True:
            try:
                assert self.post("/stop/nothing")["stopped"] is False
            except ConnectionRefusedError:
                assert monotonic() < until
                sleep(0.05)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def post(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("POST", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def get(
        self, path: str, after: str | None = None, until: Callable[[bytes], bool] | None = None
    ) -> tuple[int, str]:
        """Return the status and the body of a response, perhaps only its beginning."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", path, headers={"last-event-id": after} if after else {})
            response = connection.getresponse()
            body = b""
            while block := response.read1():
                body += block
                if until is not None and until(body):
                    break
            return response.status, body.decode()
        finally:
            connection.close()

    def other_worker(self, post: str, than: int) -> Any:
        """Post until a worker other than this one answers; it is to be harmless to repeat."""
        until = monotonic() + 20
        while (answered := self.post(post))["pid"] == than:
            assert monotonic() < until
        return answered


@pytest.fixture(params=["sqlite", "redis"])
def store_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "streams.db")
        return
    with RedisServer(tmp_path) as server:
        yield server.url


def text_of(body: str) -> str:
    return "".join(event["text"] for _, event in parsed(body) if event["type"] == "text")


def test_two_workers_have_one_answer(store_place: str) -> None:
    """Reload in its middle, wherever that is served; then stop another one."""
    with Application(store_place, workers=2) as app:
        started = app.post("/start/chat?question=words")
        assert app.other_worker("/start/chat?question=words", started["pid"])["joined"] is True
        _, begin = app.get("/sse/chat", until=lambda body: body.count(b"word") > 5)
        seen = [offset for offset, _ in parsed(begin) if offset]
        status, rest = app.get("/sse/chat", after=seen[-1])
        assert (status, text_of(begin) + text_of(rest)) == (200, WORDS)
        last = [offset for offset, _ in parsed(rest) if offset][-1]
        assert app.get("/sse/chat", after=last) == (204, "")
        assert app.get("/chat/chat") == (204, "")
        assert app.get("/chat/unknown") == (204, "")
        started = app.post("/start/endless?question=endless")
        ended: list[tuple[float, str]] = []

        def follow() -> None:
            _, body = app.get("/chat/endless")
            ended.append((monotonic(), body))

        reader = threading.Thread(target=follow)
        reader.start()
        app.get("/sse/endless", until=lambda body: b"Half" in body)
        began = monotonic()
        app.other_worker("/stop/endless", started["pid"])
        reader.join(20)
        ((at, body),) = ended
        assert '{"type":"abort"}' in body
        assert at - began < STOPPED_WITHIN


@pytest.mark.parametrize(("question", "end"), [("words", "finish"), ("endless", "abort")])
def test_a_worker_that_is_to_end_gives_its_answers_time(
    tmp_path: Path, question: str, end: str
) -> None:
    grace = 10.0 if end == "finish" else 0.3
    with Application(str(tmp_path / "streams.db"), GRACE=str(grace)) as app:
        app.post(f"/start/chat?question={question}")
        bodies: list[str] = []
        reader = threading.Thread(target=lambda: bodies.append(app.get("/sse/chat")[1]))
        reader.start()
        app.get("/sse/chat", until=lambda body: b"id:" in body)
        began = monotonic()
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(30) in {0, -signal.SIGTERM}
        assert monotonic() - began < 10
        reader.join(20)
    assert parsed(bodies[0])[-1][1]["type"] == end
    with resume.SQLite(tmp_path / "streams.db", lease=LEASE) as store:
        body = b"".join(sse.events(store.read("chat"))).decode()
    assert parsed(body)[-1][1]["type"] == end


def test_a_sync_framework_starts_reads_and_stops(llm: ScriptedProvider, tmp_path: Path) -> None:
    import flask  # noqa: PLC0415  # only here

    llm.reply(WORDS, to="words")
    llm.stall("Half of", to="endless")
    store = resume.SQLite(tmp_path / "streams.db", lease=LEASE, grace=0.0)
    app = flask.Flask("resumable")

    @app.post("/chat/<key>")
    def start(key: str) -> flask.Response:
        make = answer if key == "async" else answer_sync
        store.start_sync(key, lambda: make(flask.request.args["question"]))
        return show(key)

    @app.get("/chat/<key>")
    def show(key: str) -> flask.Response:
        after = flask.request.headers.get("last-event-id")
        events = sse.events(store.read(key, after), ping=15).open(flask.request.environ)
        return flask.Response(events, events.status, dict(events.headers))  # type: ignore[arg-type]

    @app.delete("/chat/<key>")
    def stop(key: str) -> dict[str, bool]:
        return {"stopped": store.stop_sync(key)}

    client = app.test_client()
    body = client.post("/chat/sync?question=words").text
    assert text_of(body) == WORDS
    offsets = [offset for offset, _ in parsed(body) if offset]
    again = client.get("/chat/sync", headers={"last-event-id": offsets[0]}).text
    assert body.endswith(again)
    assert client.get("/chat/unknown").status_code == 204
    bodies: list[str] = []
    reader = threading.Thread(
        target=lambda: bodies.append(app.test_client().post("/chat/async?question=endless").text)
    )
    reader.start()
    until = monotonic() + 20
    while not client.delete("/chat/async").json["stopped"]:  # type: ignore[index]
        assert monotonic() < until
        sleep(0.01)
    reader.join(20)
    assert parsed(bodies[0])[-1][1]["type"] == "abort"
    store.close_sync()


def test_a_process_that_ends_lets_a_thread_finish(tmp_path: Path) -> None:
    """A script that starts a generation and goes: its end waits."""
    program = (
        "from mirascope import resume; from mirascope.testing import ScriptedProvider;"
        "from resume_support import answer_sync, WORDS; import atexit;"
        "llm = ScriptedProvider(pace='live').__enter__(); llm.reply(WORDS);"
        f"store = resume.SQLite({str(tmp_path / 'streams.db')!r}, grace=20.0);"
        "store.start_sync('chat', answer_sync)"
    )
    source = Path(mirascope.__file__).parents[1]
    path = f"{source}:{Path(__file__).parent}"
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": path}
    )
    with resume.SQLite(tmp_path / "streams.db", lease=LEASE) as store:
        body = b"".join(ai_sdk.events(store.read("chat"))).decode()
    assert '"finishReason":"stop"' in body
