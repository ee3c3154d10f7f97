"""One thread watches all deadlines, and each expires in its turn."""

from __future__ import annotations

import threading
from time import monotonic

from mirascope.core._engine.watchdog import Timer

GENEROUS = 60.0


def test_timers_expire_in_order_and_when_moved() -> None:
    expired: list[str] = []
    done = threading.Event()

    def ring_last() -> None:
        expired.append("last")
        done.set()

    with Timer(lambda: expired.append("never")) as never, Timer(ring_last) as last:
        with Timer(lambda: expired.append("soon")) as soon:
            now = monotonic()
            never.set(now + 60)
            last.set(now + 50)
            soon.set(now + 0.05)
            last.set(now + 0.15)
            assert done.wait(GENEROUS)
        assert expired == ["soon", "last"]
        assert (soon.expired, last.expired, never.expired) == (True, True, False)
