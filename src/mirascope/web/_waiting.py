"""How the drivers wait: for the next event, and for a task that reads a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, Final, TypeAlias

import anyio

from mirascope.web._wsgi import Gone

Stop: TypeAlias = Callable[[], Awaitable[None]]
Spawn: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, None]]], Stop]
"""Runs a coroutine beside the iteration; returns what ends it."""

_LOOK: Final = 0.1
"""After how many seconds without an event to look whether the browser is gone."""


async def nothing() -> None: ...


def as_task(read: Callable[[], Coroutine[Any, Any, None]]) -> Stop:
    """Run a coroutine as a task of asyncio; return what cancels it and waits for its end."""
    task = asyncio.create_task(read())

    async def stop() -> None:
        task.cancel()
        with anyio.CancelScope(shield=True), suppress(asyncio.CancelledError):
            await task

    return stop


class Wait:
    """How long to wait for the next event, and what its absence means.

    Attributes:
        is_due: Whether a ping is.
    """

    def __init__(self, ping: float | None, gone: Gone | None) -> None:
        self._ping = inf if ping is None else ping
        self._gone = gone
        self._at = monotonic() + self._ping
        self.is_due = True

    def seconds(self) -> float | None:
        """Return how long to wait."""
        if self.is_due:
            self._at = monotonic() + self._ping
        left = self._at - monotonic()
        left = left if self._gone is None else min(left, _LOOK)
        return None if left == inf else max(0, left)

    def is_over(self, block: bytes) -> bool:
        """Record the block, and return whether the browser is gone."""
        self.is_due = bool(block) or monotonic() >= self._at
        return not block and self._gone is not None and self._gone()
