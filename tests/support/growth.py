"""Whether work grows with the size of its input, or with the square of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

TIMES: Final = 8
ROUNDS: Final = 10


def assert_linear(prepare: Callable[[int], Callable[[], object]], size: int) -> None:
    """What is prepared for eight times the size takes about eight times the CPU time.

    Quadratic work takes 64 times as long, so half of that is the limit. Only this thread's time
    counts, and the garbage collector, whose work depends on what other tests left behind, is off.
    What a busy machine adds to single rounds is not in the shortest of them, so a round more is
    taken as long as the limit is exceeded.
    """
    small = large = float("inf")
    for rounds in range(1, ROUNDS + 1):
        small = min(small, _seconds(prepare(size)))
        large = min(large, _seconds(prepare(TIMES * size)))
        if rounds >= 3 and large < TIMES * TIMES / 2 * small:
            return
    raise AssertionError(f"{TIMES} times the size takes {large / small:.0f} times as long")


def _seconds(work: Callable[[], object]) -> float:
    gc.disable()
    try:
        start = time.thread_time()
        work()
        return time.thread_time() - start
    finally:
        gc.enable()
