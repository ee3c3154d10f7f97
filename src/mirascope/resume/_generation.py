"""A running generation: what is read from its stream is written to its log.

The stream is read by a task or a thread of the application, which is never slowed down: what cannot
be written yet is held, and written as soon as the store is back. A generation holds all that it
wrote until its end. So a log that its store lost is written again, with the same numbers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from mirascope.errors import StreamLogFenced, StreamLogLost
from mirascope.resume._engine import Engine
from mirascope.resume._log import Entry, Lease, StreamLog
from mirascope.resume._takeover import Continued, Takeover
from mirascope.web import OnError, Streamed
from mirascope.web._recorder import END_LINES, joined, response_line

LOGGER: Final = logging.getLogger("mirascope.resume")

BEAT: Final = 0.25
"""After how many seconds at most a lease is renewed, and a request to stop is seen."""

_PATIENCE: Final = 0.1
"""How many seconds a reader that is stopped may take to end by itself."""

_TOO_LARGE: Final = b'["error","The answer is too large to be kept.",500]\n'
_CHANGED: Final = b'["error","The answer cannot be continued.",500]\n'


@dataclass(frozen=True)
class Options:
    """The settings of a store, as `Settings` describes them."""

    lease: float = 5.0
    linger: float = 0.05
    keep: float = 600.0
    max_bytes: int = 16 * 2**20
    grace: float = 20.0
    may_read: Callable[[str, Any], bool] | None = None
    on_error: OnError | None = None
    takeover: Callable[[str], Streamed] | None = None

    def __post_init__(self) -> None:
        least_of = {"lease": 0.1, "linger": 0, "keep": 1, "max_bytes": 1, "grace": 0}
        for name, least in least_of.items():
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` is {getattr(self, name)}; it must be at least {least}")


class Generation:
    """A running generation.

    Args:
        engine: Writes the log.
        log: The log.
        lease: The right to write it.
        options: The settings.
        taken: The generation of another worker that this one continues.

    Attributes:
        identify: Returns the id of the response, if another worker could take it over.
        kept: Whether all events so far are written, or will be.
        done: Set in the engine's event loop when the end is written, or cannot be.
    """

    def __init__(
        self,
        engine: Engine,
        log: StreamLog,
        lease: Lease,
        options: Options,
        taken: Takeover | None = None,
    ) -> None:
        self.kept = True
        self.identify: Callable[[], str | None] = lambda: None
        self.options = options
        self.done = asyncio.Event()
        self._engine = engine
        self._log = log
        self._lease = lease
        self._stop: Callable[[], None] | None = None
        self._is_alive: Callable[[], bool] = lambda: True
        self._abort: Callable[[], bytes] = lambda: b'["abort"]\n'
        self._lock = threading.Lock()
        self._wake = asyncio.Event()
        self._lines: list[bytes] = []
        self._is_idle = False
        self._ended = False
        self._ended_at = 0.0
        self._stopped_at: float | None = None
        self._entries: list[Entry] = [*taken.entries] if taken else []
        self._continued = Continued(self._entries) if taken else None
        self._response_id = taken.response_id if taken else None
        self._written = len(self._entries)
        self._base = 0
        self._size = sum(len(entry.lines) for entry in self._entries)
        self._wrote_at = 0.0
        self._failures = 0

    # The reader's side, in whatever thread.

    def attach(
        self, stop: Callable[[], None], is_alive: Callable[[], bool], abort: Callable[[], bytes]
    ) -> None:
        """Take the reader.

        Args:
            stop: Ends it, without waiting.
            is_alive: Returns whether it is there.
            abort: Returns the end of a response that stops here.
        """
        self._stop, self._is_alive, self._abort = stop, is_alive, abort
        if self._stopped_at is not None:
            stop()

    def feed(self, block: bytes) -> None:
        """Add events, as lines."""
        with self._lock:
            if block and not self._ended:
                self._add(block)

    def end(self, last: Callable[[], bytes] | None = None) -> None:
        """End it, unless it has ended, with what the function returns; by default as aborted."""
        with self._lock:
            if not self._ended:
                self._add((last or self._abort)())

    def _add(self, block: bytes) -> None:
        lines = block.splitlines(keepends=True)
        if self._continued is not None:
            lines = self._new(self._continued, lines)
        self._lines += lines
        if lines and lines[-1].startswith(END_LINES):
            self._ended, self._ended_at = True, monotonic()
        if self._is_idle:
            self._is_idle = False
            self._engine.loop.call_soon_threadsafe(self._wake.set)

    def _new(self, continued: Continued, lines: list[bytes]) -> list[bytes]:
        try:
            return continued.new(lines)
        except ValueError:
            LOGGER.error("a generation was taken over, but its response is another one")  # noqa: TRY400  # the error has no more
            if self._stop is not None:
                self._stop()
            return continued.end(_CHANGED)

    # The writer's side, in the engine's event loop.

    def stop(self) -> None:
        """Stop the reader: the response ends as aborted, whether the reader has ended or not."""
        if self._stopped_at is None:
            self._stopped_at = monotonic()
            if self._stop is not None:
                self._stop()

    async def run(self) -> None:
        """Write until the end is written."""
        try:
            await self._wait()
            while not await self._write():
                await self._wait()
        finally:
            self.done.set()

    async def _wait(self) -> None:
        """Wait for events, or until the lease is to be renewed."""
        pause = min(BEAT, self._lease.seconds / 4)
        if self._stopped_at is not None:
            pause = min(pause, _PATIENCE)
        if self._failures:
            await asyncio.sleep(min(pause, 0.02 * 2**self._failures))
            return
        left = self._wrote_at + self.options.linger - monotonic()
        if left > 0 and not self._ended:
            await asyncio.sleep(min(left, pause))
        with self._lock:
            if self._lines or self._ended:
                return
            self._is_idle = True
            self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def _write(self) -> bool:
        """Write what there is; return whether nothing is to follow."""
        is_over = self._stopped_at is not None and monotonic() > self._stopped_at + _PATIENCE
        if is_over or not self._is_alive():
            self.end()
        ended = self._collect()
        after = self._entries[self._written - 1].last if self._written else self._base
        entries = self._entries[self._written :]
        try:
            async with asyncio.timeout(max(1.0, self._lease.seconds / 2)):
                stops = await self._log.append(self._lease, entries, after=after, ended=ended)
        except StreamLogFenced:
            self.kept = False
            await self._fenced()
            return True
        except StreamLogLost as error:
            return self._lost(error)
        except Exception as error:  # noqa: BLE001  # a store may fail in any way
            return self._failed(error, ended=ended)
        self._failures = 0
        self._written += len(entries)
        self._wrote_at = monotonic() if entries else self._wrote_at
        if stops:
            self.stop()
        return ended

    async def _fenced(self) -> None:
        """Stop, unless another worker reads the same response, which stopping could cancel."""
        with suppress(Exception):
            tail = await self._log.read(self._lease.key, None, wait=0)
            if tail.epoch == self._lease.epoch:
                LOGGER.warning("another worker took over a generation, which is not written here")
                return
        LOGGER.warning("a generation was replaced by another one, and stops")
        self.stop()

    def _collect(self) -> bool:
        """Make an entry of the new events; return whether the end is among them."""
        with self._lock:
            lines, self._lines, ended = self._lines, [], self._ended
            self._is_idle = False
        if not self.kept:
            return True
        response_id = None if ended else self.identify()
        if response_id not in {None, self._response_id}:
            self._response_id = response_id
            lines.insert(0, response_line(response_id or ""))
        if lines:
            lines = joined(lines)
            last = (self._entries[-1].last if self._entries else self._base) + len(lines)
            entry = Entry(last, b"".join(lines))
            self._size += len(entry.lines)
            self._entries.append(entry)
        if self._size > self.options.max_bytes:
            self._give_up(self._entries[self._written - 1].last if self._written else self._base)
            return True
        return ended

    def _give_up(self, after: int) -> None:
        """Let the log end with an error; the stream is read to its end all the same."""
        LOGGER.error("a response is larger than max_bytes, so its log ends with an error")
        self.kept, self._ended_at = False, monotonic()
        self._base, self._written = after, 0
        self._entries = [Entry(after + 1, _TOO_LARGE)]

    def _lost(self, error: Exception) -> bool:
        if not self._written and not self._base:
            return self._failed(error, ended=self._ended)
        LOGGER.warning("the store lost the log of a generation, which writes it again")
        self._written = 0
        if self._base:  # what was before is not held any more
            self._give_up(0)
        return False

    def _failed(self, error: Exception, *, ended: bool) -> bool:
        if not self._failures:
            LOGGER.warning("the log of a generation cannot be written now", exc_info=error)
        self._failures = min(self._failures + 1, 16)
        return ended and monotonic() > self._ended_at + self._lease.keep
