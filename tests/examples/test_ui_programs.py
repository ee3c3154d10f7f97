"""The examples for Streamlit and Gradio: ``nox -s examples`` installs both, and runs these tests.

What a click on Stop does is what the scripted server sees: the end of the connection.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from support.base_install import SOURCES
from support.ports import free_port
from support.providers.openai import OPENAI

from mirascope import llm
from mirascope.testing.loopback import Loopback, Response, Stall, dripping

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
PAGE: Final = EXAMPLES.parent / "docs" / "places" / "apps.md"
WRITE_STREAM, STREAMLIT, YIELD, GRADIO = re.findall(r"```py\n(.*?)```", PAGE.read_text(), re.DOTALL)
SECONDS: Final = 60

pytestmark = pytest.mark.skipif(
    find_spec("streamlit") is None, reason="Streamlit is missing: `nox -s examples` installs it"
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server that the default client of OpenAI talks to."""
    with Loopback() as server:
        monkeypatch.setenv("MODEL", "openai:gpt-4o-mini")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        monkeypatch.setenv(OPENAI.key_variable, "a-key")
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        yield server


def silent(*texts: str) -> Response:
    """A response that stops in the middle, while the connection stays open."""
    return Response([*OPENAI.begin, *map(OPENAI.text, texts), Stall()])


def endless() -> Response:
    return Response(dripping([*OPENAI.begin, *[OPENAI.text("word ")] * 1000], 0.02))


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def sent(server: Loopback) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in server.requests[-1].json["messages"]]


# Streamlit, whose `AppTest` runs the script in a thread, as the server does.


class Session:
    """A session of an app of Streamlit.

    Attributes:
        app: The test of the app.
    """

    def __init__(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from streamlit.testing.v1.local_script_runner import (  # noqa: PLC0415
            LocalScriptRunner,
        )

        self.app = app.run(timeout=SECONDS)
        self._runner: Any = None
        start = LocalScriptRunner.start

        def started(runner: LocalScriptRunner) -> None:
            self._runner = runner
            start(runner)

        monkeypatch.setattr(LocalScriptRunner, "start", started)

    def enter(self, text: str) -> None:
        """Send a message, and wait for the end of the script."""
        self.app.chat_input[0].set_value(text).run(timeout=SECONDS)

    def stop_after(self, is_time: Callable[[], object]) -> None:
        """Stop the script that runs next, as a click on Stop does."""

        def stop() -> None:
            wait_until(is_time)
            time.sleep(0.3)  # until the app has it
            self._runner.request_stop()

        threading.Thread(target=stop, daemon=True).start()

    @property
    def shown(self) -> list[tuple[str, str]]:
        return [(each.name, each.markdown[0].value) for each in self.app.chat_message]


@pytest.fixture(params=["page", "example"])
def session(
    request: pytest.FixtureRequest,
    server: Loopback,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Session:
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415  # only where it is installed

    if request.param == "page":
        return Session(AppTest.from_string(STREAMLIT), monkeypatch)
    return Session(AppTest.from_file(EXAMPLES / "streamlit_chat.py"), monkeypatch)


def test_streamlit(session: Session, server: Loopback) -> None:
    server.queue = [
        Response(OPENAI.response("Good ", "day.")),
        Response.of_json({"error": {"message": "too long"}}, 400),
        Response(OPENAI.response("Bye.")),
    ]
    session.enter("Hello")
    assert session.shown == [("user", "Hello"), ("assistant", "Good day.")]
    session.enter("More")
    assert "too long" in session.app.error[0].value
    session.enter("Leave")
    said = [("user", "Hello"), ("assistant", "Good day."), ("user", "More"), ("user", "Leave")]
    assert session.shown == [*said, ("assistant", "Bye.")]
    assert sent(server) == said
    assert not session.app.exception


@pytest.mark.parametrize(
    ("response", "received"), [(silent, ""), (lambda: silent("Half"), "Half"), (endless, "word ")]
)
def test_streamlit_stops(
    session: Session, server: Loopback, response: Callable[[], Response], received: str
) -> None:
    server.queue = [response()]
    session.stop_after(
        lambda: server.requests and server.connections[0].sent >= len(received.split())
    )
    began = time.monotonic()
    session.enter("Hello")
    assert server.connections[0].disconnected.wait(1)
    assert time.monotonic() - began < SECONDS / 2
    session.app.run(timeout=SECONDS)
    history = session.app.session_state["history"]
    assert [each.role for each in history] == ["user", *["assistant"] * bool(received)]
    assert received in history[-1].content
    assert [role for role, _ in session.shown] == [each.role for each in history]
    assert not session.app.exception


def test_streamlit_closes_the_stream_of_the_run_before(session: Session, server: Loopback) -> None:
    server.queue = [silent("Half")]

    @llm.call("openai:gpt-4o-mini", stream=True)
    def reply(question: str) -> str:
        return question

    stream = reply("Hello")
    items = iter(stream)
    while not stream.content:
        next(items)
    session.app.session_state["stream"] = stream  # which another thread still reads
    session.app.run(timeout=SECONDS)
    assert server.connections[0].disconnected.wait(1)
    assert session.shown == [("assistant", "Half")]


def test_streamlit_writes_a_stream(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415  # only where it is installed

    server.queue = [Response(OPENAI.response("Good ", "day.")), endless()]
    session = Session(AppTest.from_string(WRITE_STREAM), monkeypatch)
    session.enter("Hello")
    assert session.app.markdown[0].value == "Good day."
    session.stop_after(lambda: len(server.requests) > 1)
    session.enter("More")
    assert server.connections[-1].disconnected.wait(1)


# Gradio, as a process.


@contextmanager
def running(program: Path) -> Iterator[str]:
    """Run an app of Gradio; return its address."""
    port = free_port()
    settings = {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "PYTHONPATH": SOURCES,
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, program],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert any("http://127.0.0.1" in line for line in process.stdout)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def leave(url: str) -> None:
    """Go away in the middle of a response, as a closed tab does."""
    with closing(HTTPConnection(url.split("/")[2], timeout=SECONDS)) as connection:
        path = "/gradio_api/call/chat"
        connection.request("POST", path, '{"data": ["And?"]}', {"content-type": "application/json"})
        event = json.load(connection.getresponse())["event_id"]
        connection.request("GET", f"{path}/{event}")
        response = connection.getresponse()
        assert any(b"Half" in line for line in response)
        response.close()


@pytest.mark.parametrize("source", ["page", "example"])
def test_gradio(server: Loopback, tmp_path: Path, source: str) -> None:
    from gradio_client import Client  # noqa: PLC0415  # only where it is installed

    server.queue = [
        Response(OPENAI.response("Good ", "day.")),
        Response(OPENAI.response("Bye.")),
        Response.of_json({"error": {"message": "too long"}}, 400),
    ]
    server.default = silent
    program = EXAMPLES / "gradio_chat.py"
    if source == "page":
        program = tmp_path / "chat.py"
        program.write_text(GRADIO)
    with running(program) as url:
        client = Client(url, verbose=False)
        said = client.submit("Hello", api_name="/chat")
        assert said.result(SECONDS) == "Good day."
        assert "Good " in said.outputs()
        assert client.predict("Leave", api_name="/chat") == "Bye."
        assert sent(server) == [("user", "Hello"), ("assistant", "Good day."), ("user", "Leave")]
        with pytest.raises(Exception, match="too long"):
            client.predict("More", api_name="/chat")
        for response in (silent(), silent("Half"), endless()):
            server.queue = [response]
            before = len(server.requests)
            said = client.submit("And?", api_name="/chat")
            wait_until(lambda count=before: len(server.requests) > count)
            time.sleep(0.2)
            said.cancel()
            assert server.connections[-1].disconnected.wait(1)
        client.close()
        server.queue = [silent("Half")]
        leave(url)
        assert server.connections[-1].disconnected.wait(5)


def test_gradio_shows_a_stream(server: Loopback, tmp_path: Path) -> None:
    from gradio_client import Client  # noqa: PLC0415  # only where it is installed

    program = tmp_path / "chat.py"
    program.write_text(YIELD)
    server.queue = [Response(OPENAI.response("Good ", "day.")), silent("Half")]
    with running(program) as url:
        client = Client(url, verbose=False)
        assert client.predict("Hello", api_name="/chat") == "Good day."
        said = client.submit("And?", api_name="/chat")
        wait_until(lambda: len(server.requests) > 1)
        time.sleep(0.2)
        said.cancel()
        assert server.connections[-1].disconnected.wait(1)
        client.close()
