"""Servers that keep their addresses from one test to the next.

A default client is kept as long as its base URL stays the same. So tests that follow one another
use one client, which is slow to make; tests that run at the same time have servers of their own.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from mirascope.testing.loopback import Loopback, Request, Reset, Response

_idle: Final[list[Loopback]] = []
if hasattr(os, "register_at_fork"):  # only the thread that forks exists in the child
    os.register_at_fork(after_in_child=_idle.clear)


@contextmanager
def server(respond: Callable[[Request], Response]) -> Generator[Loopback]:
    """Return a running server; on leaving, its connections end."""
    try:
        loopback = _idle.pop()
    except IndexError:
        loopback = Loopback().__enter__()
        atexit.register(loopback.stop)
    loopback.respond = respond
    try:
        yield loopback
    finally:
        loopback.respond = _refuse
        while loopback.connections:
            loopback.connections.pop().cut()
        _idle.append(loopback)


def _refuse(_: Request) -> Response:
    """Reset the connection of a request that comes when no test runs."""
    return Response(before=[Reset()])
