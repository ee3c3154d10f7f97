"""Operators read no further ahead than they state, and do not delay the end of a process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from mirascope import streams

AHEAD: dict[str, tuple[Callable[..., Any], int]] = {
    "text": (streams.text, 0),
    "words": (streams.words, 1),
    "lines": (streams.lines, 1),
    "sentences": (streams.sentences, 1),
    "sentences in time": (lambda source: streams.sentences(source, max_latency=60), 18),
    "smooth": (lambda source: streams.smooth(source, max_delay=1e-9), 18),
    "throttle": (lambda source: streams.throttle(source, 1e-9), 18),
    "until": (lambda source: streams.until(source, lambda _: False), 0),
    "tee": (lambda source: streams.tee(source, 1, buffer=5)[0], 6),
    "merge": (streams.merge, 2),
    "race": (streams.race, 0),
}


class Counting:
    """A fast source that counts how far it was read."""

    def __init__(self) -> None:
        self.read = 0

    def texts(self) -> Iterator[str]:
        while True:
            self.read += 1
            yield "To be. \n"

    async def atexts(self) -> AsyncIterator[str]:
        for text in self.texts():
            await anyio.lowlevel.checkpoint()
            yield text


@pytest.mark.parametrize(("operator", "ahead"), AHEAD.values(), ids=AHEAD)
def test_a_slow_reader_slows_the_source(operator: Callable[..., Any], ahead: int) -> None:
    source = Counting()
    with operator(source.texts()) as items:
        for index in range(50):
            next(items)
            threading.Event().wait(0.002)  # the source could be read much further meanwhile
            assert source.read <= index + 1 + ahead


@pytest.mark.parametrize(("operator", "ahead"), AHEAD.values(), ids=AHEAD)
def test_a_slow_task_slows_the_source(operator: Callable[..., Any], ahead: int) -> None:
    source = Counting()

    async def read() -> None:
        async with operator(source.atexts()) as items:
            for index in range(50):
                await anext(items)
                for _ in range(100):  # turns in which the source could be read much further
                    await anyio.lowlevel.checkpoint()
                assert source.read <= index + 1 + ahead

    anyio.run(read)


STALLED = """
from mirascope import streams, testing
from mirascope.core import openai

@openai.call("gpt-4o-mini", stream=True)
def ask(question: str) -> str:
    return question

llm = testing.provider().__enter__()
for _ in range(6):
    llm.stall("It is. ")
held = [
    iter(streams.sentences(ask("a"), max_latency=0.1)),
    iter(streams.merge(ask("b"), ask("c"))),
    iter(streams.gather(ask, "de")),
    iter(streams.text(streams.race(ask("f")))),
]
for items in (held[0], held[1], held[3]):
    next(items)
print("done", flush=True)
"""


def test_a_process_ends_while_streams_stall(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(STALLED)
    ended = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
