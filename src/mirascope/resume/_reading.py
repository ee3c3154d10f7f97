"""Reading a log: each event once and in order, from any offset, with an explicit end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from time import monotonic

from typing_extensions import override

from mirascope.errors import GenerationDied, StreamConsumed, StreamLogError, StreamLogLost
from mirascope.resume._engine import Engine, result_of
from mirascope.resume._generation import BEAT, LOGGER
from mirascope.resume._log import Entry, Position, StreamLog, Tail
from mirascope.resume._takeover import Successor, Takeover, response_of
from mirascope.web._recorded import Recorded, RecordedEvent, decoded
from mirascope.web._recorder import ENDS


class Reading(Recorded):
    """A recorded response: iterate it once, with ``for`` or ``async for``.

    Each item is a `RecordedEvent`; the last one is ``finish``, ``abort`` or ``error``. If there is
    no response for the key, there are no events. You can pass it to `mirascope.web` like a stream.

    Raises:
        GenerationDied: While iterating: the worker that generated the response died.
        StreamLogLost: While iterating: the log does not have the offset, or is gone.
        StreamLogError: While iterating: the store cannot be reached.
    """

    def __init__(
        self,
        engine: Engine,
        log: StreamLog,
        key: str,
        *,
        after: str | None,
        lease: float,
        running: bool,
        successor: Successor | None = None,
    ) -> None:
        self._engine = engine
        self._log = log
        self._key = key
        self._lease = lease
        self._running = running
        self._successor = successor
        self._taken: Takeover | None = None
        self._from = Position.parse(after) if after else None
        self._is_invalid = bool(after) and self._from is None
        self._position: Position | None = None
        self._beat: int | None = None
        self._began = self._done = False
        self._pending: Future[list[RecordedEvent]] | None = None

    # What users iterate.

    def __iter__(self) -> Iterator[RecordedEvent]:
        for batch in self.batches():
            yield from (event for event in batch if event.is_new)

    async def __aiter__(self) -> AsyncIterator[RecordedEvent]:
        async for batch in self.abatches():
            for event in batch:
                if event.is_new:
                    yield event

    @override
    def batches(self) -> Generator[Sequence[RecordedEvent]]:
        self._begin()
        while not self._done:
            self._pending = self._engine.submit(self._next())
            try:
                if batch := self._pending.result():
                    yield batch
                self._continue()
            except CancelledError:
                return

    @override
    async def abatches(self) -> AsyncGenerator[Sequence[RecordedEvent]]:
        self._begin()
        while not self._done:
            self._pending = self._engine.submit(self._next())
            try:
                if batch := await result_of(self._pending):
                    yield batch
                self._continue()
            except CancelledError:
                return

    @override
    def close(self) -> None:
        self._done = True
        if self._pending is not None:
            self._pending.cancel()

    def _begin(self) -> None:
        if self._began:
            raise StreamConsumed("this reading was already iterated: call `read` again")
        self._began = True

    def _continue(self) -> None:
        """Continue the generation that was taken over, if one was."""
        taken, self._taken = self._taken, None
        if taken is not None and self._successor is not None:
            self._successor.begin(taken)

    # In the engine's event loop.

    async def _next(self) -> list[RecordedEvent]:
        """Return the next events; none if there is no response."""
        if self._is_invalid:
            raise StreamLogLost(
                "the offset is invalid: it must be one that a log gave, such as 7-18"
            )
        until = monotonic() + self._lease
        tried = False
        while True:
            problem: Exception | None = None
            left = max(0.0, until - monotonic())
            try:
                async with asyncio.timeout(left + BEAT):
                    wait = min(BEAT, self._lease / 4, left)
                    tail = await self._log.read(self._key, self._position, wait=wait)
            except Exception as error:  # noqa: BLE001  # a store may fail in any way
                problem, tail = error, Tail()
                await asyncio.sleep(min(BEAT, self._lease / 10))
            else:
                if self._position is None and self._is_empty(tail):
                    self._done = True
                    return []
                if events := self._read(tail):
                    return events
                if tail.epoch and tail.beat != self._beat:
                    self._beat, until = tail.beat, monotonic() + self._lease
                if self._successor is not None and tail.epoch:
                    if not (tail.is_running or tried) and await self._take_over(self._successor):
                        return []
                    if tail.is_running or not tried:  # maybe by another worker by now
                        until = max(until, monotonic() + BEAT)
                    tried = not tail.is_running
            if monotonic() >= until:
                raise self._silent(problem, tail)

    async def _take_over(self, successor: Successor) -> bool:
        try:
            async with asyncio.timeout(self._lease):
                found = await successor.joined()
                self._taken = found if isinstance(found, Takeover) else None
        except Exception as error:  # noqa: BLE001  # a store may fail in any way
            LOGGER.warning("a generation cannot be taken over now", exc_info=error)
        return self._taken is not None

    def _is_empty(self, tail: Tail) -> bool:
        """Begin with the newest generation; return whether there is nothing to read."""
        if self._from is not None and self._from.epoch != tail.epoch:
            raise StreamLogLost(
                "the response of this offset was deleted or replaced: read from the beginning"
            )
        can_run = tail.is_running or (self._successor is not None and response_of(tail))
        if not tail.epoch or (self._running and not can_run):
            return True
        self._position = Position(tail.epoch, 0)
        self.seed = f"{self._key}/{tail.epoch}"
        return False

    def _read(self, tail: Tail) -> list[RecordedEvent]:
        position = self._position
        if position is None or not tail.epoch:
            return []
        if tail.epoch != position.epoch:
            raise StreamLogLost(
                "another generation with this key has begun: read from the beginning"
            )
        events = [event for entry in tail.entries for event in self._events(entry)]
        self._done = bool(events) and events[-1].name in ENDS
        if self._done and self._from is not None and self._from.number > self._number:
            raise StreamLogLost("the log ends before this offset")
        return events

    @property
    def _number(self) -> int:
        return self._position.number if self._position else 0

    def _events(self, entry: Entry) -> list[RecordedEvent]:
        lines = entry.lines.splitlines()
        before = entry.last - len(lines)
        if self._position is None or entry.last <= self._number:
            return []
        if before != self._number:
            raise StreamLogLost(f"the log has a gap after {self._position}")
        epoch = self._position.epoch
        self._position = Position(epoch, entry.last)
        known = self._from.number if self._from else 0
        return [
            RecordedEvent(f"{epoch}-{number}", *decoded(line), is_new=number > known)
            for number, line in enumerate(lines, before + 1)
        ]

    def _silent(self, problem: Exception | None, tail: Tail) -> StreamLogError:
        if problem is not None:
            error = StreamLogError(f"the log cannot be read: {type(problem).__name__}")
            error.__cause__ = problem
            return error
        if not tail.epoch:
            return StreamLogLost("the store lost the log of this response")
        return GenerationDied("the worker that generated this response died")
