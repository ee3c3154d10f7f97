"""The page of a run, in Markdown."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lab import IN_A_ROW, Cost
from others import PeerCost, Peers
from parts import (
    ADDED,
    COALESCED,
    DRIVERS,
    GROWTH,
    PER_EVENT,
    SHOWN,
    Call,
    Chunks,
    Connections,
    Imported,
    Memory,
    Size,
)

Cells = tuple[str, ...]


class Report(NamedTuple):
    """What a run found; a part that was left out is `None`."""

    date: str
    processor: str
    cores: int
    system: str
    python: str
    load: tuple[float, float]
    minutes: float
    versions: dict[str, str]
    size: Size
    chunks: Chunks | None = None
    calls: list[Call] | None = None
    together: list[Cost] | None = None
    documents: list[Cost] | None = None
    pages: list[Cost] | None = None
    screens: list[Cost] | None = None
    memory: list[Memory] | None = None
    imports: list[Imported] | None = None
    connections: list[Connections] | None = None
    peers: Peers | None = None

    def missing(self) -> list[str]:
        return [name for name, part in self._asdict().items() if part is None]


def table(head: str, rows: Iterable[Cells]) -> str:
    names = head.split(" | ")
    lines = (f"| {' | '.join(cells)} |" for cells in (names, *rows))
    first = next(lines)
    return "\n".join([first, "|---" * len(names) + "|", *lines]) + "\n"


def held(value: float, target: float | None, form: str = ".2f") -> Cells:
    """A value, marked where it misses its target, and the target."""
    if target is None:
        return f"{value:{form}}", ""
    told = f"{value:{form}}"
    return (f"**{told}**" if value > target else told), f"{target:{form}}"


def ratio_cells(cost: Cost) -> Cells:
    ratio, target = held(cost.ratio, cost.target, ".3f")
    return ratio, f"{min(cost.ratios):.3f} - {max(cost.ratios):.3f}", target


def cost_rows(costs: Iterable[Cost]) -> Iterator[Cells]:
    for cost in costs:
        numbers = f"{cost.base:.1f}", f"{cost.ours:.1f}"
        yield cost.name, *numbers, *ratio_cells(cost), f"{cost.waits:.2f}"


def floor_rows(chunks: Chunks) -> Iterator[Cells]:
    for cells, cost in zip(cost_rows(chunks.ours), chunks.floor, strict=True):
        yield *cells, f"{cost.base:.1f}", *held(cost.ratio, cost.target)


def chunk_tables(report: Report, chunks: Chunks) -> Iterator[str]:
    head = " | SDK, us | ours, us | ratio | range | target | waits"
    with_floor = f"{head} | floor, us | ours / floor | target"
    size = report.size
    yield f"""## CPU per content chunk

Microseconds of CPU time (user and system) of the client process, the request included.
*Coalesced*: {size.coalesced} chunks that are there at once. *A write per event*: {size.per_event}
chunks, one every 1.3 ms, as a model sends them. Both sides use their default client: the one that
the SDK makes, and the one that our call makes. The *floor* reads the same response from a bare
socket, splits it at blank lines, decodes each event with `pydantic_core.from_json` and joins the
text. It does nothing else. Async, it is an `asyncio.Protocol` that wakes its reader once per read.
"""
    yield table(with_floor, floor_rows(chunks))
    yield "If the loop reads every `chunk.chunk`, the SDK's typed object:\n"
    yield table(head, cost_rows(chunks.touched))
    yield "Our call with the SDK's own client. Only the transport differs:\n"
    yield table(head, cost_rows(chunks.given))


def document_table(costs: list[Cost]) -> Iterator[str]:
    yield """## Structured streams and tools

Microseconds per chunk of four characters. *Plain* is our own stream that reads the same bytes as
text, or as the deltas of a tool call. Each partial value is a separate object, so the growing text
or list is copied when you read it. For this reason, longer responses cost a little more per chunk.
"""
    head = " | plain, us | read, us | ratio | added, us | target"
    yield table(head, document_rows(costs))


def document_rows(costs: Iterable[Cost]) -> Iterator[Cells]:
    for cost in costs:
        numbers = f"{cost.base:.1f}", f"{cost.ours:.1f}", f"{cost.ratio:.2f}"
        yield cost.name, *numbers, *held(cost.ours - cost.base, cost.target, ".1f")


def page_table(report: Report, costs: list[Cost]) -> Iterator[str]:
    yield f"""## Events for a web page

Microseconds per chunk of OpenAI's, for {report.size.coalesced} chunks that are there at once: for
our stream alone, and with the events that a browser reads.
"""
    head = " | the stream, us | the events, us | added, us | target"
    yield table(head, added_rows(costs, ADDED))


def added_rows(costs: Iterable[Cost], target: float) -> Iterator[Cells]:
    for cost in costs:
        numbers = f"{cost.base:.1f}", f"{cost.ours:.1f}"
        yield cost.name, *numbers, *held(cost.ours - cost.base, target, ".1f")


def screen_table(costs: list[Cost]) -> Iterator[str]:
    yield """## Markdown on a terminal

Microseconds per chunk of four characters, for Markdown that is there at once: for our stream alone,
and with `show` on a terminal of 100 columns and 40 lines.
"""
    head = " | the stream, us | shown, us | added, us | target"
    yield table(head, added_rows(costs, SHOWN))


def call_table(report: Report, calls: list[Call]) -> Iterator[str]:
    yield f"""## The fixed cost of a call

{report.size.calls} streams of one chunk, one after another, in each round: milliseconds of wall
time until the first text, and milliseconds of CPU time for the complete call.
"""
    head = " | SDK, first | ours, first | ratio | range | target | SDK, CPU | ours, CPU | ratio"
    yield table(
        head,
        (
            (
                call.name,
                f"{call.first.base:.2f}",
                f"{call.first.ours:.2f}",
                *ratio_cells(call.first),
                f"{call.cpu.base / 1e3:.2f}",
                f"{call.cpu.ours / 1e3:.2f}",
                f"{call.cpu.ratio:.2f}",
            )
            for call in calls
        ),
    )


def together_table(costs: list[Cost]) -> Iterator[str]:
    yield """## Streams at the same time

Async streams of OpenAI's in one event loop: seconds of CPU time per million chunks, requests
included.
"""
    head = " | SDK | ours | ratio | range | target | waits"
    yield table(head, cost_rows(costs))


def memory_table(report: Report, memory: list[Memory]) -> Iterator[str]:
    few, many = report.size.memory
    yield f"""## Memory

The table compares two streams of OpenAI's, of {few:,} and {many:,} chunks. It shows how much more
peak memory (`ru_maxrss`) the longer one needs, in MB. The loop itself keeps nothing. Our stream
keeps the text (`stream.content`). The SDK's stream does not.
"""
    rows = (
        (
            each.name,
            f"{each.sdk:.1f}",
            *held(each.ours, each.text + GROWTH, ".1f"),
            f"{each.text:.1f}",
        )
        for each in memory
    )
    yield table(" | SDK | ours | target | the text", rows)


def connection_table(connections: list[Connections]) -> Iterator[str]:
    yield f"## Connections\n\nHow many connections {IN_A_ROW} streams use, one after another.\n"
    rows = ((each.name, str(each.sdk), *held(each.ours, 1, ".0f")) for each in connections)
    yield table(" | SDK | ours | target", rows)


def import_table(report: Report, imports: list[Imported]) -> Iterator[str]:
    yield f"""## Imports

Seconds of CPU time in a new interpreter, without the start of the interpreter. The best of
{report.size.imports} runs.
"""
    rows = ((f"`{each.statement}`", *held(each.seconds, each.target, ".3f")) for each in imports)
    yield table(" | CPU, s | target", rows)


def peer_row(cost: PeerCost) -> Cells:
    modes = (
        cell
        for mode in (cost.coalesced, cost.per_event)
        for cell in (f"{mode.us:.0f}", f"{mode.newest:.2f}", f"{mode.own:.2f}")
    )
    return f"{cost.name} {cost.version}", cost.sdk, *modes, f"{cost.first:.1f}"


def peer_tables(report: Report, peers: Peers) -> Iterator[str]:
    size = report.size
    yield f"""## Other libraries

OpenAI's responses, read through other libraries. Each has its newest version, its own environment
and its default client. The server and the rounds are the same for all. The numbers are microseconds
of CPU time per content chunk, for {size.peer_coalesced} chunks that are there at once and for
{size.peer_per_event} with a write per event, requests included.

- *Ratio* compares with the loop of the newest OpenAI SDK.
- *To its own* compares with the OpenAI SDK that the library installs.
- *First* is the wall time until the first text of a short call, in milliseconds. A high number
  means that the library makes a client for each call. Its other numbers include that.
"""
    head = (
        " | openai | coalesced, us | ratio | to its own"
        " | a write per event, us | ratio | to its own | first, ms"
    )
    for driver in DRIVERS:
        rows = [cost for cost in peers.costs if cost.driver == driver]
        rows.sort(key=lambda cost: cost.coalesced.newest)
        yield table(driver + head, map(peer_row, rows))
    for failure in peers.failures:
        yield f"- {failure.name}, {failure.driver}, could not be measured: {failure.reason}\n"


def percent(ratio: float) -> str:
    return f"{ratio * 100:.0f} %"


def sentence(costs: list[Cost]) -> str:
    """The line that the README has, too."""
    ratios = {cost.name: cost.ratio for cost in costs}

    def of(name: str) -> str:
        return percent(ratios[f"openai, {name}"])

    def span(mode: str) -> str:
        some = [ratio for name, ratio in ratios.items() if name.endswith(mode)]
        return f"{min(some) * 100:.0f} to {percent(max(some))}"

    return (
        f"A chunk of OpenAI's costs {of(f'sync, {COALESCED}')} of the CPU that the SDK's own loop"
        f" takes (async: {of(f'async, {COALESCED}')}), and {of(f'sync, {PER_EVENT}')} (async:"
        f" {of(f'async, {PER_EVENT}')}) if each comes in a packet of its own; over all"
        f" providers it is {span(COALESCED)}, and {span(PER_EVENT)}."
    )


INTRODUCTION = """\
This page shows how much CPU time and memory it takes to read a streamed response with this library,
with each provider's own SDK, and with other libraries. [Performance](performance.md) explains what
the numbers mean for you.
"""

HOW = """How to read the tables:

- A *ratio* is our number, divided by the SDK's. It is the median of the rounds. *Range* has the
  lowest and the highest round. If they lie far apart, the machine was busy. Differences that are
  smaller than the range are noise.
- Microseconds change with the machine. Ratios hardly do.
- The *target* is the limit that the project has set for itself. A **bold** number misses it.
- *Waits* is how often our process slept per chunk. In *a write per event*, it should be near one.
  If it is well below one, several events were read together, and both sides look better than they
  are.

[bench/](../../bench/README.md) explains how the numbers are measured.
"""


LOGS = """## Logs of resumable streams

`python bench/resume.py` measures how fast a log is, and the CPU time for each chunk. See
[its results](../places/resume.md#performance).
"""


def page(report: Report) -> str:
    def told(make: Callable[..., Iterator[str]], part: object, *before: object) -> Iterator[str]:
        return iter(()) if part is None else make(*before, part)

    def blocks() -> Iterator[str]:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        load = " and ".join(f"{average:.1f}" for average in report.load)
        yield "# Benchmark\n\n<!-- made by bench/run.py -->\n"
        yield INTRODUCTION
        if report.chunks:
            yield f"> {sentence(report.chunks.ours)}\n"
            yield "![Ratios to the SDK's own loop](benchmark.svg)\n"
        yield (
            f"{report.date}, {report.minutes:.0f} minutes on {report.processor},"
            f" {report.cores} cores, {report.system}, load {load} before and after."
            f" Python {report.python}, {versions}.\n"
        )
        yield HOW
        yield from told(chunk_tables, report.chunks, report)
        yield from told(peer_tables, report.peers, report)
        yield from told(call_table, report.calls, report)
        yield from told(together_table, report.together)
        yield from told(document_table, report.documents)
        yield from told(page_table, report.pages, report)
        yield from told(screen_table, report.screens)
        yield from told(memory_table, report.memory, report)
        yield from told(connection_table, report.connections)
        yield from told(import_table, report.imports, report)
        yield LOGS

    return "\n".join(blocks())
