"""What the tests of `mirascope.resume` share: a call, its turns, and what readers of a log get."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mirascope.core import openai
from mirascope.resume import Reading, Run, Store
from mirascope.web import Events

LEASE = 0.5
"""Of the stores in tests, in seconds."""

WORDS = "".join(f"word{number} " for number in range(40))


class Workers(Protocol):
    """Makes the store of one more worker; all of them have the same logs."""

    def __call__(self, **settings: Any) -> Store: ...


@openai.call("gpt-4o-mini", stream=True, max_retries=0)
async def answer(question: str = "?") -> str:
    return question


@openai.call("gpt-4o-mini", stream=True, max_retries=0)
def answer_sync(question: str = "?") -> str:
    return question


@dataclass(frozen=True)
class Mode:
    """Sync or async: how a generation is started, read and stopped.

    Attributes:
        asynchronous: Whether it is async.
    """

    asynchronous: bool

    def turn(self, *questions: str, gate: threading.Event | None = None) -> Callable[[], Any]:
        """Return what makes a turn of several answers; all but the first wait for the gate."""

        async def aturn() -> AsyncIterator[Any]:
            for number, question in enumerate(questions):
                if number and gate is not None:
                    assert await asyncio.to_thread(gate.wait, 20)
                yield await answer(question)

        def turn() -> Iterator[Any]:
            for number, question in enumerate(questions):
                if number and gate is not None:
                    assert gate.wait(20)
                yield answer_sync(question)

        return aturn if self.asynchronous else turn

    async def start(self, store: Store, key: str, make: Callable[[], Any]) -> Run:
        if self.asynchronous:
            return await store.start(key, make)
        return await asyncio.to_thread(store.start_sync, key, make)

    async def stop(self, store: Store, key: str) -> bool:
        if self.asynchronous:
            return await store.stop(key)
        return await asyncio.to_thread(store.stop_sync, key)

    async def read(self, what: Events | Reading) -> list[Any]:
        if self.asynchronous:
            return [each async for each in what]
        return await asyncio.to_thread(lambda: list(what))


def text_of(events: list[Any]) -> str:
    """Return the text of recorded events."""
    return "".join(event.values[0] for event in events if event.name == "text")


def parsed(body: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the ids and the JSON of server-sent events."""
    found = re.findall(r"(?:^id: (.*)\n)?^data: (\{.*\})$", body, re.MULTILINE)
    return [(offset, json.loads(data)) for offset, data in found]
