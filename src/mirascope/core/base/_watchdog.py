"""One thread that rings alarms, for whoever is asleep in a read and cannot look at a clock.

It begins with the first alarm that is on and ends soon after the last one is off. It asks each when
that is due, and is woken only for one that is due before it would look again. It asks all of them
each time, which is rare: those of streams that go on move ahead of it.

An alarm may be turned off by the garbage collector, in the midst of anything, which is why the lock
is reentrant and the set is copied before it is gone through.
"""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from math import inf
from time import monotonic
from typing import Any, Final, Self

from anyio.from_thread import run
from anyio.lowlevel import current_token
from typing_extensions import override

_LINGER: Final = 0.1
"""How long the thread waits for another alarm, as streams often follow one another."""


class Alarm(ABC):
    """Rings once when it is due, in another thread; it is on inside a ``with``.

    Attributes:
        ring: Called then.
        rang: Whether it has rung.
    """

    __slots__ = ("rang", "ring")

    def __init__(self, ring: Callable[[], object] = bool) -> None:
        self.ring = ring
        self.rang = False

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

    def add(self, alarm: Alarm) -> None:
        with self._changed:
            self._alarms.add(alarm)
            if not self._running:
                threading.Thread(target=self._run, name="mirascope-clocks", daemon=True).start()
                self._running = True

    def remove(self, alarm: Alarm) -> None:
        with self._changed:
            self._alarms.discard(alarm)
            if not self._alarms:
                self._changed.notify()

    def look(self) -> None:
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._alarms and not self._another():
                    self._running = False
                    return
                due = self._due()
                if not due and self._alarms:
                    self._changed.wait(min(self.looks_at - monotonic(), threading.TIMEOUT_MAX))
            for alarm in due:
                alarm.rang = True
                with contextlib.suppress(Exception):
                    alarm.ring()

    def _another(self) -> bool:
        """Wait for another alarm; when one is set, it finds `looks_at` infinite."""
        self.looks_at = inf
        return self._changed.wait_for(lambda: bool(self._alarms), _LINGER)

    def _due(self) -> list[Alarm]:
        """Turn off the alarms that are due and return them; note when the next one is.

        An alarm that moves meanwhile finds `looks_at` infinite, and wakes the thread.
        """
        self.looks_at = inf
        now = monotonic()
        times = {alarm: alarm.due() for alarm in self._alarms.copy()}
        due = [alarm for alarm, at in times.items() if at <= now]
        self._alarms.difference_update(due)
        self.looks_at = min((at for at in times.values() if at > now), default=inf)
        return due


_watchdog: Final = _Watchdog()
if hasattr(os, "register_at_fork"):  # a child has no thread but the one that forked
    os.register_at_fork(after_in_child=_watchdog.begin)


def in_this_loop(close: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Return a function for another thread that has the running event loop run a coroutine.

    It does not wait for that: the loop may be busy.
    """
    token = current_token()

    def run_it() -> None:
        with contextlib.suppress(Exception):  # the loop may have ended
            run(close, token=token)

    return lambda: threading.Thread(target=run_it, daemon=True).start()
