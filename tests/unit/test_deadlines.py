"""One thread watches all deadlines, and each expires in its turn."""

from __future__ import annotations

import threading
from time import monotonic, sleep

import pytest

from mirascope import Timeout
from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.timeout import NEVER
from mirascope.core._engine.watchdog import Timer
from mirascope.core._errors.sdk_errors import DeadlineExceededError

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


@pytest.mark.parametrize("timeout", [Timeout(first=0.01), Timeout(total=0.01)])
def test_no_request_is_sent_after_its_deadline(timeout: Timeout) -> None:
    """Such as while an SDK is imported: a socket with a timeout of 0 fails at once."""
    deadlines = Deadlines(timeout, NEVER)
    sleep(0.02)
    expected = pytest.raises(DeadlineExceededError, match=r"within 0\.01 seconds")
    with expected, deadlines.opening(()):
        pytest.fail("the request was sent")
