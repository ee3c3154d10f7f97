"""What runs in a measured process: it is asked to read answers, and tells what that cost.

Each leg has a process of its own, because legs that share one share a heap: the garbage of one
would be collected on another's bill. The process lives for as long as its part of the run, so that
imports, the first request and what an SDK builds lazily are paid before anything is measured, and
the run can still alternate between legs. The collector stays on, as in a user's program, since what
a loop makes it do is a cost of that loop; it only starts from a clean heap each time.

In: an `Ask` as a line of JSON. Out: a `Sample`. A whole call is measured, its request included.
Only the standard library is needed here: peers run this in environments of their own.
"""

import asyncio
import gc
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any, NamedTuple


class Leg(NamedTuple):
    """A way to read a stream.

    `open` and `aopen`, of which one may be missing, ask a model and give the items, sync and async.
    `said` tells the text of an item, `whole` the whole of what was said.
    """

    open: Callable[[str], Iterable[Any]] | None
    aopen: Callable[[str], Any] | None
    said: Callable[[Any], Any] = lambda text: text
    whole: Callable[[Iterable[Any]], str] = "".join


class Ask(NamedTuple):
    """One measurement: which leg, sync or async, how it reads, the model's name, how often."""

    leg: str
    driver: str
    how: str
    model: str
    times: int = 1


class Sample(NamedTuple):
    """What was seen.

    Seconds of user and system time; how often the process slept; the median of the seconds to the
    first text; the most memory that the process ever had, in MB; the texts that came, as digests.
    """

    cpu: float
    waits: int
    first: float
    peak: float
    texts: list[str]


class Heard(NamedTuple):
    texts: "list[str | hashlib._Hash]"
    firsts: tuple[float, ...] = ()


class Sync:
    """The ways to read a leg."""

    def __init__(self, leg: Leg) -> None:
        assert leg.open
        self.open, self.said, self.join = leg.open, leg.said, leg.whole

    def whole(self, ask: Ask) -> Heard:
        """One answer after the other."""
        return Heard([self.join(map(self.said, self.open(ask.model))) for _ in range(ask.times)])

    def first(self, ask: Ask) -> Heard:
        """The same, with an eye on the first text of each."""
        heard = [self._first(ask.model) for _ in range(ask.times)]
        return Heard([text for text, _ in heard], tuple(first for _, first in heard))

    def _first(self, model: str) -> tuple[str, float]:
        start = time.perf_counter()
        texts = map(self.said, self.open(model))
        beginning = next(filter(None, texts))
        first = time.perf_counter() - start
        return beginning + self.join(texts), first

    def forgetful(self, ask: Ask) -> Heard:
        """An answer of which nothing is kept."""
        text = hashlib.sha256()
        for item in self.open(ask.model):
            text.update(self.said(item).encode())
        return Heard([text])


class Async:
    """The same, in one event loop."""

    def __init__(self, leg: Leg, runner: asyncio.Runner) -> None:
        assert leg.aopen
        self.open, self.said, self.join = leg.aopen, leg.said, leg.whole
        self.runner = runner

    def whole(self, ask: Ask) -> Heard:
        return Heard([self.runner.run(self._whole(ask.model)) for _ in range(ask.times)])

    async def _whole(self, model: str) -> str:
        said = self.said
        return self.join([said(item) async for item in await self.open(model)])

    def first(self, ask: Ask) -> Heard:
        heard = [self.runner.run(self._first(ask.model)) for _ in range(ask.times)]
        return Heard([text for text, _ in heard], tuple(first for _, first in heard))

    async def _first(self, model: str) -> tuple[str, float]:
        start = time.perf_counter()
        first, texts = 0.0, []
        async for item in await self.open(model):
            texts.append(self.said(item))
            if not first and texts[-1]:
                first = time.perf_counter() - start
        return self.join(texts), first

    def together(self, ask: Ask) -> Heard:
        """All answers at the same time."""
        return Heard(self.runner.run(self._together(ask)))

    async def _together(self, ask: Ask) -> list[Any]:
        return await asyncio.gather(*(self._whole(ask.model) for _ in range(ask.times)))

    def forgetful(self, ask: Ask) -> Heard:
        return Heard([self.runner.run(self._forgetful(ask.model))])

    async def _forgetful(self, model: str) -> Any:
        text = hashlib.sha256()
        async for item in await self.open(model):
            text.update(self.said(item).encode())
        return text


def digest(said: "str | hashlib._Hash") -> str:
    return (hashlib.sha256(said.encode()) if isinstance(said, str) else said).hexdigest()


FREEZE = "MIRASCOPE_BENCH_FREEZE"
"""Set where collections are not to go through what the SDKs' modules hold: they come by chance."""


def measure(ask: Ask, reader: Sync | Async) -> Sample:
    read: Callable[[Ask], Heard] = getattr(reader, ask.how)
    gc.collect()
    if FREEZE in os.environ:
        gc.freeze()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    start = time.process_time()
    heard = read(ask)
    cpu = time.process_time() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Sample(
        cpu=cpu,
        waits=usage.ru_nvcsw - before,
        first=median(heard.firsts or (0.0,)),
        peak=usage.ru_maxrss / 1000,
        texts=list({digest(text) for text in heard.texts}),
    )


def serve(legs: Mapping[str, Leg]) -> None:
    """Answer what is asked, line by line; what a library prints goes to the errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            ask = Ask(*json.loads(line))
            leg = legs[ask.leg]
            reader = Sync(leg) if ask.driver == "sync" else Async(leg, runner)
            print(json.dumps(measure(ask, reader)), file=answers, flush=True)
