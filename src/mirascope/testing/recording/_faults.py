"""The faults that a replay puts into the streamed responses of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mirascope.testing import loopback


@dataclass(frozen=True)
class ReplayFault:
    """A fault of each streamed response after a part of its body; use a subclass.

    Args:
        at: The part that is sent before: a float is a share of the bytes from 0.0 to 1.0, an int is
            a number of bytes. If it is larger than the body, the complete body is sent.

    Raises:
        ValueError: The share is not between 0.0 and 1.0, or the number is negative.
        TypeError: ``at`` is neither a float nor an int.
    """

    at: float

    step: ClassVar[loopback.Fault]

    def __post_init__(self) -> None:
        if isinstance(self.at, bool) or not isinstance(self.at, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]  # users are not all checked
            raise TypeError(
                f"`at` is {self.at!r}; it must be a share (float) or a number of bytes (int)"
            )
        if isinstance(self.at, int):
            if self.at < 0:
                raise ValueError(f"`at` is {self.at}; a number of bytes must be 0 or more")
        elif not 0 <= self.at <= 1:
            raise ValueError(f"`at` is {self.at}; a share of the bytes must be between 0.0 and 1.0")

    def size(self, total: int) -> int:
        """Return the number of bytes that are sent of a body with ``total`` bytes."""
        return self.at if isinstance(self.at, int) else round(self.at * total)


@dataclass(frozen=True)
class Cut(ReplayFault):
    """The connection ends early: the client gets an incomplete body.

    Example:
        >>> Cut(at=0.5).size(1000), Cut(at=12).size(1000)
        (500, 12)
    """

    step = loopback.Abort()


@dataclass(frozen=True)
class Stall(ReplayFault):
    """Nothing more is sent; the connection stays open until the client closes it."""

    step = loopback.Stall()


@dataclass(frozen=True)
class Reset(ReplayFault):
    """The connection breaks: the client gets a connection reset."""

    step = loopback.Reset()
