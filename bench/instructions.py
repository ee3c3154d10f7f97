"""The regression check: machine instructions, ours against the SDK's, counted by valgrind.

Instructions do not depend on what else a machine does, and a ratio of them hardly on the machine,
so the ceilings are close to what was counted: a third more of ours fails. The legs and the server
are those of the benchmark. Callgrind counts only when told to; start and warm-up are not, which
keeps the whole near a minute. What a chunk takes is the difference between a long and a short
answer, and what a call takes that between several and one.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from lab import Lab, Process, Quantity, process
from parts import DRIVERS, LEGS, coalesced, subject
from wire import WIRES

CHUNKS = 100
CALLS = 5
TOTAL = re.compile(r"^summary: (\d+)", re.MULTILINE)


class Counts(NamedTuple):
    """Instructions of a chunk and of a short call; or ratios of them, ours to the SDK's."""

    chunk: float
    call: float


CEILINGS: dict[tuple[str, str], Counts] = {}


class Counter:
    """Counts what a process with all legs of a provider does, which callgrind runs."""

    def __init__(self, provider: str, process: Process, out: str) -> None:
        self.provider, self.process, self.out, self.dumps = provider, process, out, 0

    def control(self, option: str) -> None:
        command = ["callgrind_control", option, str(self.process.child.pid)]
        subprocess.run(command, check=True, capture_output=True)

    def read(self, leg: str, driver: str, chunks: int, calls: int) -> None:
        asked = subject(self.provider, leg, driver)
        self.process.measure(Quantity(asked, "whole", coalesced(chunks), calls))

    def count(self, leg: str, driver: str, chunks: int, calls: int) -> int:
        self.read(leg, driver, chunks, calls)
        self.control("--dump")
        self.dumps += 1
        found = TOTAL.search(Path(f"{self.out}.{self.dumps}").read_text())
        assert found
        return int(found[1])

    def counts(self, leg: str, driver: str) -> Counts:
        one = self.count(leg, driver, 1, 1)
        long = self.count(leg, driver, 1 + CHUNKS, 1)
        several = self.count(leg, driver, 1, 1 + CALLS)
        return Counts((long - one) / CHUNKS, (several - one) / CALLS)

    def ratios(self, driver: str) -> Counts:
        sdk, ours = (self.counts(leg, driver) for leg in LEGS)
        return Counts(ours.chunk / sdk.chunk, ours.call / sdk.call)

    def all_ratios(self) -> dict[str, Counts]:
        for driver in DRIVERS:
            for leg in LEGS:
                self.read(leg, driver, 1 + CHUNKS, 2)
        self.control("--instr=on")
        self.control("--zero")
        return {driver: self.ratios(driver) for driver in DRIVERS}


def count(provider: str) -> dict[str, Counts]:
    with Lab() as lab, tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/{provider}"
        options = ("--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}")
        wrapped = ("valgrind", *options, sys.executable)
        with process(wrapped, "legs.py", provider, lab.url) as legs:
            return Counter(provider, legs, out).all_ratios()


def failures(provider: str, found: dict[str, Counts]) -> Iterator[str]:
    for driver, ratios in found.items():
        ceiling = CEILINGS.get((provider, driver), Counts(9, 9))
        name = f"{provider}, {driver}"
        print(
            f"{name:17} chunk {ratios.chunk:.4f}, at most {ceiling.chunk:.3f};"
            f" call {ratios.call:.3f}, at most {ceiling.call:.2f}"
        )
        if ratios.chunk > ceiling.chunk or ratios.call > ceiling.call:
            yield name


def main() -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = dict(zip(WIRES, pool.map(count, WIRES), strict=True))
    failed = [name for each in WIRES for name in failures(each, found[each])]
    if failed:
        sys.exit(f"Ours takes more instructions than it did: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
