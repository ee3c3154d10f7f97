"""The parent's side: starts the server and a process for each leg, and asks them in turns."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple, Self

from child import Ask, Sample
from wire import pieces, shortest

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONHASHSEED": "0"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # else each import compiles our source again
PATIENCE = 300  # seconds for one answer
IN_A_ROW = 20


def without_paths(text: str) -> str:
    """The last error that a program told, without the paths of this machine."""
    lines = text.splitlines() or ["it ended"]
    told = [line for line in lines if re.match(r"[\w.]+: ", line)] or lines
    return re.sub(r"\S*/\S+", "...", told[-1])[:200]


class LegError(Exception):
    """A leg that could not go on, and why."""


class Subject(NamedTuple):
    """A leg with a process of its own; whose stream it reads, ours or the SDK's, sync or async."""

    name: str
    leg: str
    driver: str
    provider: str
    python: tuple[str, ...] = (sys.executable,)
    script: str = "legs.py"


class Quantity(NamedTuple):
    """What is measured of a leg."""

    subject: Subject
    how: str
    model: str
    times: int = 1

    @property
    def chunks(self) -> int:
        return len(pieces(self.subject.provider, self.model)) * self.times


def digest(provider: str, model: str) -> str:
    return hashlib.sha256("".join(pieces(provider, model)).encode()).hexdigest()


class Process(NamedTuple):
    """A child that answers a line with a line, and ends when its input does."""

    child: subprocess.Popen[str]
    errors: IO[str]

    def measure(self, quantity: Quantity) -> Sample:
        subject, how, model, times = quantity
        self.send(json.dumps(Ask(subject.leg, subject.driver, how, model, times)))
        sample = Sample(*json.loads(self.read()))
        if sample.texts != [digest(subject.provider, model)]:
            raise LegError("it lost or altered text")
        return sample

    def send(self, line: str) -> None:
        assert self.child.stdin
        try:
            print(line, file=self.child.stdin, flush=True)
        except BrokenPipeError:
            raise LegError(self.reason()) from None

    def read(self) -> str:
        assert self.child.stdout
        guard = threading.Timer(PATIENCE, self.child.kill)
        guard.start()
        try:
            line = self.child.stdout.readline()
        finally:
            guard.cancel()
        if not line:
            raise LegError(self.reason())
        return line.strip()

    def reason(self) -> str:
        if self.child.wait() < 0:
            return f"no answer within {PATIENCE} s"
        self.errors.seek(0)
        text = self.errors.read()
        print(text, file=sys.stderr)
        return without_paths(text)


@contextmanager
def process(python: tuple[str, ...], script: str, *arguments: str) -> Generator[Process]:
    """Run a script; a peer's Python is not to find a checkout of this project."""
    hidden = () if python[-1] == sys.executable else ("PYTHONPATH",)
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [*python, str(HERE / script), *arguments],
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            text=True,
            env={name: ENVIRONMENT[name] for name in ENVIRONMENT if name not in hidden},
        ) as child,
    ):
        yield Process(child, errors)


class Lab:
    """A server, and the processes of subjects, started when they are first named."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._processes: dict[Subject, Process] = {}
        self._warm: dict[Subject, int] = {}

    def __enter__(self) -> Self:
        server = self._stack.enter_context(process((sys.executable,), "replay.py"))
        self.url = server.read()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            if subject not in self._processes:
                started = process(subject.python, subject.script, subject.name, self.url)
                self._processes[subject] = self._stack.enter_context(started)

    def ask(self, quantity: Quantity) -> Sample:
        self.start([quantity.subject])
        return self._processes[quantity.subject].measure(quantity)

    def connections(self) -> int:
        """How many connections have carried an answer so far."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/stats") as answer:
            return int(json.load(answer)["connections"])

    def warm_up(self, subject: Subject, model: str = "coalesced-1") -> int:
        """Read a fresh client's first streams, one after another; tell the connections used."""
        if subject not in self._warm:
            before = self.connections()
            self.ask(Quantity(subject, "whole", model, IN_A_ROW))
            self._warm[subject] = self.connections() - before
        return self._warm[subject]


class Cost(NamedTuple):
    """What one leg costs against another, in the median; the ratios are formed within a round."""

    name: str
    base: float
    ours: float
    ratios: tuple[float, ...]
    waits: float = 0
    target: float | None = None

    @property
    def ratio(self) -> float:
        return median(self.ratios)


class Rounds(NamedTuple):
    """The samples of each quantity, round by round; and what failed on the way."""

    samples: dict[Quantity, list[Sample]]
    failures: dict[Subject, str]

    def ask(self, lab: Lab, quantity: Quantity) -> None:
        self.samples[quantity].append(lab.ask(quantity))

    def cpu(self, quantity: Quantity) -> list[float]:
        """Microseconds per chunk."""
        return [sample.cpu / quantity.chunks * 1e6 for sample in self.samples[quantity]]

    def first(self, quantity: Quantity) -> list[float]:
        """Milliseconds to the first text."""
        return [sample.first * 1e3 for sample in self.samples[quantity]]

    def waits(self, quantity: Quantity) -> float:
        return median(sample.waits for sample in self.samples[quantity]) / quantity.chunks


def measure(lab: Lab, quantities: Iterable[Quantity], count: int) -> Rounds:
    """Ask for all of them in each round, back and forth, so that none always comes first.

    Before the first round all are warm, so that no other process is still starting.
    """
    rounds = Rounds({quantity: [] for quantity in quantities}, {})
    order = list(rounds.samples)
    lab.start(quantity.subject for quantity in order)

    def attempt(do: Callable[[], object], subject: Subject) -> None:
        if subject not in rounds.failures:
            try:
                do()
            except LegError as failed:
                rounds.failures[subject] = str(failed)

    for subject, _, model, _ in order:
        attempt(partial(lab.warm_up, subject, shortest(model)), subject)
    for number in range(count):
        for quantity in reversed(order) if number % 2 else order:
            attempt(partial(rounds.ask, lab, quantity), quantity.subject)
    return rounds


def compare(
    name: str, base: list[float], ours: list[float], waits: float = 0, target: float | None = None
) -> Cost:
    ratios = tuple(mine / theirs for mine, theirs in zip(ours, base, strict=True))
    return Cost(name, median(base), median(ours), ratios, waits, target)
