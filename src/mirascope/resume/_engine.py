"""The thread that reads and writes logs, with an event loop of its own.

Whatever blocks the application's event loop does not stop the renewal of leases, sync and async
code share one implementation, and what is left to write when an event loop ends is written.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import anyio

from mirascope.web._pipe import across

_T = TypeVar("_T")


class Engine:
    """The thread; it ends with the process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, name="mirascope-resume", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def awaited(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine there, and wait for it in whatever event loop this is."""
        return await result_of(self.submit(work))


async def result_of(future: Future[_T]) -> _T:
    """Wait for a future of another thread, in asyncio or trio; cancel it when cancelled."""
    done = anyio.Event()
    wake: Callable[[], object] = across(done.set)
    future.add_done_callback(lambda _: wake())
    try:
        await done.wait()
    finally:
        future.cancel()
    return future.result()


_lock = threading.RLock()  # also of a signal's handler, which may interrupt this
_engine: Engine | None = None


def engine() -> Engine:
    """Return the engine of this process; after a fork, that is a new one."""
    global _engine  # noqa: PLW0603  # there is one for each process
    with _lock:
        if _engine is None or _engine.pid != os.getpid():
            _engine = Engine()
        return _engine
