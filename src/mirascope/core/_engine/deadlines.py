"""The deadlines of one response; see `Timeout`.

`Deadlines.wait` is called before each read, and the end of the read is recorded, so that only
waiting counts for ``first`` and ``idle``. The watchdog interrupts a read that takes too long. When
the response is complete, what is left (the end of the body, the usage) is waited for
`LINGER_SECONDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Final

from typing_extensions import override

from mirascope.core._engine.timeout import Timeout
from mirascope.core._engine.watchdog import BEAT, Alarm
from mirascope.core._errors.sdk_errors import DeadlineExceededError
from mirascope.errors import Clock

LINGER_SECONDS: Final = 2.0
_SLACK: Final = 0.001
"""How much earlier the timers of an event loop may go off."""


class Deadlines(Alarm):
    """The clocks of one answer, and the alarm that wakes who reads it when one has run out.

    Args:
        given: What the caller says of them.
        standard: What they are set to where the caller says nothing.

    Attributes:
        bound: Whether the caller bounds anything.
        limits_opening: Whether the caller bounds the time before the answer begins. Where not, the
            SDK's own limits do.
        arrived: When the last read ended, which whoever reads writes down.
    """

    __slots__ = (
        *("_clock", "_end", "_first", "_idle", "_left", "_since", "_total", "_whole"),
        *("arrived", "bound", "limits_opening"),
    )

    def __init__(self, given: Timeout, standard: Timeout) -> None:
        super().__init__()
        self.bound = given != Timeout()
        self.limits_opening = given.first is not None or given.total is not None
        timeout = given.over(standard)
        self._first, self._idle, self._total = (
            inf if seconds is None else float(seconds)
            for seconds in (timeout.first, timeout.idle, timeout.total)
        )
        self.begin()

    def begin(self) -> None:
        """Start all of them."""
        self._since = self.arrived = monotonic()
        self._end = self._since + self._total
        self.restart()

    def restart(self) -> None:
        """Start those of an answer that begins anew; the total goes on."""
        self._clock: Clock = "first"
        self._left = self._first
        self._whole = self.expired = False

    @contextmanager
    def opening(self, timeouts: tuple[type[Exception], ...]) -> Generator[None]:
        """Wait for the answer to begin; what came with its beginning is read, however late.

        Args:
            timeouts: What is raised by those who were told how long they may take.
        """
        self._count()
        try:
            yield
        except timeouts as error:
            self.check(error)
            raise
        else:
            self._count()
            self._left = max(self._left, BEAT)
        finally:
            self._count()

    def _count(self) -> None:
        """Count the time since it was last counted as time that was waited."""
        now = monotonic()
        self._left -= now - self._since
        self._since = self.arrived = now

    @contextmanager
    def running(self, ring: Callable[[], object]) -> Generator[None]:
        """Let the clocks wake who reads: when one has run out, ``ring`` is called elsewhere."""
        if self._first == self._idle == self._total == inf:
            yield
            return
        self.ring = ring
        with self:
            yield

    def wait(self, output: bool, whole: bool) -> None:  # noqa: FBT001  # for each chunk
        """Note that a read begins.

        Args:
            output: Whether there was output since the last one began.
            whole: Whether the answer has come to its own end.
        """
        if output:
            self._clock, self._left = "idle", self._idle
        else:
            self._left -= self.arrived - self._since
        if whole and not self._whole:
            self._whole, self._left = True, min(self._idle, LINGER_SECONDS)
        self._since = now = monotonic()
        self.moved(min(now + self._left, self._end))

    @override
    def due(self) -> float:
        since, left = self._since, self._left  # in this order, which is not that of `wait`
        if self.arrived < since:
            return min(since + left, self._end)
        at = min(self.arrived + left, self._end)  # should somebody wait again
        return at if at > monotonic() else inf

    @property
    def seconds_to_open(self) -> float | None:
        """How long the answer may take to begin; ``None`` if without a limit."""
        left = min(self._left, self._end - monotonic())
        return None if left == inf else max(0.0, left)

    @property
    def seconds_left(self) -> float:
        """How long it may be waited now."""
        return max(0.0, min(self._since + self._left, self._end) - monotonic())

    @property
    def seconds_for_restart(self) -> float:
        """How long it may be waited for an answer that begins anew."""
        return max(0.0, min(self._first, self._end - monotonic()))

    @property
    def longest_wait(self) -> float:
        """How long any wait may last at most."""
        return max(0.0, min(max(self._left, self._idle), self._end - monotonic()))

    def check(self, cause: Exception | None = None) -> None:
        """Raise if a clock has run out while waiting.

        Raises:
            DeadlineExceededError: One has.
        """
        now = monotonic() + _SLACK
        if now >= self._end:
            raise DeadlineExceededError("total", self._total) from cause
        if self.expired or now >= self._since + self._left:
            seconds = self._first if self._clock == "first" else self._idle
            raise DeadlineExceededError(self._clock, seconds) from cause
