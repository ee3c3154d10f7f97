"""A process that ends while streams are open ends at once, quietly, and closes its connections."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cases import Case, without_keys
from support.fixtures import few, known_authority, trust
from support.providers.openai_responses import OPENAI_RESPONSES

from mirascope.testing.loopback import Loopback, Response, Stall

__all__ = ["known_authority", "trust"]

HALF_A_SECOND = 0.5

HELD_AT_EXIT = """
import asyncio
import os
from threading import Event, Thread
from support.cases import Driver
from support.providers import case_of

case = case_of({name!r})

own = case.client(os.environ[case.url_variable], "a-secret-key")
streams = [
    Driver(asynchronous=False).function(case, client=client)("fantasy")
    for client in (None, None, own.__enter__())
]
held = [iter(stream) for stream in streams]
for items in held:
    while not next(items)[0].content:
        pass
for stream in streams:
    stream.on_end.append(lambda _, stream=stream: print(stream.state))
held.append(held)

begun = Event()

def read_on():
    for chunk, _ in Driver(asynchronous=False).function(case)("fantasy"):
        if chunk.content:
            begun.set()

Thread(target=read_on, daemon=True).start()
begun.wait()

async def ask():
    held.append(aiter(await Driver(asynchronous=True).function(case)("fantasy")))
    while not (await anext(held[-1]))[0].content:
        pass

loop = asyncio.new_event_loop()
loop.set_debug(False)
loop.run_until_complete(ask())
print("ready")
"""
HELD_AT_THE_END_OF_A_LOOP = """
import asyncio
from support.cases import Driver
from support.providers import case_of

case = case_of({name!r})
held = []

async def ask():
    for _ in range(3):
        stream = await Driver(asynchronous=True).function(case)("fantasy")
        held.append(aiter(stream))
        while not (await anext(held[-1]))[0].content:
            pass

asyncio.run(ask(), debug=False)
print("ready")
"""
HELD_BY_A_CHILD_TOO = """
import os
import sys
from support.cases import Driver
from support.providers import case_of

case = case_of({name!r})
stream = Driver(asynchronous=False).function(case)("fantasy")
items = iter(stream)
while not next(items)[0].content:
    pass
child = os.fork()
if not child:
    sys.exit()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
list(items)
print(stream.content)
"""

BACKGROUND_AT_EXIT = """
from support.cases import Driver
from support.providers import case_of

options = {{"call_params": {{"background": True}}, "cancel_on_close": True}}
items = iter(Driver(asynchronous=False).function(case_of({name!r}), **options)("fantasy"))
while not next(items)[0].content:
    pass
print("ready")
"""


def begun(program: str, case: Case, *options: str) -> subprocess.Popen[str]:
    """Start a program that calls the server of a test."""
    return subprocess.Popen(
        [sys.executable, *options, "-c", program.format(name=case.name)],
        env={
            **without_keys(),
            case.key_variable: os.environ[case.key_variable],
            case.url_variable: os.environ[case.url_variable],
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@few
@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(HELD_AT_EXIT, "ready\n" + 3 * "closed\n", id="exit"),
        pytest.param(HELD_AT_THE_END_OF_A_LOOP, "ready\n", id="loop"),
    ],
)
def test_a_process_ends_at_once_and_quietly(
    case: Case, server: Loopback, program: str, printed: str
) -> None:
    server.default = lambda: Response([*case.begin, case.text("a"), Stall()])
    with begun(program, case, "-X", "dev", "-W", "error") as process:
        assert process.communicate(timeout=120) == (printed, "")
    assert process.returncode == 0
    for connection in server.connections:
        assert connection.disconnected.wait(HALF_A_SECOND)


def test_a_process_that_ends_cancels_background_responses(
    known_authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = OPENAI_RESPONSES
    monkeypatch.setenv("SSL_CERT_FILE", str(known_authority))
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        cancelled = Response.of_json({"id": "resp_1", "status": "cancelled"})
        server.queue = [Response([*case.begin, case.text("a"), Stall()]), cancelled]
        with begun(BACKGROUND_AT_EXIT, case, "-X", "dev", "-W", "error") as process:
            assert process.communicate(timeout=120) == ("ready\n", "")
        assert process.returncode == 0
        assert server.requests[-1].path == "/v1/responses/resp_1/cancel"


@few
def test_a_forked_child_that_exits_does_not_close_its_parent_s_connection(
    case: Case, server: Loopback
) -> None:
    child_ended = threading.Event()

    def script() -> Iterator[bytes]:
        yield from [*case.begin, case.text("a")]
        child_ended.wait(120)
        yield from [case.text("b"), *case.end(3, 2)]

    server.queue = [Response(script())]
    with begun(HELD_BY_A_CHILD_TOO, case) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        child_ended.set()
        assert process.communicate(timeout=120)[0] == "ab\n"
