"""Closes the streams that are still open when the interpreter exits, while it is still whole.

Afterwards it takes its modules apart while the garbage collector ends what is left, and the HTTP
libraries cannot rely on anything: CPython 3.13.0 crashes in ``datetime``, which ``httpx2`` needs to
close a response. The streams are held weakly, so nothing is kept alive.
"""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Final, Protocol


class Close(Protocol):
    """The method of a stream that closes its connection."""

    def __call__(self, *, inherited: bool) -> None:
        """Close the connection, or this process's copy of it if the parent process opened it."""


_open: Final[dict[weakref.ref[Close], int]] = {}
"""How to close what is open, and the process that opened it."""


@contextmanager
def closed_at_exit(close: Close) -> Generator[None]:
    """Call a method, which is held weakly, if the interpreter exits meanwhile."""
    method = weakref.WeakMethod(close, _forget)
    _open[method] = os.getpid()
    try:
        yield
    finally:
        _forget(method)


def _forget(method: weakref.ref[Close]) -> None:
    _open.pop(method, None)


def _close_all() -> None:
    with ExitStack() as closing:  # which goes on where one fails
        for method, process in _open.copy().items():
            if (close := method()) is not None:
                closing.callback(close, inherited=process != os.getpid())


atexit.register(_close_all)
