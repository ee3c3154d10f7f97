"""What a store has to do: an append-only log for each key, with one writer at a time.

A log has an *epoch* for each generation of its key, and its events count from 1 in each. The writer
chooses these numbers, not the store: so a write that is repeated has no effect, a reader proves
that nothing is missing, and the number of an event is the offset that a browser resumes from.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

_OFFSET: Final = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


class Position(NamedTuple):
    """A position in a log, after an event.

    Attributes:
        epoch (int): The generation; a later one has a higher epoch.
        number (int): The number of the event in the generation; 0 for the beginning.
    """

    epoch: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the position of a text such as ``"7-18"``; ``None`` if the text is invalid.

        >>> Position.parse("7-18")
        Position(epoch=7, number=18)
        """
        found = _OFFSET.fullmatch(text)
        return None if found is None else cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


class Entry(NamedTuple):
    """Several events that are written at once.

    Attributes:
        last (int): The number of the last event.
        lines (bytes): The events: lines of JSON, each with a newline.
    """

    last: int
    lines: bytes


class Lease(NamedTuple):
    """The right to write a log, until another generation of the key begins.

    Attributes:
        key: The key.
        epoch: The generation.
        seconds: For how long the generation counts as alive after each `StreamLog.append`.
        keep: For how many seconds the log is kept after the last one.
        writer: How many workers wrote this generation before, and died.
    """

    key: str
    epoch: int
    seconds: float
    keep: float
    writer: int = 0


class Tail(NamedTuple):
    """What there is in a log after a position.

    Attributes:
        epoch: The generation; 0 if there is no log.
        entries: What follows the position, in order.
        beat: A number that changes with each `StreamLog.append`: it shows that the writer is alive.
        is_running: Whether the generation has no end and its lease has not run out.
    """

    epoch: int = 0
    entries: Sequence[Entry] = ()
    beat: int = 0
    is_running: bool = False


class StreamLog(ABC):
    """A store of logs; derive from it to add one of your own, and give it to `Store`.

    All methods are called in one event loop of asyncio, in a thread of its own, so nothing here has
    to be thread-safe, and a connection may be opened by the first call. None may block that loop.
    Whatever a method raises, other than the documented errors, means that the store cannot be
    reached at the moment: it is called again.
    """

    @abstractmethod
    async def acquire(self, key: str, *, seconds: float, keep: float) -> Lease | None:
        """Begin a generation, unless one is running; the log before it is discarded.

        Args:
            key: The key.
            seconds: See `Lease`.
            keep: See `Lease`.

        Returns:
            The right to write, of an epoch that no generation of the key had before (`new_epoch`);
            ``None`` if another generation is running.
        """

    @abstractmethod
    async def append(
        self, lease: Lease, entries: Sequence[Entry], *, after: int, ended: bool
    ) -> bool:
        """Append entries, none of which may be written twice, and renew the lease.

        Args:
            lease: The right to write.
            entries: Consecutive entries; without any, only the lease is renewed. Those that the log
                has already are left out.
            after: The number of the event before them.
            ended: Whether this is the end: the lease is given back.

        Returns:
            Whether the generation is to stop, as `request_stop` demands.

        Raises:
            StreamLogFenced: Another generation of the key has begun, or another worker has taken
                over this one: one whose ``writer`` is higher.
            StreamLogLost: The log ends before ``after``. The writer appends everything again. A log
                that is not there at all is one that ends at 0.
        """

    @abstractmethod
    async def read(self, key: str, after: Position | None, *, wait: float) -> Tail:
        """Return what there is after a position.

        Args:
            key: The key.
            after: The end of an entry that was read before; ``None`` for the beginning of the
                newest generation. If its epoch is not that of the log, no entries are returned.
            wait: For how many seconds to wait where nothing follows. It may return earlier.
        """

    @abstractmethod
    async def request_stop(self, key: str) -> bool:
        """Demand that the generation stops; return whether one is running."""

    async def take_over(
        self, key: str, end: Position, *, seconds: float, keep: float
    ) -> Lease | None:
        """Take over a generation whose worker died; its log stays, and is continued.

        A store need not have this: then no generation is taken over.

        Args:
            key: The key.
            end: Where the log ends, as it was read.
            seconds: See `Lease`.
            keep: See `Lease`.

        Returns:
            The right to write, of the same epoch and the next writer; ``None`` if the generation is
            running, or the log does not end there, or has ended.
        """
        del key, end, seconds, keep
        return None

    async def close(self) -> None:  # noqa: B027  # most stores have something to close, not all
        """Close connections and files."""


def new_epoch(before: int = 0) -> int:
    """Return an epoch that is higher than the one before, also where that one is forgotten.

    It is the time in milliseconds: so an offset of an answer that has expired is never one of
    another answer.
    """
    return max(before + 1, time.time_ns() // 1_000_000)
