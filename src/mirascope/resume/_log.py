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
    """The right to write a log, until another generation with the same key begins.

    Attributes:
        key (str): The key.
        epoch (int): The generation.
        seconds (float): The generation counts as alive for this many seconds after each
            `StreamLog.append`.
        keep (float): The log is kept for this many seconds after the last `StreamLog.append`.
        writer (int): The number of workers that wrote this generation before and died.
    """

    key: str
    epoch: int
    seconds: float
    keep: float
    writer: int = 0


class Tail(NamedTuple):
    """The part of a log after a position.

    Attributes:
        epoch (int): The generation; 0 if there is no log.
        entries (Sequence[Entry]): The entries after the position, in order.
        beat (int): A number that changes with each `StreamLog.append`. It shows that the writer is
            alive.
        is_running (bool): Whether the generation has not ended and its lease has not expired.
    """

    epoch: int = 0
    entries: Sequence[Entry] = ()
    beat: int = 0
    is_running: bool = False


class StreamLog(ABC):
    """A store of logs: derive from it to add your own store, and pass it to `Store`.

    All methods are called in one asyncio event loop, which runs in its own thread. So they need not
    be thread-safe, and the first call may open a connection. No method may block that loop. If a
    method raises any other error than the documented ones, the store counts as unreachable, and the
    method is called again later.
    """

    @abstractmethod
    async def acquire(self, key: str, *, seconds: float, keep: float) -> Lease | None:
        """Begin a generation, unless one is running; discard the log of the previous one.

        Args:
            key: The key.
            seconds: See `Lease`.
            keep: See `Lease`.

        Returns:
            The right to write, with an epoch that no generation of the key had before
            (`new_epoch`); ``None`` if another generation is running.
        """

    @abstractmethod
    async def append(
        self, lease: Lease, entries: Sequence[Entry], *, after: int, ended: bool
    ) -> bool:
        """Append entries, each only once, and renew the lease.

        Args:
            lease: The right to write.
            entries: Consecutive entries. If there are none, only the lease is renewed. Entries that
                the log already has are skipped.
            after: The number of the event before the entries.
            ended: Whether this is the end of the generation; then the lease ends.

        Returns:
            Whether the generation must stop, because `request_stop` was called.

        Raises:
            StreamLogFenced: Another generation of the key has begun, or another worker (one with a
                higher ``writer``) has taken over this one.
            StreamLogLost: The log ends before ``after``; the writer then appends everything again.
                A log that does not exist ends at 0.
        """

    @abstractmethod
    async def read(self, key: str, after: Position | None, *, wait: float) -> Tail:
        """Return the part of a log after a position.

        Args:
            key: The key.
            after: The end of an entry that was read before; ``None`` for the beginning of the
                newest generation. If its epoch is not that of the log, no entries are returned.
            wait: How many seconds to wait for an entry if there is none. It may return earlier.
        """

    @abstractmethod
    async def request_stop(self, key: str) -> bool:
        """Request that the generation stops, and return whether one is running."""

    async def take_over(
        self, key: str, end: Position, *, seconds: float, keep: float
    ) -> Lease | None:
        """Take over a generation whose worker died: keep its log and continue it.

        This method is optional: without it, no generation is taken over.

        Args:
            key: The key.
            end: The end of the log, as it was read.
            seconds: See `Lease`.
            keep: See `Lease`.

        Returns:
            The right to write, with the same epoch and the next ``writer``; ``None`` if the
            generation is running or has ended, or if the log does not end at ``end``.
        """
        del key, end, seconds, keep
        return None

    async def close(self) -> None:  # noqa: B027  # most stores have something to close, not all
        """Close connections and files."""


def new_epoch(before: int = 0) -> int:
    """Return an epoch that is higher than the previous one, even if that is not known any more.

    It is the time in milliseconds, so the offset of an expired response is never an offset of a
    newer one.
    """
    return max(before + 1, time.time_ns() // 1_000_000)
