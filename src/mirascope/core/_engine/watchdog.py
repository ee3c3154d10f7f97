"""One daemon thread that wakes threads which are blocked in a read when their time is up.

The thread starts with the first `Alarm` that is set. It checks all alarms when the next one is due,
but at least every `POLL_INTERVAL` seconds, and ends when it finds none twice. So only an alarm that
is due before the next check has to wake the thread: waking or starting a thread costs more than a
chunk does.

The garbage collector may clear an alarm at any point of a program. Therefore the lock is reentrant
and the set of alarms is copied before it is iterated. At the very end of the interpreter, which
kills the thread, perhaps while it holds the lock, the collector may do so too: after `atexit`,
nothing takes the lock.

A process may be stopped by a debugger, a frozen container or a suspended laptop. When it resumes,
alarms are overdue although the data that they wait for may be in the socket already. So if the
thread wakes much too late, no alarm fires before a further `POLL_INTERVAL`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any, Final, Self

import anyio
from anyio.lowlevel import current_token
from typing_extensions import override

POLL_INTERVAL: Final = 0.2
"""The longest sleep of the thread, in seconds; if it wakes later by as much, it was stopped."""


class Alarm(ABC):
    """Fires once when it is due, in another thread; it is set inside of a ``with`` block.

    Attributes:
        callback: Called when it fires.
        expired: Whether it has fired.
    """

    __slots__ = ("callback", "expired")

    def __init__(self, callback: Callable[[], object] = bool) -> None:
        self.callback = callback
        self.expired = False

    @abstractmethod
    def due(self) -> float:
        """Return when it is due at present, on the monotonic clock."""

    def reschedule(self, due: float) -> None:
        """Have the watchdog notice an earlier due time."""
        if due < _watchdog.next_check:
            _watchdog.wake()

    def __enter__(self) -> Self:
        _watchdog.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _watchdog.remove(self)


class Timer(Alarm):
    """An alarm that is due at a fixed time."""

    __slots__ = ("_due",)

    def __init__(self, callback: Callable[[], object]) -> None:
        super().__init__(callback)
        self._due = inf

    def set(self, due: float) -> None:
        """Set the time, on the monotonic clock."""
        self._due = due
        self.reschedule(due)

    @override
    def due(self) -> float:
        return self._due


class _Watchdog:
    """The thread and its alarms.

    Attributes:
        next_check: When the thread checks the alarms next, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the state without a thread and alarms."""
        self.next_check = inf
        self._alarms: set[Alarm] = set()
        self._changed = threading.Condition()
        self._is_running = False
        self._at_exit = False
        self._was_stopped = False
        self._quiet_until = -inf

    def shut_down(self) -> None:
        """Do not use the thread or the lock from now on."""
        self._at_exit = True

    def add(self, alarm: Alarm) -> None:
        if self._at_exit:
            return
        with self._changed:
            self._alarms.add(alarm)
            if not self._is_running:
                threading.Thread(target=self._run, name="mirascope-watchdog", daemon=True).start()
                self._is_running = True

    def remove(self, alarm: Alarm) -> None:
        self._alarms.discard(alarm)

    def wake(self) -> None:
        """Have the thread check the alarms now."""
        if not self._at_exit:
            with self._changed:
                self._changed.notify()

    def _run(self) -> None:
        was_idle = False
        while True:
            with self._changed:
                if was_idle and not self._alarms:
                    self._is_running = False
                    self.next_check = inf
                    return
                was_idle = not self._alarms
                due = self._pop_due()
                if not due:
                    self._changed.wait(self.next_check - monotonic())
            for alarm in due:
                alarm.expired = True
                with contextlib.suppress(Exception):
                    alarm.callback()

    def _pop_due(self) -> list[Alarm]:
        """Remove the alarms that are due and return them; schedule the next check.

        An alarm that is rescheduled meanwhile finds `next_check` infinite, and wakes the thread.
        """
        planned, self.next_check = self.next_check, inf
        now = monotonic()
        self._detect_stop(now, planned)
        times = {alarm: alarm.due() for alarm in self._alarms.copy()}
        due = [alarm for alarm, at in times.items() if at <= now and now >= self._quiet_until]
        self._alarms.difference_update(due)
        self.next_check = min([now + POLL_INTERVAL, *(at for at in times.values() if at > now)])
        return due

    def _detect_stop(self, now: float, planned: float) -> None:
        """Suppress alarms for one interval if the process was stopped.

        Two late checks in a row mean a busy machine instead.

        Args:
            now: When the thread checks.
            planned: When it should have checked.
        """
        if self._was_stopped:
            self._was_stopped = now < self._quiet_until
        elif now > planned + POLL_INTERVAL:
            self._was_stopped = True
            self._quiet_until = now + POLL_INTERVAL


_watchdog: Final = _Watchdog()
if hasattr(os, "register_at_fork"):  # only the thread that forks exists in the child
    os.register_at_fork(after_in_child=_watchdog.reset)
atexit.register(_watchdog.shut_down)


@contextmanager
def fail_after(seconds: float | None) -> Generator[None]:
    """Cancel the block after a number of seconds, by the watchdog.

    Raises:
        TimeoutError: The block was cancelled.
    """
    if seconds is None:
        yield
        return

    async def cancel() -> None:
        scope.cancel()

    with anyio.CancelScope() as scope, Timer(in_this_loop(cancel)) as timer:
        timer.set(monotonic() + seconds)
        yield
    if scope.cancelled_caught:
        raise TimeoutError


def in_this_loop(close: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Return a function for other threads that runs a coroutine in the running event loop.

    The function does not wait for the coroutine: the loop may be busy.
    """
    token = current_token()

    def run_in_loop() -> None:
        with contextlib.suppress(BaseException):  # the loop may have ended, or end meanwhile
            from anyio.from_thread import run  # noqa: PLC0415  # slow to import, and rarely needed

            run(close, token=token)

    return lambda: threading.Thread(target=run_in_loop, daemon=True).start()
