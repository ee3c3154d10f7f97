"""The benchmark: what a content chunk costs the client, ours against the OpenAI SDK's own loop.

`python bench/run.py` measures and prints; `--check` also holds what it found to `CEILINGS`. The
processor time of the client is what counts, as wall time on loopback is the server's. A ratio is
formed within a round, where its two legs ran within seconds of each other, and the median of those
is told: a machine that is busy for a while slows both sides of a ratio, or spoils a round.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from replay import words

CEILINGS = {  # ratios of processor time, ours to the SDK's; of the import its seconds
    "coalesced, sync": 0.20,
    "coalesced, async": 0.20,
    "a write per event, sync": 0.50,
    "a write per event, async": 0.50,
    "import mirascope": 0.25,
}


class Row(NamedTuple):
    name: str
    mode: str
    sdk: str
    ours: str


ROWS = (
    Row("coalesced, sync", "coalesced", "sdk-sync", "ours-sync"),
    Row("coalesced, sync, every `chunk.chunk`", "coalesced", "sdk-sync", "touched-sync"),
    Row("coalesced, async", "coalesced", "sdk-async", "ours-async"),
    Row("coalesced, async, on httpx2", "coalesced", "sdk-async", "httpx2-async"),
    Row("a write per event, sync", "per-event", "sdk-sync", "ours-sync"),
    Row("a write per event, async", "per-event", "sdk-async", "ours-async"),
    Row("a write per event, async, on httpx2", "per-event", "sdk-async", "httpx2-async"),
)
LEGS = tuple(dict.fromkeys(leg for row in ROWS for leg in (row.sdk, row.ours)))
IMPORTS = ("pass", "import mirascope", "import openai", "from mirascope.core import openai")
IN_A_ROW = 20
HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONHASHSEED": "0"}


class Size(NamedTuple):
    """How much is measured: content chunks of a stream in each mode, and rounds."""

    coalesced: int
    per_event: int
    rounds: int

    def of(self, mode: str) -> int:
        return self.coalesced if mode == "coalesced" else self.per_event


FULL = Size(coalesced=10_000, per_event=700, rounds=7)
CHECK = Size(coalesced=4_000, per_event=400, rounds=5)


class Sample(NamedTuple):
    """One stream: seconds of user and system time, how often it waited for data, what it got."""

    cpu: float
    waits: int
    text: str


Round = dict[tuple[str, str], Sample]


class Result(NamedTuple):
    """A row measured: microseconds per content chunk, ratios of the rounds, waits per chunk."""

    name: str
    sdk: float
    ours: float
    ratios: tuple[float, ...]
    waits: float

    @property
    def ratio(self) -> float:
        return median(self.ratios)


class Process:
    """A child that answers a line with a line, and ends when its input does."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.input, self.output = process.stdin, process.stdout

    def read(self) -> str:
        if line := self.output.readline():
            return line.strip()
        sys.exit("A process of the benchmark ended early; its error is above.")

    def stream(self, mode: str, count: int) -> Sample:
        print(f"{mode}-{count}", file=self.input, flush=True)
        sample = Sample(**json.loads(self.read()))
        assert sample.text == "".join(words(count)), "A leg lost text: its time means nothing."
        return sample


@contextmanager
def process(script: str, *arguments: str) -> Generator[Process]:
    command = [sys.executable, str(HERE / script), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=ENVIRONMENT) as child:
        yield Process(child)


def connections(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/stats") as answer:
        return int(json.load(answer)["connections"])


def count_connections(leg: Process, url: str) -> int:
    """The connections of a fresh client's first streams, one after the other; also its warm-up."""
    before = connections(url)
    for _ in range(IN_A_ROW):
        leg.stream("coalesced", 20)
    return connections(url) - before


def measure_round(legs: Mapping[str, Process], size: Size) -> Round:
    keys = dict.fromkeys((row.mode, leg) for row in ROWS for leg in (row.sdk, row.ours))
    return {(mode, leg): legs[leg].stream(mode, size.of(mode)) for mode, leg in keys}


def result(row: Row, rounds: list[Round], size: Size) -> Result:
    sdk = [measured[row.mode, row.sdk] for measured in rounds]
    ours = [measured[row.mode, row.ours] for measured in rounds]
    count = size.of(row.mode)
    return Result(
        name=row.name,
        sdk=median(sample.cpu for sample in sdk) / count * 1e6,
        ours=median(sample.cpu for sample in ours) / count * 1e6,
        ratios=tuple(mine.cpu / theirs.cpu for mine, theirs in zip(ours, sdk, strict=True)),
        waits=median(sample.waits for sample in ours) / count,
    )


def import_cpu(statement: str) -> float:
    """Processor time of a fresh interpreter that runs the statement, the best of five."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, env=ENVIRONMENT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


class Report(NamedTuple):
    size: Size
    results: list[Result]
    imports: dict[str, float]
    connections: dict[str, int]


def measure(size: Size) -> Report:
    with ExitStack() as stack:
        url = stack.enter_context(process("replay.py")).read()
        legs = {leg: stack.enter_context(process("legs.py", leg, f"{url}/v1")) for leg in LEGS}
        counts = {leg: count_connections(legs[leg], url) for leg in LEGS}
        rounds = [measure_round(legs, size) for _ in range(size.rounds)]
    results = [result(row, rounds, size) for row in ROWS]
    return Report(size, results, {code: import_cpu(code) for code in IMPORTS}, counts)


def table(*rows: tuple[str, ...]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *body, ""])


def machine() -> str:
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    python, sdk = platform.python_version(), version("openai")
    return f"Python {python}, openai {sdk}, {os.cpu_count()} cores, load {load}"


def chunk_rows(results: list[Result]) -> Iterator[tuple[str, ...]]:
    yield "CPU per content chunk", "SDK, us", "ours, us", "ratio", "ratios seen", "waits", "ceiling"
    for row in results:
        seen = f"{min(row.ratios):.3f}-{max(row.ratios):.3f}"
        ceiling = f"{CEILINGS[row.name]:.2f}" if row.name in CEILINGS else ""
        numbers = f"{row.sdk:.1f}", f"{row.ours:.1f}", f"{row.ratio:.3f}", seen, f"{row.waits:.2f}"
        yield row.name, *numbers, ceiling


def import_rows(imports: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    yield "Fresh interpreter", "CPU, s", "less the bare one", "ceiling"
    for code, cpu in imports.items():
        ceiling = f"{CEILINGS[code]:.2f}" if code in CEILINGS else ""
        yield f"`{code}`", f"{cpu:.3f}", f"{cpu - imports['pass']:.3f}", ceiling


def show(report: Report) -> None:
    print(machine())
    print(
        f"{report.size.coalesced} and {report.size.per_event} chunks, {report.size.rounds} rounds\n"
    )
    print(table(*chunk_rows(report.results)))
    print(table(*import_rows(report.imports)))
    counted = ((leg, str(count)) for leg, count in report.connections.items())
    print(table((f"Connections for {IN_A_ROW} streams in a row", ""), *counted))


def too_high(report: Report) -> list[str]:
    found = {row.name: row.ratio for row in report.results} | report.imports
    return [
        f"{name}: {found[name]:.3f} is above {ceiling:.2f}"
        for name, ceiling in CEILINGS.items()
        if found[name] > ceiling
    ]


def save(report: Report, path: Path) -> None:
    results = [row._asdict() | {"ratio": row.ratio} for row in report.results]
    whole = report._asdict() | {"machine": machine(), "size": report.size._asdict()}
    path.write_text(json.dumps(whole | {"results": results}, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="CPU per content chunk, ours and the SDK's.")
    parser.add_argument("--chunks", type=int, help="content chunks of a coalesced stream")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers here")
    parser.add_argument("--check", action="store_true", help="measure less; fail above a ceiling")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    size = CHECK if given.check else FULL
    size = Size(given.chunks or size.coalesced, size.per_event, given.rounds or size.rounds)
    report = measure(size)
    show(report)
    if given.json:
        save(report, given.json)
    if given.check and (failures := too_high(report)):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
