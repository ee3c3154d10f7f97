"""What reads the stream of a generation: a task of the application's event loop, or a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Final

from mirascope.resume._generation import Generation
from mirascope.web._walked import Walked

_tasks: Final[set[asyncio.Task[None]]] = set()


def read_in_task(events: Walked, generation: Generation) -> asyncio.Task[None]:
    """Read an async stream in a task of this event loop; return the task."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(_read(events, generation), name="mirascope-resume")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has ended, and so has the task
            loop.call_soon_threadsafe(task.cancel)

    generation.attach(stop, lambda: not (task.done() or loop.is_closed()), events.abort)
    return task


async def _read(events: Walked, generation: Generation) -> None:
    try:
        async for block in events:
            generation.feed(block)
    finally:
        generation.end()


def read_in_thread(events: Walked, generation: Generation) -> None:
    """Read a sync stream in a thread."""

    def read() -> None:
        try:
            for block in events:
                generation.feed(block)
        finally:
            generation.end()

    def stop() -> None:
        with suppress(RuntimeError):  # where the process ends, and this thread with it
            _start(events.close)

    thread = _start(read)
    generation.attach(stop, thread.is_alive, events.abort)


def read_in_own_loop(events: Walked, generation: Generation) -> None:
    """Read an async stream in a thread with an event loop of its own."""

    async def read() -> None:
        await asyncio.wait([read_in_task(events, generation)])

    _start(lambda: asyncio.run(read()))


def _start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(
        target=copy_context().run, args=(work,), name="mirascope-resume", daemon=True
    )
    thread.start()
    return thread
