"""Threads and tasks that an iterator starts and ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from typing import Any

import anyio
from anyio.lowlevel import current_token


def start_thread(run: Callable[[], object]) -> None:
    """Run a function in a thread, in a copy of this context."""
    context = copy_context()
    threading.Thread(target=context.run, args=(run,), name="mirascope-streams", daemon=True).start()


class Signal:
    """Wakes the tasks that wait for a change."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    def set(self) -> None:
        """Wake those that wait."""
        event, self._event = self._event, None
        if event is not None:
            event.set()

    async def wait(self) -> None:
        """Wait for the next change."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()


class Task:
    """A task of no task group, of asyncio or trio: an iterator may be left without ``async with``.

    Args:
        run: The coroutine function; it raises no exception but when it is cancelled.
    """

    def __init__(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._run = run
        self._scope = anyio.CancelScope()
        self._done = anyio.Event()
        self._task: asyncio.Task[None] | None = None
        if isinstance(current_token().native_token, asyncio.AbstractEventLoop):
            self._task = asyncio.create_task(self._main())
        else:
            import trio.lowlevel  # noqa: PLC0415  # it runs the event loop, so it is imported

            trio.lowlevel.spawn_system_task(self._main)

    async def _main(self) -> None:
        try:
            with self._scope:
                await self._run()
        finally:
            self._done.set()

    def cancel(self) -> None:
        """Cancel it."""
        self._scope.cancel()

    async def wait(self) -> None:
        """Wait for its end."""
        if self._task is not None:  # which the event loop may cancel before it starts
            await asyncio.wait([self._task])
        else:
            await self._done.wait()


async def stop(tasks: Iterable[Task]) -> None:
    """Cancel tasks and wait for their end."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    with anyio.CancelScope(shield=True):
        for task in tasks:
            await task.wait()
