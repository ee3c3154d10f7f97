"""The regression check: machine instructions, ours against the SDK's, counted by valgrind.

Instructions do not depend on what else a machine does, and a ratio of them hardly on the machine,
so what is allowed is close to what was counted: a quarter more of ours fails. The legs and the
server are those of the benchmark. Callgrind counts only when told to; start and warm-up are not,
so the whole takes about three minutes. What a chunk takes is the difference between two long
responses, and what a call takes that between several short ones and one.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from child import FREEZE
from lab import Lab, Process, Quantity, process
from parts import DRIVERS, LEGS, coalesced, subject
from wire import WIRES

CHUNKS = 100
CALLS = 3
ALLOWED = 1.25  # of what was counted
TOTAL = re.compile(r"^summary: (\d+)", re.MULTILINE)


class Counts(NamedTuple):
    """Instructions of a chunk and of a short call; or ratios of them, ours to the SDK's."""

    chunk: float
    call: float


COUNTED = {  # async only where ours has another transport than sync: else the ratios are the same
    ("openai", "sync"): Counts(0.026, 0.684),
    ("openai", "async"): Counts(0.031, 0.621),
    ("anthropic", "sync"): Counts(0.126, 0.835),
    ("anthropic", "async"): Counts(0.129, 0.787),
    ("cohere", "sync"): Counts(0.022, 0.452),
    ("gemini", "sync"): Counts(0.034, 0.661),
    ("groq", "sync"): Counts(0.023, 0.680),
    ("mistral", "sync"): Counts(0.005, 0.609),
}


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
        several = self.count(leg, driver, 1, 1 + CALLS)
        long = self.count(leg, driver, 1 + CHUNKS, 1)
        longer = self.count(leg, driver, 1 + 2 * CHUNKS, 1)
        return Counts((longer - long) / CHUNKS, (several - one) / CALLS)

    def ratios(self, driver: str) -> Counts:
        sdk, ours = (self.counts(leg, driver) for leg in LEGS)
        return Counts(ours.chunk / sdk.chunk, ours.call / sdk.call)

    def all_ratios(self) -> dict[str, Counts]:
        drivers = [driver for driver in DRIVERS if (self.provider, driver) in COUNTED]
        for driver in drivers:
            for leg in LEGS:
                self.read(leg, driver, 1 + CHUNKS, 2)
        self.control("--instr=on")
        self.control("--zero")
        return {driver: self.ratios(driver) for driver in drivers}


def count(provider: str) -> dict[str, Counts]:
    with Lab() as lab, tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/{provider}"
        options = ("--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}")
        wrapped = ("valgrind", *options, sys.executable)
        with process(wrapped, "legs.py", provider, lab.url) as legs:
            return Counter(provider, legs, out).all_ratios()


def failures(provider: str, found: dict[str, Counts]) -> Iterator[str]:
    for driver, ratios in found.items():
        for what, ratio, counted in zip(
            ratios._fields, ratios, COUNTED[provider, driver], strict=True
        ):
            name = f"{provider}, {driver}, a {what}"
            print(f"{name:26} {ratio:.3f}, was {counted:.3f}", flush=True)
            if ratio > ALLOWED * counted:
                yield name


def main() -> None:
    os.environ[FREEZE] = "1"
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = dict(zip(WIRES, pool.map(count, WIRES), strict=True))
    failed = [name for each in WIRES for name in failures(each, found[each])]
    if failed:
        sys.exit(f"Ours takes more instructions than it did: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
