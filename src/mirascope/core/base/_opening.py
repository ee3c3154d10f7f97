"""A sync request that waits for its response, which another thread can end.

A thread that is asleep in a read wakes when its connection ends. Until the response has begun, only
the transport knows the connection: it is told here which request that is of. A transport that does
not ask, as that of a user-supplied client, ends with its own timeouts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar


class Opening:
    """A request that waits for its response."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hang_up: Callable[[], object] | None = None
        self._ended = False

    def connected(self, hang_up: Callable[[], object] | None) -> None:
        """Set what ends the connection; ``None`` when the request has that no more."""
        with self._lock:
            self._hang_up = hang_up
            if self._ended and hang_up is not None:
                hang_up()

    def end(self) -> None:
        """End it, and what else it may connect to, from whatever thread."""
        with self._lock:
            self._ended = True
            if self._hang_up is not None:
                self._hang_up()


_current: ContextVar[Opening | None] = ContextVar("_current", default=None)


@contextmanager
def opening() -> Generator[Opening]:
    """Let the request that is sent meanwhile be ended."""
    one = Opening()
    before = _current.get()
    _current.set(one)
    try:
        yield one
    finally:
        _current.set(before)
        one.connected(None)


def connected(hang_up: Callable[[], object]) -> None:
    """Note what ends the connection of the request that this thread sends."""
    one = _current.get()
    if one is not None:
        one.connected(hang_up)
