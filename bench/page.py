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


def chunk_tables(report: Report, chunks: Chunks) -> Iterator[str]:
    head = " | SDK, us | ours, us | ratio | of the rounds | target | waits"
    size = report.size
    yield f"""## CPU per content chunk

Microseconds of user and system time of the client process, the request included, for an answer of
{size.coalesced} chunks that is there at once (coalesced), and for one of {size.per_event} with a
write per event, 1.3 ms apart, as a live answer comes. Both legs have their default client: the one
that the SDK's class makes by itself, and the one that our call makes by itself.
"""
    yield table(head, cost_rows(chunks.ours))
    yield "With every `chunk.chunk` asked for, which is the SDK's typed object:\n"
    yield table(head, cost_rows(chunks.touched))
    yield "Ours on the SDK's own client, which differs in the transport only:\n"
    yield table(head, cost_rows(chunks.given))


def document_table(costs: list[Cost]) -> Iterator[str]:
    yield """## JSON that is read while it comes

Microseconds per chunk of four characters, against our own stream that reads the same bytes as plain
text, or as the pieces of a call. What came before costs a chunk one thing: each state is a whole of
its own, so the text or the list that is growing is copied for it, when somebody looks.
"""
    head = " | plain, us | read, us | ratio | of the rounds | target"
    yield table(head, (cells[:-1] for cells in cost_rows(costs)))


def page_table(report: Report, costs: list[Cost]) -> Iterator[str]:
    yield f"""## Events for a web page

Microseconds per chunk of OpenAI's, of {report.size.coalesced} that are there at once: our stream,
and our stream as the bytes that a browser reads.
"""
    head = " | the stream, us | the events, us | added, us | target"
    yield table(head, added_rows(costs, ADDED))


def added_rows(costs: Iterable[Cost], target: float) -> Iterator[Cells]:
    for cost in costs:
        numbers = f"{cost.base:.1f}", f"{cost.ours:.1f}"
        yield cost.name, *numbers, *held(cost.ours - cost.base, target, ".1f")


def screen_table(costs: list[Cost]) -> Iterator[str]:
    yield """## Markdown on a terminal

Microseconds per chunk of four characters, of Markdown that is there at once: our stream, and our
stream that is shown on a terminal of 100 columns and 40 lines.
"""
    head = " | the stream, us | shown, us | added, us | target"
    yield table(head, added_rows(costs, SHOWN))


def call_table(report: Report, calls: list[Call]) -> Iterator[str]:
    yield f"""## A call's fixed cost

{report.size.calls} streams of one chunk in a row, in each round: milliseconds of wall time to the
first text, and of CPU for the whole call.
"""
    head = (
        " | SDK, first | ours, first | ratio | of the rounds | target"
        " | SDK, CPU | ours, CPU | ratio"
    )
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

Async streams of OpenAI's in one event loop: seconds of CPU per million chunks, requests included.
"""
    head = " | SDK | ours | ratio | of the rounds | target | waits"
    yield table(head, cost_rows(costs))


def memory_table(report: Report, memory: list[Memory]) -> Iterator[str]:
    few, many = report.size.memory
    yield f"""## Memory

How much the most resident memory that a process ever had (`ru_maxrss`) grows from a stream of
{few:,} chunks of OpenAI's to one of {many:,}, in MB, where the loop keeps nothing. Ours keeps the
text, as `stream.content` has it; the SDK does not.
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
    yield f"## Connections\n\nHow many {IN_A_ROW} streams in a row use.\n"
    rows = ((each.name, str(each.sdk), *held(each.ours, 1, ".0f")) for each in connections)
    yield table(" | SDK | ours | target", rows)


def import_table(report: Report, imports: list[Imported]) -> Iterator[str]:
    yield f"""## Imports

Seconds of CPU in a fresh interpreter, less those of the bare one, best of {report.size.imports}.
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

OpenAI's answers through other libraries, each in its newest version, in an environment of its own,
with the client that it makes by itself, from the same server in the same rounds: microseconds of
CPU per content chunk, of {size.peer_coalesced} that are there at once and of {size.peer_per_event}
with a write per event, requests included. *ratio* is to the loop of the newest OpenAI SDK, *to its
own* to that of the SDK that the library brings. *first* are the milliseconds of wall time to the
first text of a short call; where they are many, the library makes a client for each call, and its
other numbers include that.
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
        yield f"- {failure.name} {failure.driver} could not be measured: {failure.reason}\n"


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
        f" {of(f'async, {PER_EVENT}')}) if each comes in a packet of its own; over the six"
        f" providers it is {span(COALESCED)}, and {span(PER_EVENT)}."
    )


HOW = """How to read it: a *ratio* is the median of ratios that were formed within a round; *of the
rounds* are the lowest and the highest. Rounds that lie far apart mean a busy machine, and
differences smaller than that are noise. Microseconds change with the machine, ratios hardly. A bold
number misses its target, which is what the project set itself. *waits* is how often ours slept per
chunk: in *a write per event* it should be near one; where it is well below, events were read
together, which flatters both sides. [bench/](../bench/README.md) tells how it is measured.
"""


def page(report: Report) -> str:
    def told(make: Callable[..., Iterator[str]], part: object, *before: object) -> Iterator[str]:
        return iter(()) if part is None else make(*before, part)

    def blocks() -> Iterator[str]:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        load = " and ".join(f"{average:.1f}" for average in report.load)
        yield "# Benchmark\n\n<!-- made by bench/run.py -->\n"
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

    return "\n".join(blocks())
