"""The benchmark: what a content chunk costs the client, ours against the OpenAI SDK's own loop.

`python bench/run.py` measures and prints; `--check` also holds what it found to `CEILINGS`. The
processor time of the client is what counts, as wall time on loopback is the server's. A ratio is
formed within a round, where its two legs ran within seconds of each other, and the median of those
is told: a machine that is busy for a while slows both sides of a ratio, or spoils a round.

JSON that is read while it comes is held against our own stream that reads the same bytes as plain
text, in documents of several sizes: what a chunk costs must not depend on what came before it.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from replay import pieces

CEILINGS = {  # ratios of processor time, to the SDK's or to plain text; of the import its seconds
    "coalesced, sync": 0.20,
    "coalesced, async": 0.20,
    "a write per event, sync": 0.50,
    "a write per event, async": 0.50,
    "a growing list of models, 200 kB": 3.0,
    "import mirascope": 0.25,
}


class Row(NamedTuple):
    """What a leg costs, held against another one that is sent the same reply."""

    name: str
    reply: str
    base: str
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
SIZES = (50, 100, 200, 400)  # kB
DOCUMENTS = (
    *(
        Row(f"a growing list of models, {n} kB", f"list-{n}", "ours-sync", "books-sync")
        for n in SIZES
    ),
    *(
        Row(f"a growing text in a model, {n} kB", f"text-{n}", "ours-sync", "essay-sync")
        for n in SIZES
    ),
    Row("a tool, 200 kB", "call-200", "pieces-sync", "tools-sync"),
    *(
        Row(f"a growing tool, {n} kB", f"call-{n}", "pieces-sync", "partial-tools-sync")
        for n in SIZES
    ),
)
IMPORTS = ("pass", "import mirascope", "import openai", "from mirascope.core import openai")
IN_A_ROW = 20
HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONHASHSEED": "0"}


class Size(NamedTuple):
    """How much is measured: content chunks of a stream, rounds, and rows of documents."""

    coalesced: int
    per_event: int
    rounds: int
    documents: tuple[Row, ...]

    def model(self, reply: str) -> str:
        """The name of the model that sends a reply of this size; a document has its own."""
        counts = {"coalesced": self.coalesced, "per-event": self.per_event}
        return f"{reply}-{counts[reply]}" if reply in counts else reply


FULL = Size(coalesced=10_000, per_event=700, rounds=7, documents=DOCUMENTS)
CHECK = Size(
    coalesced=4_000,
    per_event=400,
    rounds=5,
    documents=tuple(row for row in DOCUMENTS if row.name in CEILINGS),
)
DOCUMENT_ROUNDS = 3


class Sample(NamedTuple):
    """One stream: seconds of user and system time, how often it waited for data, what it got."""

    cpu: float
    waits: int
    text: str


Round = dict[tuple[str, str], Sample]


class Result(NamedTuple):
    """A row measured: microseconds per content chunk, ratios of the rounds, waits per chunk."""

    name: str
    base: float
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

    def stream(self, model: str) -> Sample:
        print(model, file=self.input, flush=True)
        sample = Sample(**json.loads(self.read()))
        assert sample.text == "".join(pieces(model)), "A leg lost text: its time means nothing."
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


def count_connections(leg: Process, kind: str, url: str) -> int:
    """The connections of a fresh client's first streams, one after the other; also its warm-up."""
    before = connections(url)
    for _ in range(IN_A_ROW):
        leg.stream(f"{kind}-1")
    return connections(url) - before


def kinds(rows: Iterable[Row]) -> dict[str, str]:
    """The legs of some rows, each with a kind of reply that it can read."""
    return {
        leg: row.reply.partition("-")[0] if row in DOCUMENTS else row.reply
        for row in rows
        for leg in (row.base, row.ours)
    }


def measure_rows(
    rows: tuple[Row, ...], count: int, legs: Mapping[str, Process], size: Size
) -> list[Result]:
    keys = dict.fromkeys((row.reply, leg) for row in rows for leg in (row.base, row.ours))
    rounds: list[Round] = [
        {(reply, leg): legs[leg].stream(size.model(reply)) for reply, leg in keys}
        for _ in range(count)
    ]
    return [result(row, rounds, len(pieces(size.model(row.reply)))) for row in rows]


def result(row: Row, rounds: list[Round], count: int) -> Result:
    base = [measured[row.reply, row.base] for measured in rounds]
    ours = [measured[row.reply, row.ours] for measured in rounds]
    return Result(
        name=row.name,
        base=median(sample.cpu for sample in base) / count * 1e6,
        ours=median(sample.cpu for sample in ours) / count * 1e6,
        ratios=tuple(mine.cpu / theirs.cpu for mine, theirs in zip(ours, base, strict=True)),
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
    documents: list[Result]
    imports: dict[str, float]
    connections: dict[str, int]


def measure(size: Size) -> Report:
    with ExitStack() as stack:
        url = stack.enter_context(process("replay.py")).read()
        needed = kinds((*ROWS, *size.documents))
        legs = {leg: stack.enter_context(process("legs.py", leg, f"{url}/v1")) for leg in needed}
        counts = {leg: count_connections(legs[leg], needed[leg], url) for leg in needed}
        results = measure_rows(ROWS, size.rounds, legs, size)
        documents = measure_rows(size.documents, min(size.rounds, DOCUMENT_ROUNDS), legs, size)
    return Report(size, results, documents, {code: import_cpu(code) for code in IMPORTS}, counts)


def table(*rows: tuple[str, ...]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *body, ""])


def machine() -> str:
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    python, sdk = platform.python_version(), version("openai")
    return f"Python {python}, openai {sdk}, {os.cpu_count()} cores, load {load}"


def chunk_rows(title: str, base: str, results: list[Result]) -> Iterator[tuple[str, ...]]:
    yield title, f"{base}, us", "ours, us", "ratio", "ratios seen", "waits", "ceiling"
    for row in results:
        seen = f"{min(row.ratios):.3f}-{max(row.ratios):.3f}"
        ceiling = f"{CEILINGS[row.name]:.2f}" if row.name in CEILINGS else ""
        numbers = f"{row.base:.1f}", f"{row.ours:.1f}", f"{row.ratio:.3f}", seen, f"{row.waits:.2f}"
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
    print(table(*chunk_rows("CPU per content chunk", "SDK", report.results)))
    print(table(*chunk_rows("The same, of JSON that is read", "plain", report.documents)))
    print(table(*import_rows(report.imports)))
    counted = ((leg, str(count)) for leg, count in report.connections.items())
    print(table((f"Connections for {IN_A_ROW} streams in a row", ""), *counted))


def too_high(report: Report) -> list[str]:
    ratios = {row.name: row.ratio for row in (*report.results, *report.documents)}
    found = ratios | report.imports
    return [
        f"{name}: {found[name]:.3f} is above {ceiling:.2f}"
        for name, ceiling in CEILINGS.items()
        if found[name] > ceiling
    ]


def save(report: Report, path: Path) -> None:
    def plain(results: list[Result]) -> list[Mapping[str, object]]:
        return [row._asdict() | {"ratio": row.ratio} for row in results]

    measured = {"results": plain(report.results), "documents": plain(report.documents)}
    size = {"machine": machine(), "size": report.size._asdict()}
    path.write_text(json.dumps(report._asdict() | size | measured, indent=2) + "\n")


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
    size = size._replace(
        coalesced=given.chunks or size.coalesced, rounds=given.rounds or size.rounds
    )
    report = measure(size)
    show(report)
    if given.json:
        save(report, given.json)
    if given.check and (failures := too_high(report)):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
