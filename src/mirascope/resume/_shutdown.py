"""The end of the process: running generations have some time to finish, then they are aborted.

The time begins with SIGTERM, where the process has a handler for it, as under uvicorn and gunicorn;
that handler is called, too. Else it begins with the end of the application or of the process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import Final

from mirascope.resume._engine import Engine, engine
from mirascope.resume._generation import Generation

_FLUSH: Final = 2.0
"""For how many seconds at most the ends of aborted generations are written."""

_running: Final[dict[Generation, Engine]] = {}
_kept: Final[set[int]] = set()
_lock: Final = threading.Lock()
_began_at: Final[list[float]] = []


def watch(generation: Generation, runs_in: Engine) -> None:
    """Run a generation, and take care of it at the end of the process."""
    _running[generation] = runs_in
    runs_in.submit(_run(generation))
    install()
    with _lock:
        if os.getpid() not in _kept:
            _kept.add(os.getpid())
            threading.Thread(target=_keep, name="mirascope-resume-end", daemon=False).start()


async def _run(generation: Generation) -> None:
    try:
        await generation.run()
    finally:
        _running.pop(generation, None)


def install() -> None:
    """Be notified of SIGTERM, before the handler that there is."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or isinstance(before, _Handler):
        return
    signal.signal(signal.SIGTERM, _Handler(before))


class _Handler:
    """Begins the shutdown, then calls the handler that was there."""

    def __init__(self, before: Callable[[int, FrameType | None], object]) -> None:
        self._before = before

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not _began_at:
            _began_at.append(monotonic())
        if generations := running():
            engine().submit(drained(generations))
        self._before(number, frame)


def running() -> list[Generation]:
    """Return the generations that run in this process."""
    here = engine()
    return [generation for generation, runs_in in list(_running.items()) if runs_in is here]


async def drained(generations: Collection[Generation]) -> None:
    """Let generations finish, for the time that is left, then abort them; in the engine's loop."""
    if not generations:
        return
    began_at = _began_at[0] if _began_at else monotonic()
    left = began_at + max(each.options.grace for each in generations) - monotonic()
    ends = [asyncio.ensure_future(each.done.wait()) for each in generations]
    _, unfinished = await asyncio.wait(ends, timeout=max(0.0, left))
    if unfinished:
        for generation in generations:
            generation.stop()
        await asyncio.wait(unfinished, timeout=_FLUSH)
    for end in ends:
        end.cancel()


def _keep() -> None:
    """Wait for the end of the main thread, then for what still runs.

    That is before the clients of the SDKs are closed, unlike what is registered with `atexit`.
    """
    threading.main_thread().join()
    if generations := running():
        with suppress(CancelledError):
            engine().submit(drained(generations)).result()
