"""How long a response may take: three deadlines, and their defaults.

A deadline that a call does not set is that of `Timeout.default`; one that is not set there either
is that of `STANDARD`. `STANDARD` is generous, since reasoning models may be silent for minutes; it
exists so that no stream hangs forever.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from typing import ClassVar, Final


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a response may take: three deadlines, in seconds.

    Only output that a user would see counts: text, reasoning, tool calls and their arguments.
    Response headers, keep-alives, pings and empty events do not count. ``first`` and ``idle`` are
    suspended while the consumer of a stream does something else.

    While a process is stopped (by a debugger, in a frozen container), all deadlines go on. When it
    resumes, data that was received meanwhile is read before a deadline ends the response. So
    ``first`` and ``idle`` never end a response whose output was received in time, nor ``total`` one
    that was received completely.

    A deadline that is ``None`` is that of `Timeout.default`; where that is ``None`` too, ``first``
    is 600, ``idle`` 300 and ``total`` has no limit. ``math.inf`` is no limit. A response that is
    not streamed is received at once: only ``first`` and ``total`` apply to it, and its defaults are
    the limits of its client.

    Attributes:
        first: From the start, before the request is sent, to the first output.
        idle: From one output to the next.
        total: From the start to the end of the response, pauses of the consumer included.
        default: The deadlines of calls that do not set them; it can be assigned.

    Raises:
        TypeError: A deadline is not a number.
        ValueError: A deadline is not greater than zero.

    Example:
        >>> Timeout(first=30, idle=10)
        Timeout(first=30, idle=10, total=None)
        >>> Timeout.of(60)
        Timeout(first=None, idle=None, total=60)
        >>> Timeout(idle=0)
        Traceback (most recent call last):
        ...
        ValueError: the timeout `idle` is 0; it has to be greater than zero
    """

    first: float | None = None
    idle: float | None = None
    total: float | None = None

    default: ClassVar[Timeout]

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name))

    @classmethod
    def of(cls, given: float | Timeout | None) -> Timeout:
        """Return a timeout; a number is the total.

        Raises:
            TypeError: ``given`` is neither a number nor a `Timeout`.
            ValueError: ``given`` is a number that is not greater than zero.
        """
        return given if isinstance(given, Timeout) else cls(total=given)

    def over(self, other: Timeout) -> Timeout:
        """Return this timeout, with the deadlines of another one where it has ``None``."""
        return Timeout(
            other.first if self.first is None else self.first,
            other.idle if self.idle is None else self.idle,
            other.total if self.total is None else self.total,
        )


def _check(name: str, seconds: object) -> None:
    if seconds is None:
        return
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise TypeError(
            f"the timeout `{name}` is {seconds!r}; it has to be a number of seconds, or all "
            "deadlines together a mirascope.Timeout"
        )
    if not seconds > 0:
        raise ValueError(f"the timeout `{name}` is {seconds}; it has to be greater than zero")


Timeout.default = Timeout()

NEVER: Final = Timeout(inf, inf, inf)
STANDARD: Final = Timeout(first=600, idle=300, total=inf)
