"""A pipe for bytes with a bound: one side reads a stream, the other writes to a browser.

The reader is a thread or a task, the writer likewise. What is received while the writer is busy is
written at once. When the writer does not keep up, the reader waits, and with it the provider.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, closing, suppress
from typing import Final, Protocol, cast

import anyio
from anyio.lowlevel import current_token

LIMIT: Final = 64 * 1024
"""How many bytes may wait for the writer."""

Wake = Callable[[], object]


class _Trio(Protocol):
    """Trio's token of an event loop."""

    def run_sync_soon(self, sync_fn: Wake, /) -> None: ...


class Pipe:
    """The pipe.

    Args:
        threaded: Whether another thread reads than writes.

    Attributes:
        error: What the reader ended with, where the writer is to raise it.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._threaded = threaded
        self._lock = threading.Lock()
        self._blocks: list[bytes] = []
        self._size = 0
        self._ended = False
        self._closed = False
        self._on_data: Wake | None = None
        self._on_room: Wake | None = None
        self.error: Exception | None = None

    # The reader's side.

    def add(self, block: bytes) -> bool:
        """Add bytes; return whether there is room for more now."""
        with self._lock:
            self._blocks.append(block)
            self._size += len(block)
            wake, self._on_data = self._on_data, None
        if wake is not None:
            wake()
        return self._has_room()

    def _has_room(self) -> bool:
        return self._size < LIMIT or self._closed

    def end(self, error: Exception | None = None) -> None:
        """Mark the end: nothing follows."""
        with self._lock:
            self._ended, self.error = True, error
            wake, self._on_data = self._on_data, None
        if wake is not None:
            wake()

    def wait_for_room(self) -> None:
        """Wait until there is room, in a thread."""
        while not self._has_room():
            event = threading.Event()
            with self._lock:
                if self._has_room():
                    return
                self._on_room = event.set
            event.wait()

    async def await_room(self) -> None:
        """Wait until there is room, in a task of the writer's event loop."""
        while not self._has_room():
            event = anyio.Event()
            self._on_room = event.set
            await event.wait()

    # The writer's side.

    def take(self, seconds: float | None) -> bytes | None:
        """Return what has come, ``b""`` after so many seconds without anything.

        Returns:
            The bytes; ``None`` at the end.
        """
        event = threading.Event()
        if self._listen(event.set):
            event.wait(seconds)
        return self._taken()

    async def atake(self, seconds: float | None) -> bytes | None:
        """Return what has come; see `take`."""
        event = anyio.Event()
        if self._listen(across(event.set) if self._threaded else event.set):
            with anyio.move_on_after(seconds):
                await event.wait()
        return self._taken()

    def close(self) -> None:
        """Let the reader go on to its end without waiting: nobody takes what it adds."""
        with self._lock:
            self._closed = True
            wake, self._on_room = self._on_room, None
        if wake is not None:
            wake()

    def _listen(self, wake: Wake) -> bool:
        """Set a callback for the next data; return whether there is none yet."""
        with self._lock:
            if self._blocks or self._ended:
                return False
            self._on_data = wake
            return True

    def _taken(self) -> bytes | None:
        with self._lock:
            self._on_data = None
            blocks, self._blocks, self._size = self._blocks, [], 0
            ended = self._ended
            wake, self._on_room = self._on_room, None
        if wake is not None:
            wake()
        return b"".join(blocks) if blocks or not ended else None


def across(wake: Wake) -> Wake:
    """Return what another thread calls instead.

    It does not wait for the callback: an event loop that is about to end never calls it.
    """
    loop = current_token().native_token
    soon: Callable[[Wake], object]
    if isinstance(loop, asyncio.AbstractEventLoop):
        soon = loop.call_soon_threadsafe
    else:
        soon = cast("_Trio", loop).run_sync_soon

    def wake_in_loop() -> None:
        with suppress(RuntimeError):  # the loop has ended
            soon(wake)

    return wake_in_loop


def chained(first: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return an iterator over the first blocks, then the others."""
    return _chained(first, blocks) if first else blocks


def _chained(first: list[bytes], blocks: Iterator[bytes]) -> Generator[bytes]:
    with closing(cast("Generator[bytes]", blocks)):
        while first:
            yield first.pop(0)
        yield from blocks


def achained(first: list[bytes], blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return an async iterator over the first blocks, then the others."""
    return _achained(first, blocks) if first else blocks


async def _achained(first: list[bytes], blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(cast("AsyncGenerator[bytes]", blocks)):
        while first:
            yield first.pop(0)
        async for block in blocks:
            yield block
