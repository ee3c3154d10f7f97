"""Feeds the targets what is nearly right, and keeps what makes one fail.

`python fuzz/run.py` gives every target the same inputs each time, for a minute in all; that is what
CI runs. `--minutes 30` is guided by coverage (and needs requirements-fuzz.txt); names of targets
choose some. An input that fails is written below `fuzz/found/`: make a test of it, then mend it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targets import Target

HERE = Path(__file__).parent
FOUND = HERE / "found"
RUNS = 150
MOST_BYTES = 6_000
SMALL, LARGE = 60, 480
SLOWER = 4  # than linear work may be, which is not measured exactly
SLOW_SECONDS = 0.4  # below which no growth is looked at
GROWTH_EVERY = 40


def place_of(error: BaseException) -> str:
    """Return what one failure has in common with another: its kind, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{Path(f.filename).name}:{f.lineno}" for f in frames if "mirascope" in f.filename]
    return f"{type(error).__name__} at {' < '.join(ours[::-1][:2]) or 'the target itself'}"


def keep(target: str, data: bytes, what: str, known: set[str]) -> None:
    """Write an input that fails, if it is the first to fail in this way."""
    if what in known:
        return
    known.add(what)
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target}-{hashlib.sha256(data).hexdigest()[:8]}.bin"
    path.write_bytes(data)
    print(f"{target}: {what}; the input is {path}", flush=True)
    traceback.print_exc(limit=-6)


def tried(target: str, check: Target, data: bytes, known: set[str]) -> None:
    try:
        check(data, zlib.crc32(data))
    except Exception as error:  # noqa: BLE001  # to look for any is what this is for
        keep(target, data, place_of(error), known)


def seconds(check: Target, data: bytes, choice: int) -> float:
    start = time.process_time()
    with suppress(Exception):  # which `tried` has told already
        check(data, choice)
    return time.process_time() - start


def grows(check: Target, make: Callable[[int], bytes]) -> str | None:
    """Tell whether the work grows faster than the input."""
    small, large = make(SMALL), make(LARGE)
    choice = zlib.crc32(large)
    if (slow := seconds(check, large, choice)) < SLOW_SECONDS:
        return None
    times = min(slow, seconds(check, large, choice)) / max(seconds(check, small, choice), 1e-9)
    bytes_more = len(large) / len(small)
    return None if times < SLOWER * bytes_more else f"{times:.0f}x for {bytes_more:.0f}x the bytes"


def bounded(names: list[str]) -> int:
    """Give each target the same inputs each time."""
    from mutation import mutated, stretched
    from targets import TARGETS, seeds

    known: set[str] = set()
    for name in names:
        check, bodies = TARGETS[name], [seed for seed in seeds(name) if len(seed) < MOST_BYTES]
        for number in range(RUNS):
            random = Random(number)
            seed = random.choice(bodies)
            tried(name, check, mutated(seed, random), known)
            if number % GROWTH_EVERY == 0:
                make = stretched(seed, random)
                if what := grows(check, make):
                    keep(name, make(LARGE), what, known)
        print(f"{name}: {RUNS} inputs", flush=True)
    return len(known)


def guided(name: str, seconds_left: int) -> int:
    """Let coverage guide the inputs of one target; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["mirascope"]):
        from targets import TARGETS, seeds
    from mutation import mutated, stretched

    check, known = TARGETS[name], set[str]()
    corpus = HERE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        if len(seed) < MOST_BYTES:
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    count = 0

    def one(data: bytes) -> None:
        nonlocal count
        count += 1
        tried(name, check, data, known)
        if count % (GROWTH_EVERY * 10) == 0:
            make = stretched(data, Random(count))
            if what := grows(check, make):
                keep(name, make(LARGE), what, known)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        new = atheris.Mutate(data, most) if random.random() < 0.2 else mutated(data, random)
        return new[:most]

    options = [
        *(f"-max_total_time={seconds_left}", f"-max_len={MOST_BYTES}", "-timeout=60"),
        *("-report_slow_units=60", f"-artifact_prefix={FOUND}/"),
    ]
    FOUND.mkdir(exist_ok=True)
    atheris.Setup(
        [sys.argv[0], *options, "-print_final_stats=0", str(corpus)], one, custom_mutator=mutate
    )
    atheris.Fuzz()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
    warnings.simplefilter("error")
    if options.guided:
        return guided(options.targets[0], int(options.minutes * 60))
    from targets import TARGETS

    names = options.targets or list(TARGETS)
    if not options.minutes:
        return bool(bounded(names))
    before = set(FOUND.glob("*"))
    each = f"{options.minutes / len(names):.3f}"
    for name in names:
        command = [sys.executable, __file__, "--guided", "--minutes", each, name]
        subprocess.run(command, check=False)
    return bool(set(FOUND.glob("*")) - before)


if __name__ == "__main__":
    sys.exit(main())
