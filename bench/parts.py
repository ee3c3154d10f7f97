"""What is measured: each part of the benchmark, and what it is to keep to.

The targets are what the project set itself; where a row misses one, the page shows that.
"""

import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from lab import (
    ENVIRONMENT,
    Cost,
    Lab,
    Quantity,
    Rounds,
    Subject,
    compare,
    measure,
)
from wire import WIRES, pieces

DRIVERS = ("sync", "async")
LEGS = ("sdk", "ours")
COALESCED, PER_EVENT = "coalesced", "a write per event"
TOUCHED, GIVEN = "every `chunk.chunk`", "on the SDK's client"


# Ratios of CPU per chunk: sync and async for coalesced, sync and async for a write per event.
TO_SDK = {
    "openai": (0.12, 0.10, 0.20, 0.17),
    "openai_responses": (0.12, 0.10, 0.35, 0.40),
    "anthropic": (0.45, 0.30, 0.38, 0.32),
    "cohere": (0.12, 0.10, 0.25, 0.25),
    "gemini": (0.12, 0.10, 0.20, 0.20),
    "groq": (0.12, 0.10, 0.20, 0.17),
    "mistral": (0.03, 0.03, 0.09, 0.09),
}
TO_FLOOR = {
    "openai": (1.6, 1.7, 1.6, 1.35),
    "anthropic": (1.8, 1.8, 1.7, 1.4),
    "cohere": (2.0, 2.0, 1.8, 1.5),
    "gemini": (2.0, 2.0, 1.8, 1.5),
    "groq": (1.6, 1.7, 1.6, 1.35),
    "mistral": (2.0, 2.0, 1.8, 1.5),
}


def targets(ratios: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
    """The ratios by the rows' names."""
    cases = [(driver, mode) for mode in (COALESCED, PER_EVENT) for driver in DRIVERS]
    return {
        f"{provider}, {driver}, {mode}": ratio
        for provider, some in ratios.items()
        for (driver, mode), ratio in zip(cases, some, strict=True)
    }


TYPED = {f"openai, {driver}, {COALESCED}, {TOUCHED}": 0.20 for driver in DRIVERS}
TARGETS = {"sdk": targets(TO_SDK) | TYPED, "floor": targets(TO_FLOOR)}
TOGETHER, IMPORT, GROWTH = 0.35, 0.15, 2.0
ADDED, SHOWN = 6.0, 60.0  # microseconds


class Size(NamedTuple):
    """How much is measured: chunks of a stream, rounds, kB of documents, calls, streams at once."""

    coalesced: int
    per_event: int
    rounds: int
    documents: tuple[int, ...]
    document_rounds: int
    calls: int
    together: tuple[tuple[int, int, int], ...]  # streams, chunks of each, ms between two
    memory: tuple[int, int]
    imports: int
    peer_coalesced: int
    peer_per_event: int
    peer_calls: int
    peer_rounds: int


FULL = Size(
    coalesced=5000,
    per_event=500,
    rounds=7,
    documents=(50, 100, 200, 400),
    document_rounds=3,
    calls=100,
    together=((100, 100, 40), (500, 100, 200)),
    memory=(20_000, 200_000),
    imports=5,
    peer_coalesced=2000,
    peer_per_event=300,
    peer_calls=20,
    peer_rounds=5,
)
SMALL = Size(
    coalesced=300,
    per_event=50,
    rounds=2,
    documents=(5, 200),
    document_rounds=1,
    calls=5,
    together=((20, 10, 10),),
    memory=(2_000, 20_000),
    imports=1,
    peer_coalesced=200,
    peer_per_event=30,
    peer_calls=3,
    peer_rounds=2,
)
CHECK = SMALL._replace(coalesced=4000, per_event=400, rounds=5, documents=(200,), imports=3)


def coalesced(count: int) -> str:
    return f"coalesced-{count}"


def per_event(count: int) -> str:
    return f"every-1.3-{count}"


def subject(provider: str, leg: str, driver: str) -> Subject:
    return Subject(provider, leg, driver, provider)


class Row(NamedTuple):
    """A leg that is held against another."""

    name: str
    base: Quantity
    ours: Quantity
    target: float | None = None


def row(
    name: str,
    leg: Subject,
    how: str,
    model: str,
    *,
    times: int = 1,
    base: str = "sdk",
    target: float | None = None,
) -> Row:
    """A leg against another of the same provider and driver, which does the same."""
    held, ours = (Quantity(each, how, model, times) for each in (leg._replace(leg=base), leg))
    return Row(name, held, ours, target)


def measured(lab: Lab, rows: Iterable[Row], count: int) -> Rounds:
    """Measure both legs of rows; one that fails ends the run."""
    rounds = measure(lab, (quantity for each in rows for quantity in (each.base, each.ours)), count)
    for failed, reason in rounds.failures.items():
        sys.exit(f"{failed.name}, {failed.leg}, {failed.driver}: {reason}")
    return rounds


def costs(rounds: Rounds, rows: Iterable[Row]) -> list[Cost]:
    """CPU per chunk."""
    return [
        compare(
            each.name,
            rounds.cpu(each.base),
            rounds.cpu(each.ours),
            rounds.waits(each.ours),
            each.target,
        )
        for each in rows
    ]


class Chunks(NamedTuple):
    """CPU per content chunk against the SDK's own loop, and against the floor.

    On the default clients of both; with the SDK's typed object of every chunk; and with ours on the
    SDK's client.
    """

    ours: list[Cost]
    floor: list[Cost]
    touched: list[Cost]
    given: list[Cost]


def chunks(lab: Lab, size: Size, providers: Sequence[str] = tuple(WIRES)) -> Chunks:
    def rows(
        provider: str, mode: str, model: str, leg: str, *variant: str, base: str = "sdk"
    ) -> Iterator[Row]:
        for driver in DRIVERS:
            name = ", ".join((provider, driver, mode, *variant))
            ours = subject(provider, leg, driver)
            yield row(name, ours, "whole", model, base=base, target=TARGETS[base].get(name))

    at_once = COALESCED, coalesced(size.coalesced)
    live = PER_EVENT, per_event(size.per_event)
    ours, floor = (
        [
            each
            for name in providers
            for mode in (at_once, live)
            for each in rows(name, *mode, "ours", base=base)
        ]
        for base in ("sdk", "floor")
    )
    typed = [each for name in providers for each in rows(name, *at_once, "touched", TOUCHED)]
    given = [each for mode in (at_once, live) for each in rows("openai", *mode, "given", GIVEN)]
    in_turns = chain.from_iterable(zip(ours, floor, strict=True))
    rounds = measured(lab, [*in_turns, *typed, *given], size.rounds)
    return Chunks(*(costs(rounds, some) for some in (ours, floor, typed, given)))


DOCUMENTS = (  # with the microseconds that each may add
    ("a growing list of models", "list", "ours", "books", 8.0),
    ("a growing text in a model", "text", "ours", "essay", 8.0),
    ("a complete tool", "call", "pieces", "tool", 8.0),
    ("a growing tool", "call", "pieces", "growing-tool", 20.0),
)


def documents(lab: Lab, size: Size) -> list[Cost]:
    """JSON that is read while it comes, against the same bytes as plain text."""
    rows = [
        row(
            f"{name}, {kb} kB",
            subject("openai", leg, "sync"),
            "whole",
            f"{kind}-{kb}",
            base=base,
            target=added if kb == 200 else None,
        )
        for name, kind, base, leg, added in DOCUMENTS
        for kb in size.documents
    ]
    return costs(measured(lab, rows, size.document_rounds), rows)


PAGES = ("sse.events", "ai_sdk.events")


def pages(lab: Lab, size: Size) -> list[Cost]:
    """Events for a web page, against our own stream that they are made of."""
    rows = [
        row(
            f"{leg}, {driver}",
            subject("openai", leg, driver),
            "whole",
            coalesced(size.coalesced),
            base="ours",
        )
        for leg in PAGES
        for driver in DRIVERS
    ]
    return costs(measured(lab, rows, size.rounds), rows)


def screens(lab: Lab, size: Size) -> list[Cost]:
    """Markdown on a terminal, against our own stream that is shown."""
    rows = [
        row(
            f"show, {driver}, {kb} kB",
            subject("openai", "show", driver),
            "whole",
            f"markdown-{kb}",
            base="ours",
        )
        for driver in DRIVERS
        for kb in size.documents
    ]
    return costs(measured(lab, rows, size.document_rounds), rows)


class Call(NamedTuple):
    """A short call: milliseconds to the first text, and microseconds of CPU in all."""

    name: str
    first: Cost
    cpu: Cost


def calls(lab: Lab, size: Size) -> list[Call]:
    """What a call costs apart from its chunks: a stream of one."""
    rows = [
        row(
            f"{provider}, {driver}",
            subject(provider, "ours", driver),
            "first",
            coalesced(1),
            times=size.calls,
            target=1,
        )
        for provider in WIRES
        for driver in DRIVERS
    ]
    rounds = measured(lab, rows, size.rounds)
    return [
        Call(
            each.name,
            compare(
                each.name, rounds.first(each.base), rounds.first(each.ours), target=each.target
            ),
            compare(each.name, rounds.cpu(each.base), rounds.cpu(each.ours)),
        )
        for each in rows
    ]


def together(lab: Lab, size: Size) -> list[Cost]:
    """Async streams at the same time, in one event loop."""
    rows = [
        row(
            f"{streams} streams, {1000 / rest:.0f} chunks a second each",
            subject("openai", "ours", "async"),
            "together",
            f"every-{rest}-{count}",
            times=streams,
            target=TOGETHER,
        )
        for streams, count, rest in size.together
    ]
    return costs(measured(lab, rows, size.document_rounds), rows)


class Memory(NamedTuple):
    """How much the most memory that a process ever had grows with the length of a stream, in MB."""

    name: str
    sdk: float
    ours: float
    text: float


def memory(size: Size) -> list[Memory]:
    """The growth between a short and a long stream, in processes that did nothing before."""

    def growth(leg: str, driver: str) -> float:
        with Lab() as lab:
            asked = subject("openai", leg, driver)
            short, long = (Quantity(asked, "forgetful", coalesced(count)) for count in size.memory)
            lab.ask(short)
            before = lab.ask(short).peak
            return lab.ask(long).peak - before

    before, after = ("".join(pieces("openai", coalesced(count))) for count in size.memory)
    text = (len(after.encode()) - len(before.encode())) / 1e6
    return [
        Memory(driver, growth("sdk", driver), growth("ours", driver), text) for driver in DRIVERS
    ]


class Connections(NamedTuple):
    """How many connections streams in a row use."""

    name: str
    sdk: int
    ours: int


def connections(lab: Lab) -> list[Connections]:
    lab.start(subject(each, leg, driver) for each in WIRES for leg in LEGS for driver in DRIVERS)
    return [
        Connections(
            f"{provider}, {driver}",
            sdk=lab.warm_up(subject(provider, "sdk", driver)),
            ours=lab.warm_up(subject(provider, "ours", driver)),
        )
        for provider in WIRES
        for driver in DRIVERS
    ]


SDK_IMPORTS = {
    **{provider: f"import {provider}" for provider in WIRES},
    "cohere": "from cohere import ClientV2",
    "gemini": "from google import genai",
    "mistral": "from mistralai.client import Mistral",
    "openai_responses": "import openai",
}


class Imported(NamedTuple):
    """Seconds of CPU for an import in a fresh interpreter, less those of the bare one."""

    statement: str
    seconds: float
    target: float | None = None


def imports(size: Size, providers: Sequence[str] = tuple(WIRES)) -> list[Imported]:
    """The best of a few fresh interpreters."""

    def cpu(statement: str) -> float:
        def without_retries() -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", statement], check=True, env=ENVIRONMENT)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        return min(without_retries() for _ in range(size.imports))

    bare = cpu("pass")
    statements = ["import mirascope"]
    for provider in providers:
        statements += [SDK_IMPORTS[provider], f"from mirascope.core import {provider}"]
    limits = {"import mirascope": IMPORT}
    return [Imported(each, cpu(each) - bare, limits.get(each)) for each in statements]
