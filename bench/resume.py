"""How fast logs are: 200 generations at once, of 25 chunks a second each, and a reader of each.

``python bench/resume.py`` runs it for SQLite and for Redis, with one process that writes and one
that reads, and prints a row for each: that nothing was lost, how long a chunk took from the writer
to the reader, the CPU of both processes for each chunk, and by how much a generation enlarged the
writer. docs/places/resume.md has the figures.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mirascope import resume
from mirascope.resume._engine import engine
from mirascope.resume._generation import Generation, Options
from mirascope.resume._shutdown import watch

GENERATIONS, CHUNKS, PAUSE = 200, 250, 0.04
PADDING = "x" * 60
START = b'["start"]\n["begin_step"]\n["begin_text"]\n'


def store_of(kind: str, place: str) -> resume.Store:
    return resume.Redis(place) if kind == "redis" else resume.SQLite(place)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory() -> int:
    """Return the largest size of this process so far, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def write(kind: str, place: str, started: Any, results: Any) -> None:
    """Feed all generations at their pace."""

    async def generate(store: resume.Store, number: int) -> Generation:
        log, runs_in = store._log(f"chat{number}")  # noqa: SLF001  # no stream is to be measured
        lease = await runs_in.awaited(log.acquire(f"chat{number}", seconds=5.0, keep=600.0))
        assert lease is not None
        generation = Generation(runs_in, log, lease, Options())
        watch(generation, runs_in)
        generation.feed(START)
        return generation

    async def feed(generation: Generation, number: int) -> None:
        await asyncio.sleep(PAUSE * number / GENERATIONS)
        begin = time.monotonic()
        for chunk in range(CHUNKS):
            await asyncio.sleep(max(0.0, begin + chunk * PAUSE - time.monotonic()))
            text = json.dumps(f"{time.time():.6f} {PADDING}\n").encode()
            generation.feed(b'["text",%b]\n' % text)
        generation.feed(b'["end_text"]\n["end_step"]\n["finish","stop",null,null,null]\n')

    async def main() -> None:
        store = store_of(kind, place)
        generations = [await generate(store, number) for number in range(GENERATIONS)]
        started.set()
        await asyncio.sleep(1)
        before, held = cpu(), memory()
        await asyncio.gather(*(feed(each, number) for number, each in enumerate(generations)))
        await engine().awaited(_all_done(generations))
        results.put((cpu() - before, memory() - held))

    asyncio.run(main())


async def _all_done(generations: list[Generation]) -> None:
    for generation in generations:
        await generation.done.wait()


def read(kind: str, place: str, started: Any, results: Any) -> None:
    """Read all generations, each on its own."""
    took: list[float] = []

    async def follow(store: resume.Store, number: int) -> int:
        lines = 0
        async for event in store.read(f"chat{number}"):
            if event.name == "text":
                now = time.time()
                for line in event.values[0].splitlines():
                    took.append(now - float(line.split()[0]))
                    lines += 1
        assert event.name == "finish"
        return lines

    async def main() -> None:
        started.wait()
        store = store_of(kind, place)
        before = cpu()
        counts = await asyncio.gather(*(follow(store, number) for number in range(GENERATIONS)))
        took.sort()
        lost = GENERATIONS * CHUNKS - sum(counts)
        p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
        results.put((lost, p50, p99, took[-1] * 1000, cpu() - before))

    asyncio.run(main())


def measure(kind: str, place: str) -> None:
    context = multiprocessing.get_context("spawn")
    started, written, seen = context.Event(), context.Queue(), context.Queue()
    processes = [
        context.Process(target=write, args=(kind, place, started, written)),
        context.Process(target=read, args=(kind, place, started, seen)),
    ]
    for process in processes:
        process.start()
    writer, held = written.get()
    lost, p50, p99, worst, reader = seen.get()
    for process in processes:
        process.join()
    each = [seconds / (GENERATIONS * CHUNKS) * 1e6 for seconds in (writer, reader)]
    cells = [f"{cell:.0f}" for cell in (lost, p50, p99, worst, *each, held / GENERATIONS)]
    print(f"| {kind} | {' | '.join(cells)} |")


def main() -> None:
    print("| store | lost | p50, ms | p99, ms | worst, ms | writer, us | reader, us | held, KB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", str(Path(folder) / "streams.db"))
        if shutil.which("redis-server") is None:
            sys.exit("redis-server is missing")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)  # noqa: S607
        try:
            time.sleep(1)
            measure("redis", f"redis://127.0.0.1:{port}/0")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
