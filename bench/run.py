"""The benchmark: what a content chunk costs the client, ours against the provider's own SDK.

`python bench/run.py` measures everything and writes `docs/understand/benchmark.md` and its
picture. Processor time of the client is what counts, as wall time on loopback is the server's. A
ratio is formed within a round, where its two legs ran within seconds of each other, and the median
of those is reported: a machine that is busy for a while slows both sides of a ratio, or spoils a
round.

`--check` measures less, and holds it to `CEILINGS`.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import others
import parts
from lab import HERE, Lab
from page import Report, page
from picture import picture
from pydantic import TypeAdapter

CEILINGS = {  # looser than the targets, so that a busy machine passes; imports in seconds
    "openai, sync, coalesced": 0.20,
    "openai, async, coalesced": 0.20,
    "openai, sync, a write per event": 0.50,
    "openai, async, a write per event": 0.50,
    "import mirascope": 0.25,
    "us that a growing list of models, 200 kB adds": 12.0,
    "us that sse.events, sync adds": 9.0,
    "us that sse.events, async adds": 9.0,
    "us that ai_sdk.events, sync adds": 9.0,
    "us that ai_sdk.events, async adds": 9.0,
    "us that show, sync, 200 kB adds": 90.0,
    "us that show, async, 200 kB adds": 90.0,
}
PARTS = (
    "connections",
    "chunks",
    "calls",
    "together",
    "documents",
    "pages",
    "screens",
    "memory",
    "imports",
    "peers",
)
DOCS = HERE.parent / "docs" / "understand"
LATEST = HERE / "results" / "latest.json"
REPORTS = TypeAdapter(Report)
PACKAGES = (
    *("mirascope-streams", "openai", "anthropic", "cohere", "google-genai", "groq", "mistralai"),
    *("httpx2", "pydantic", "rich"),
)


def processor() -> str:
    """The name that Linux tells; elsewhere only the architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def measure(wanted: list[str], size: parts.Size) -> Report:
    """Measure the wanted parts; each is saved when it is there, and `--again` makes their page."""
    start, load = time.monotonic(), os.getloadavg()[0]
    report = Report(
        date=datetime.now(UTC).date().isoformat(),
        processor=processor(),
        cores=os.cpu_count() or 1,
        system=platform.system(),
        python=platform.python_version(),
        load=(load, load),
        minutes=0,
        versions={package: version(package) for package in PACKAGES},
        size=size,
    )
    with Lab() as lab:
        measures: dict[str, Callable[[], object]] = {
            "connections": lambda: parts.connections(lab),
            "chunks": lambda: parts.chunks(lab, size),
            "calls": lambda: parts.calls(lab, size),
            "together": lambda: parts.together(lab, size),
            "documents": lambda: parts.documents(lab, size),
            "pages": lambda: parts.pages(lab, size),
            "screens": lambda: parts.screens(lab, size),
            "memory": lambda: parts.memory(size),
            "imports": lambda: parts.imports(size),
            "peers": lambda: others.peers(lab, size),
        }
        for name in wanted:
            print(f"{time.monotonic() - start:4.0f} s: {name}", file=sys.stderr)
            measured: dict[str, Any] = {name: measures[name]()}
            report = report._replace(
                load=(load, os.getloadavg()[0]), minutes=(time.monotonic() - start) / 60, **measured
            )
            LATEST.parent.mkdir(exist_ok=True)
            LATEST.write_bytes(REPORTS.dump_json(report, indent=2))
    return report


def check() -> None:
    """Fail if what is measured quickly is above a ceiling."""
    with Lab() as lab:
        ours = parts.chunks(lab, parts.CHECK, ["openai"]).ours
        documents = parts.documents(lab, parts.CHECK)
        added = parts.pages(lab, parts.CHECK) + parts.screens(lab, parts.CHECK)
    added += documents
    found = {cost.name: cost.ratio for cost in ours}
    found |= {f"us that {cost.name} adds": cost.ours - cost.base for cost in added}
    found |= {each.statement: each.seconds for each in parts.imports(parts.CHECK, [])}
    for name, measured in found.items():
        ceiling = CEILINGS.get(name)
        print(f"{measured:8.3f}  {name}" + (f", at most {ceiling:.2f}" if ceiling else ""))
    above = [name for name, ceiling in CEILINGS.items() if found[name] > ceiling]
    if above:
        sys.exit(f"Above its ceiling: {'; '.join(above)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a chunk costs, ours and the SDK's own.")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--no-peers", action="store_true", help="install and measure no peers")
    parser.add_argument("--small", action="store_true", help="see that all runs; times mean little")
    parser.add_argument("--rounds", type=int, help="of what is measured in rounds")
    parser.add_argument("--again", action="store_true", help="make the page of the last run again")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="write the page and picture here"
    )
    parser.add_argument("--check", action="store_true", help="measure less; fail above a ceiling")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.check:
        check()
        return
    size = parts.SMALL if given.small else parts.FULL
    if given.rounds:
        size = size._replace(rounds=given.rounds, peer_rounds=given.rounds)
    wanted = [p for p in given.only or PARTS if not (given.no_peers and p == "peers")]
    last = LATEST.read_bytes() if given.again else None
    report = REPORTS.validate_json(last) if last else measure(wanted, size)
    whole = report.size == parts.FULL and not report.missing()
    if output := given.output or (DOCS if whole else None):
        output.mkdir(exist_ok=True)
        (output / "benchmark.md").write_text(page(report))
        (output / "benchmark.svg").write_text(picture(report))
    else:
        print(page(report))


if __name__ == "__main__":
    main()
