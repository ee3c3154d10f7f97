"""The picture of a run: ratios to the SDK's own loop, on a logarithmic scale."""

from collections.abc import Iterable, Iterator
from math import log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from page import Report
from parts import COALESCED, DRIVERS, PER_EVENT
from peers import PEERS

WIDTH, LEFT, RIGHT, TOP, STEP = 760, 150, 20, 74, 26
LOW, HIGH = 0.01, 20
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
COLOURS = {"sync": "#0b7285", "async": "#d9480f"}
STYLE = "font: 12px system-ui, sans-serif; fill: #343a40"


class Mark(NamedTuple):
    """A dot on a line: filled for coalesced answers, hollow for a write per event."""

    line: str
    driver: str
    mode: str
    ratio: float


def marks(report: Report) -> Iterator[Mark]:
    for cost in report.chunks.ours if report.chunks else ():
        provider, driver, mode = cost.name.split(", ")
        yield Mark(f"ours, {provider}", driver, mode, cost.ratio)
    for peer in report.peers.costs if report.peers else ():
        if peer.name in PEERS:
            yield Mark(peer.name, peer.driver, COALESCED, peer.coalesced.newest)
            yield Mark(peer.name, peer.driver, PER_EVENT, peer.per_event.newest)


def x(ratio: float) -> float:
    share = log10(min(max(ratio, LOW), HIGH) / LOW) / log10(HIGH / LOW)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def text(at: float, y: float, words: str, anchor: str = "start", weight: str = "normal") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{at:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def dot(at: float, y: float, driver: str, mode: str) -> str:
    colour = COLOURS[driver]
    fill = colour if mode == COALESCED else "white"
    paint = f'fill="{fill}" stroke="{colour}" stroke-width="2"'
    return f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5" {paint}/>'


def legend() -> Iterator[str]:
    yield text(12, 22, "CPU per content chunk, as a ratio to the SDK's own loop", weight="bold")
    at = 12.0
    for driver in DRIVERS:
        for mode in (COALESCED, PER_EVENT):
            words = f"{driver}, {mode}"
            yield dot(at + 5, 42, driver, mode)
            yield text(at + 16, 46, words)
            at += 30 + 6.6 * len(words)


def axis(bottom: float) -> Iterator[str]:
    for tick in TICKS:
        colour, width = ("#343a40", 1.5) if tick == 1 else ("#dee2e6", 1)
        at = f"{x(tick):.1f}"
        yield f'<path d="M{at} {TOP}V{bottom}" stroke="{colour}" stroke-width="{width}"/>'
        yield text(x(tick), TOP - 6, f"{tick:g}", "middle")


def lines(found: Iterable[Mark]) -> Iterator[str]:
    rows: dict[str, list[Mark]] = {}
    for mark in found:
        rows.setdefault(mark.line, []).append(mark)
    for number, (name, some) in enumerate(rows.items()):
        y = TOP + STEP * (number + 0.7)
        yield text(LEFT - 12, y + 4, name, "end")
        for mark in some:
            yield f"<g><title>{escape(f'{mark.driver}, {mark.mode}: {mark.ratio:.3f}')}</title>"
            yield dot(x(mark.ratio), y, mark.driver, mark.mode) + "</g>"


def picture(report: Report) -> str:
    found = list(marks(report))
    bottom = TOP + STEP * (len({mark.line for mark in found}) + 0.4)
    height = bottom + 12
    box = f'viewBox="0 0 {WIDTH} {height:.0f}" style="{STYLE}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    paper = '<rect width="100%" height="100%" fill="white"/>'
    body = (*legend(), *axis(bottom), *lines(found))
    return "\n".join([head, paper, *body, "</svg>", ""])
