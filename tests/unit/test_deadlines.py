"""One thread watches all deadlines, and each expires in its turn."""

from __future__ import annotations

import threading
from time import monotonic

from mirascope.core.base._watchdog import Timer

GENEROUS = 60.0


def test_timers_expire_in_order_and_when_moved() -> None:
    rang: list[str] = []
    done = threading.Event()

    def ring_last() -> None:
        rang.append("last")
        done.set()

    with Timer(lambda: rang.append("never")) as never, Timer(ring_last) as last:
        with Timer(lambda: rang.append("soon")) as soon:
            now = monotonic()
            never.set(now + 60)
            last.set(now + 50)
            soon.set(now + 0.05)
            last.set(now + 0.15)
            assert done.wait(GENEROUS)
        assert rang == ["soon", "last"]
        assert (soon.rang, last.rang, never.rang) == (True, True, False)
