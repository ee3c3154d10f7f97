"""The deadlines of one response; see `Timeout`.

`Deadlines.start_read` is called before each read, and the end of the read is recorded in `arrived`,
so that only waiting counts for ``first`` and ``idle``. The watchdog interrupts a read that takes
too long. After the end of the response, the rest (usage, the end of the body) is awaited for
`LINGER_SECONDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from mirascope.core._engine.timeout import Timeout
from mirascope.core._engine.watchdog import POLL_INTERVAL, Alarm
from mirascope.core._errors.sdk_errors import DeadlineExceededError
from mirascope.errors import Clock

if TYPE_CHECKING:
    from mirascope.core._engine.item_reader import ItemReader

LINGER_SECONDS: Final = 2.0
_TOLERANCE: Final = 0.001
"""How much earlier the timers of an event loop may fire, in seconds."""


class Deadlines(Alarm):
    """The deadlines of one response, and the alarm that interrupts a read when one expires.

    Args:
        given: The timeout that the caller sets.
        standard: Used where the caller sets none.

    Attributes:
        bound: Whether the caller sets any limit.
        limits_opening: Whether the caller limits the time until the response is opened. If not, the
            SDK's own limits apply.
        arrived: When the last read ended, on the monotonic clock; set by the reader.
    """

    __slots__ = (
        *("_clock", "_complete", "_end", "_first", "_idle", "_left", "_since", "_total"),
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
        self.start()

    def start(self) -> None:
        """Start all deadlines."""
        self._end = monotonic() + self._total
        self.restart()

    def restart(self) -> None:
        """Restart ``first`` for a response that is requested again; ``total`` continues."""
        self._since = self.arrived = monotonic()
        self._clock: Clock = "first"
        self._left = self._first
        self._complete = self.expired = False

    @contextmanager
    def opening(self, timeouts: tuple[type[Exception], ...]) -> Generator[None]:
        """Surround the request; what is received with the headers is read, however late.

        Args:
            timeouts: The exceptions of an HTTP library whose timeout has expired.

        Raises:
            DeadlineExceededError: A deadline has expired, perhaps before the request was sent.
        """
        self._count()
        if not self.seconds_left:  # a socket with a timeout of 0 would not wait, and fail
            self.check()
        try:
            yield
        except timeouts as error:
            self.check(error)
            raise
        else:
            self._count()
            self._left = max(self._left, POLL_INTERVAL)
        finally:
            self._count()

    def _count(self) -> None:
        """Subtract the time since the last count from the time that is left."""
        now = monotonic()
        self._left -= now - self._since
        self._since = self.arrived = now

    @contextmanager
    def running(self, interrupt: Callable[[], object]) -> Generator[None]:
        """Call ``interrupt`` in another thread when a deadline expires inside of the block."""
        if self._first == self._idle == self._total == inf:
            yield
            return
        self.callback = interrupt
        with self:
            yield

    def start_read(self, reader: ItemReader[Any, Any]) -> None:
        """Record that a read starts, and have the reader await output again."""
        if reader.awaiting_output:
            self._left -= self.arrived - self._since
        else:
            self._clock, self._left = "idle", self._idle
            reader.awaiting_output = True
        if reader.decoder.is_complete and not self._complete:
            self._complete, self._left = True, min(self._idle, LINGER_SECONDS)
        self._since = now = monotonic()
        if self._left < POLL_INTERVAL or self._end < now + POLL_INTERVAL:
            self.reschedule(min(now + self._left, self._end))

    @override
    def due(self) -> float:
        since, left = self._since, self._left  # `start_read` sets them in reverse
        if self.arrived < since:
            return min(since + left, self._end)
        at = min(self.arrived + left, self._end)  # in case another read starts
        return at if at > monotonic() else inf

    @property
    def seconds_to_open(self) -> float | None:
        """How long opening the response may take; ``None`` if there is no limit."""
        left = min(self._left, self._end - monotonic())
        return None if left == inf else max(0.0, left)

    @property
    def seconds_left(self) -> float:
        """How long the current wait may take."""
        return max(0.0, min(self._since + self._left, self._end) - monotonic())

    @property
    def seconds_for_restart(self) -> float:
        """How long the first output of a restarted response may take."""
        return max(0.0, min(self._first, self._end - monotonic()))

    @property
    def longest_wait(self) -> float:
        """How long any wait may take at most."""
        return max(0.0, min(max(self._left, self._idle), self._end - monotonic()))

    def check(self, cause: Exception | None = None) -> None:
        """Raise if a deadline has expired.

        Raises:
            DeadlineExceededError: A deadline has expired.
        """
        now = monotonic() + _TOLERANCE
        if now >= self._end:
            raise DeadlineExceededError("total", self._total) from cause
        if self.expired or now >= self._since + self._left:
            seconds = self._first if self._clock == "first" else self._idle
            raise DeadlineExceededError(self._clock, seconds) from cause
