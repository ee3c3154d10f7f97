"""One thread that rings alarms, for whoever is asleep in a read and cannot look at a clock.

It begins with the first alarm that is on. It asks each when that is due and looks again then, but a
beat later at the latest, and ends when it finds none twice. So nothing has to wake it but an alarm
that is due within the beat: waking a thread, or starting one, costs more than a chunk does.

An alarm may be turned off by the garbage collector, in the midst of anything, which is why the lock
is reentrant and the set is copied before it is gone through. It may even be at the very end of the
interpreter, which has then killed the thread, perhaps with the lock in its hand: from `atexit` on,
nobody takes it.

A process may be stopped, by a debugger, a frozen container or a closed laptop. When it continues,
alarms are overdue, and what they are to interrupt may be about to end: data wait in the socket. So
if the thread wakes much too late, no alarm rings before a further beat has passed.
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
from anyio.from_thread import run
from anyio.lowlevel import current_token
from typing_extensions import override

BEAT: Final = 0.2
"""How many seconds the thread sleeps at most; when it wakes by as much too late, it was stopped."""


class Alarm(ABC):
    """Rings once when it is due, in another thread; it is on inside a ``with``.

    Attributes:
        ring: Called then.
        expired: Whether it has rung.
    """

    __slots__ = ("expired", "ring")

    def __init__(self, ring: Callable[[], object] = bool) -> None:
        self.ring = ring
        self.expired = False

    @abstractmethod
    def due(self) -> float:
        """Return when it is due, on the monotonic clock, as things are."""

    def moved(self, due: float) -> None:
        """Say that it is due at another time than before."""
        if due < _watchdog.looks_at:
            _watchdog.look()

    def __enter__(self) -> Self:
        _watchdog.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _watchdog.remove(self)


class Timer(Alarm):
    """An alarm that is due at a time."""

    __slots__ = ("_at",)

    def __init__(self, ring: Callable[[], object]) -> None:
        super().__init__(ring)
        self._at = inf

    def set(self, at: float) -> None:
        """Move it to a time."""
        self._at = at
        self.moved(at)

    @override
    def due(self) -> float:
        return self._at


class _Watchdog:
    """The thread and its alarms.

    Attributes:
        looks_at: When it looks next, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Be without a thread and without alarms."""
        self.looks_at = inf
        self._alarms: set[Alarm] = set()
        self._changed = threading.Condition()
        self._running = False
        self._over = False
        self._stopped = False
        self._rings_from = -inf

    def end(self) -> None:
        """Leave the thread alone from now on."""
        self._over = True

    def add(self, alarm: Alarm) -> None:
        if self._over:
            return
        with self._changed:
            self._alarms.add(alarm)
            if not self._running:
                threading.Thread(target=self._run, name="mirascope-clocks", daemon=True).start()
                self._running = True

    def remove(self, alarm: Alarm) -> None:
        self._alarms.discard(alarm)

    def look(self) -> None:
        """Have the thread look now."""
        if not self._over:
            with self._changed:
                self._changed.notify()

    def _run(self) -> None:
        idle = False
        while True:
            with self._changed:
                if idle and not self._alarms:
                    self._running = False
                    self.looks_at = inf
                    return
                idle = not self._alarms
                due = self._due()
                if not due:
                    self._changed.wait(self.looks_at - monotonic())
            for alarm in due:
                alarm.expired = True
                with contextlib.suppress(Exception):
                    alarm.ring()

    def _due(self) -> list[Alarm]:
        """Turn off the alarms that are due and return them; note when to look again.

        An alarm that moves meanwhile finds `looks_at` infinite, and wakes the thread.
        """
        planned, self.looks_at = self.looks_at, inf
        now = monotonic()
        self._note_stop(now, planned)
        times = {alarm: alarm.due() for alarm in self._alarms.copy()}
        due = [alarm for alarm, at in times.items() if at <= now and now >= self._rings_from]
        self._alarms.difference_update(due)
        self.looks_at = min([now + BEAT, *(at for at in times.values() if at > now)])
        return due

    def _note_stop(self, now: float, planned: float) -> None:
        """Let no alarm ring for a beat if the thread was stopped; twice in turn is a busy machine.

        Args:
            now: When the thread looks.
            planned: When it should have.
        """
        if self._stopped:
            self._stopped = now < self._rings_from
        elif now > planned + BEAT:
            self._stopped = True
            self._rings_from = now + BEAT


_watchdog: Final = _Watchdog()
if hasattr(os, "register_at_fork"):  # a child has no thread but the one that forked
    os.register_at_fork(after_in_child=_watchdog.begin)
atexit.register(_watchdog.end)


@contextmanager
def fail_after(seconds: float | None) -> Generator[None]:
    """Cancel what is awaited inside after a time, by the watchdog.

    Raises:
        TimeoutError: That was done.
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
    """Return a function for another thread that has the running event loop run a coroutine.

    It does not wait for that: the loop may be busy.
    """
    token = current_token()

    def run_it() -> None:
        with contextlib.suppress(BaseException):  # the loop may have ended, or end meanwhile
            run(close, token=token)

    return lambda: threading.Thread(target=run_it, daemon=True).start()
