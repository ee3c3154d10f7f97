"""The faults that a replay puts into the streamed responses of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mirascope.testing import loopback


@dataclass(frozen=True)
class ReplayFault:
    """What happens to each streamed response after a part of its body; see its subclasses.

    Args:
        at: How much of the body is sent before: a share of its bytes as a float from 0.0 to 1.0, or
            a number of bytes as an int; beyond the body's size, all of it.

    Raises:
        ValueError: The share is outside of 0.0 to 1.0, or the number is negative.
        TypeError: It is neither a float nor an int.
    """

    at: float

    step: ClassVar[loopback.Fault]

    def __post_init__(self) -> None:
        if isinstance(self.at, bool) or not isinstance(self.at, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]  # users are not all checked
            raise TypeError(f"`at` is a share (float) or a number of bytes (int), not {self.at!r}")
        if isinstance(self.at, int):
            if self.at < 0:
                raise ValueError(f"`at` is a number of bytes: at least 0, not {self.at}")
        elif not 0 <= self.at <= 1:
            raise ValueError(f"`at` is a share of the bytes: 0.0 to 1.0, not {self.at}")

    def size(self, total: int) -> int:
        """Return the number of bytes that are sent, of a body's total."""
        return self.at if isinstance(self.at, int) else round(self.at * total)


@dataclass(frozen=True)
class Cut(ReplayFault):
    """The connection ends: the client gets an incomplete body.

    Example:
        >>> Cut(at=0.5).size(1000), Cut(at=12).size(1000)
        (500, 12)
    """

    step = loopback.Abort()


@dataclass(frozen=True)
class Stall(ReplayFault):
    """Nothing more is sent, while the connection stays open until the client closes it."""

    step = loopback.Stall()


@dataclass(frozen=True)
class Reset(ReplayFault):
    """The connection breaks: the client gets a reset."""

    step = loopback.Reset()
