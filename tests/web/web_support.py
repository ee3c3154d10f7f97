"""What the tests of `mirascope.web` share; whatever they use of the other tests, they get here."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.cases import Case, Driver
from support.providers import CASES
from support.providers.openai import OPENAI
from support.recordings import recordings

from mirascope.core import prompt_template
from mirascope.testing.conformance import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Text,
    one_after_another,
)
from mirascope.testing.loopback import Abort, Loopback, Response, Stall, Wait, dripping
from mirascope.web import Events

__all__ = [
    "CASES",
    "EXAMPLE",
    "HALF_A_SECOND",
    "OPENAI",
    "Abort",
    "CallDelta",
    "CallEnd",
    "CallStart",
    "Case",
    "Driver",
    "Loopback",
    "Reasoning",
    "Response",
    "ServerThread",
    "Stall",
    "Streams",
    "Text",
    "Wait",
    "dripping",
    "needs",
    "node",
    "one_after_another",
    "parsed",
    "recordings",
]

EXAMPLE = Path(__file__).parents[2] / "examples" / "web"
HALF_A_SECOND = 0.5


def demanded() -> bool:
    """Whether what these tests need has to be there, as in ``nox -s web``."""
    return bool(os.environ.get("MIRASCOPE_WEB_TESTS"))


def needs(found: object, what: str) -> None:
    """Skip a test that lacks a tool; where the tools have to be there, fail it."""
    if not found:
        problem = f"{what} is missing: `nox -s web` installs it"
        pytest.fail(problem) if demanded() else pytest.skip(problem)


class Streams:
    """Makes streams of one provider, sync or async, for one server.

    Attributes:
        case: The provider.
        server: The server that answers.
    """

    def __init__(self, case: Case, driver: Driver, server: Loopback) -> None:
        self.case = case
        self.driver = driver
        self.server = server

    def stream(self, **options: Any) -> Any:
        """Return a stream, or what is awaited for one."""
        return self.driver.function(self.case, max_retries=0, **options)("fantasy")

    def function(self, **options: Any) -> Callable[..., Any]:
        """Return a prompt function of messages."""
        decorate = self.case.call("asked-for", stream=True, max_retries=0, **options)
        template = prompt_template("MESSAGES: {messages}")
        if self.driver.asynchronous:

            async def areply(messages: Any) -> None: ...

            return decorate(template(areply))

        def reply(messages: Any) -> None: ...

        return decorate(template(reply))

    def read(self, events: Events) -> list[bytes]:
        """Iterate events as their kind of stream suggests."""

        async def aread() -> list[bytes]:
            return [block async for block in events]

        return anyio.run(aread) if self.driver.asynchronous else list(events)

    def text(self, events: Events) -> str:
        return b"".join(self.read(events)).decode()

    def told(self, events: Events) -> list[dict[str, Any]]:
        """Return the JSON of all events."""
        return parsed(self.text(events))

    def turn(self, *steps: Callable[[], Any]) -> Any:
        """Return a turn of steps, each made when it is its time."""

        async def aturn() -> Any:
            for step in steps:
                made = step()
                yield await made if hasattr(made, "__await__") else made

        def turn() -> Any:
            for step in steps:
                yield step()

        return aturn() if self.driver.asynchronous else turn()


def parsed(text: str) -> list[dict[str, Any]]:
    """Return the JSON of server-sent events."""
    data = re.findall(r"^data: (.*)$", text, re.MULTILINE)
    return [json.loads(each) for each in data if each != "[DONE]"]


def node(script: str, modules: Path, *arguments: str, data: str = "") -> Any:
    """Run a script of this folder; return the JSON that it prints."""
    done = subprocess.run(
        ["node", str(Path(__file__).with_name(script)), str(modules), *arguments],  # noqa: S607
        input=data,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class ServerThread:
    """A web server in a thread, on a free port of the loopback address."""

    def __init__(self, app: Any, kind: str) -> None:
        self._app = app
        self._kind = kind

    def __enter__(self) -> str:
        if self._kind == "asgi":
            return self._asgi()
        from werkzeug.serving import make_server  # noqa: PLC0415  # only where it is served

        server = make_server("127.0.0.1", 0, self._app, threaded=True)
        self._thread = threading.Thread(target=server.serve_forever, daemon=True)
        self._stop = server.shutdown
        self._thread.start()
        return f"http://127.0.0.1:{server.server_port}"

    def _asgi(self) -> str:

        import uvicorn  # noqa: PLC0415  # only where it is served

        sock = socket.create_server(("127.0.0.1", 0), backlog=512)
        ready = threading.Event()

        class Server(uvicorn.Server):
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                ready.set()

        config = uvicorn.Config(
            self._app, log_level="error", lifespan="off", timeout_graceful_shutdown=2
        )
        server = Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)

        def stop() -> None:
            server.should_exit = True

        self._stop = stop
        self._thread.start()
        assert ready.wait(20)
        return f"http://127.0.0.1:{sock.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._thread.join(10)
