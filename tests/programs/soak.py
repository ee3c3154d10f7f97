"""A soak: thousands of short streams with random faults, after which nothing may be left or lost.

``nox -s soak -- --streams 20000`` runs it. The server is a process of its own, so that only the
client is measured. Each request has a number, from which both sides draw the same fate: what the
server sends, how it ends, when the client stops reading. Each stream's text is a prefix of what was
sent, and all of it if the stream is finished.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from support.cases import Case, Driver
from support.providers import SERVERS

from mirascope import Timeout, errors
from mirascope.testing.loopback import (
    Abort,
    Fault,
    Loopback,
    Request,
    Reset,
    Response,
    Stall,
    Wait,
    in_pieces,
)

FATES = ("whole",) * 6 + (
    *("cut", "abort", "reset", "error", "malformed", "refusal", "stall", "drip"),
    *("break", "break", "cancel", "close"),
)
LEAVING = {"break": "closed", "cancel": "closed", "close": "closed"}
AT_ONCE = 32
ROUND = 1000


@dataclass
class Fate:
    """What becomes of one stream."""

    number: int
    seed: int
    kind: str = field(init=False)
    texts: list[str] = field(init=False)
    leaves_after: int = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed * 1_000_003 + self.number)
        self.kind = self.random.choice(FATES)
        self.texts = [f"{self.number}.{word} " for word in range(self.random.randint(1, 12))]
        self.leaves_after = self.random.randint(1, len(self.texts))

    def answer(self, case: Case) -> Response:
        if self.kind == "refusal":
            return Response.of_json(case.error_body("No."), self.random.choice([400, 429, 503]))
        return Response(self._script(case))

    def _script(self, case: Case) -> Iterator[bytes | Fault]:
        end = [] if self.kind in LEAVING else case.end(3, 2)
        events = [*case.begin, *map(case.text, self.texts)]
        body = b"".join([*events, *end])
        match self.kind:
            case "cut" | "abort" | "reset":
                body = body[: self.random.randrange(len(body))]
            case "error":
                body = b"".join([*events, case.failure])
            case "malformed":
                body = b"".join([*events, b"data: {nonsense\n\n"])
            case "stall":
                body = b"".join(events)
        for piece in in_pieces(body, self.random.choice([7, 100, 1000, 10**6])):
            yield piece
            if self.kind == "drip":
                yield Wait(0.002)
        if self.kind == "stall" or self.kind in LEAVING:
            yield Stall()
        elif self.kind == "abort":
            yield Abort()
        elif self.kind == "reset":
            yield Reset()


def serve(seed: int, pipe: Pipe) -> None:
    """Run the servers until the pipe has a message."""

    def answering(case: Case) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            number = int(request.body.partition(b"Recommend a ")[2].partition(b" ")[0])
            return Fate(number, seed).answer(case)

        return answer

    servers = [Loopback(answering(case)) for case in SERVERS]
    for server in servers:
        server.__enter__()
    pipe.send([server.url for server in servers])
    pipe.recv()
    os._exit(0)


@dataclass
class Soak:
    """The client's side."""

    seed: int
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        options: dict[str, Any] = {"max_retries": 0, "timeout": Timeout(first=20, idle=20)}
        soon: dict[str, Any] = {"max_retries": 0, "timeout": Timeout(first=20, idle=0.3)}
        self._functions = {
            (asynchronous, stalls): [
                Driver(asynchronous=asynchronous).function(case, **(soon if stalls else options))
                for case in SERVERS
            ]
            for asynchronous in (False, True)
            for stalls in (False, True)
        }

    def function(self, fate: Fate, *, asynchronous: bool) -> Callable[[str], Any]:
        functions = self._functions[asynchronous, fate.kind == "stall"]
        return functions[fate.number % len(functions)]

    def read(self, number: int) -> None:
        """Read one stream in a thread."""
        fate = Fate(number, self.seed)
        stream = self.function(fate, asynchronous=False)(str(number))
        texts: list[str] = []
        error: Exception | None = None
        try:
            for chunk, _ in stream:
                texts += [chunk.content] if chunk.content else []
                if fate.kind in LEAVING and len(texts) == fate.leaves_after:
                    if fate.kind == "break":
                        break
                    stream.close()
        except Exception as caught:  # noqa: BLE001  # it is checked below
            error = caught
        self.check(fate, stream, texts, error)

    async def aread(self, number: int) -> None:
        """Read one stream in a task."""
        fate = Fate(number, self.seed)
        stream = await self.function(fate, asynchronous=True)(str(number))
        texts: list[str] = []
        error: BaseException | None = None
        try:
            async for chunk, _ in stream:
                texts += [chunk.content] if chunk.content else []
                if fate.kind in LEAVING and len(texts) == fate.leaves_after:
                    if fate.kind == "break":
                        break
                    if fate.kind == "close":
                        await stream.aclose()
                    else:
                        task = asyncio.current_task()
                        assert task is not None
                        task.cancel()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
        except Exception as caught:  # noqa: BLE001  # it is checked below
            error = caught
        await asyncio.sleep(0)
        await stream.aclose()
        self.check(fate, stream, texts, error)

    def check(self, fate: Fate, stream: Any, texts: list[str], error: BaseException | None) -> None:
        text, sent = "".join(texts), "".join(fate.texts)
        self.states[fate.kind, stream.state] += 1
        finished = stream.state == "finished"
        right = sent.startswith(text) and (text == sent or not finished)
        right &= (error is None) == (finished or stream.state == "closed")
        right &= error is None or isinstance(error, errors.StreamError)
        right &= stream.content == text or stream.state == "closed"
        right &= stream.state == self._expected(fate, stream.state)
        if not right:
            case = SERVERS[fate.number % len(SERVERS)].name
            self.wrong.append(
                f"{fate.number} {case} {fate.kind}: {stream.state} {error!r} {text!r} of {sent!r}"
            )

    @staticmethod
    def _expected(fate: Fate, state: str) -> str:
        if fate.kind in {"whole", "drip"}:
            return "finished"
        if fate.kind in LEAVING:
            return "closed"
        if fate.kind in {"error", "malformed", "refusal", "stall"}:
            return "failed"
        return state  # where the answer was cut decides

    def run(self, numbers: range) -> None:
        """Read streams, so many at a time that what waits to be read takes no memory."""
        for start in range(numbers.start, numbers.stop, ROUND):
            self._run(range(start, min(start + ROUND, numbers.stop)))

    def _run(self, numbers: range) -> None:
        """Read streams, half of them in threads and half in tasks."""
        half = numbers.start + len(numbers) // 2
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self.read, range(numbers.start, half)))

        async def read_all() -> int:
            waiting = iter(range(half, numbers.stop))

            async def work() -> None:
                for number in waiting:
                    await self.aread(number)

            await asyncio.gather(*[work() for _ in range(AT_ONCE)])
            await asyncio.sleep(0.5)
            return len(asyncio.all_tasks())

        tasks = asyncio.run(read_all())
        if tasks != 1:
            self.wrong.append(f"{tasks} tasks were left")


def stock() -> dict[str, int]:
    """Count what this process holds."""
    time.sleep(0.5)  # for the thread of the clocks
    gc.collect()
    links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "sockets": sum("socket:" in link for link in links),
        "threads": threading.active_count(),
        "objects": len(gc.get_objects()),
        "memory, kB": pages * os.sysconf("SC_PAGESIZE") // 1024,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(options.seed, theirs), daemon=True)
    server.start()
    for case, url in zip(SERVERS, ours.recv(), strict=True):
        os.environ[case.key_variable] = "a-key"
        os.environ[case.url_variable] = case.url(url)
    soak = Soak(options.seed)
    warm_up = min(5000, options.streams // 4)
    soak.run(range(warm_up))
    before, began = stock(), time.monotonic()
    soak.run(range(warm_up, options.streams))
    after, seconds = stock(), time.monotonic() - began
    ours.send(None)
    server.join()
    for (kind, state), count in sorted(soak.states.items()):
        print(f"{kind:10} {state:10} {count:6}")
    for name, count in before.items():
        print(f"{name:10} {count:8,} after {warm_up:,} streams, {after[name]:8,} at the end")
    print(f"{options.streams - warm_up:,} streams in {seconds:.0f} seconds, seed {options.seed}")
    print(*soak.wrong[:20], sep="\n")
    grew = {name: after[name] - before[name] for name in before}
    limits = {"sockets": 20, "threads": 2, "objects": 20_000, "memory, kB": 20_000}
    leaks = [f"{name}: {grew[name]:+,}" for name in limits if grew[name] > limits[name]]
    print(*leaks, f"{len(soak.wrong)} wrong, {len(leaks)} leaks", sep="\n")
    return bool(soak.wrong or leaks)


if __name__ == "__main__":
    sys.exit(main())
