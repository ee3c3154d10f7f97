"""How long an answer may take: three clocks, and what they are set to by default.

What a call does not say, `Timeout.default` says; what that does not, `STANDARD` does. `STANDARD` is
generous: reasoning models may think for minutes before they say anything, and some of what they do
between two words takes minutes too. It is there so that no stream hangs for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from typing import ClassVar, Final


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long an answer may take, in seconds, by three clocks.

    Only output that a user would see counts: text, reasoning, tool calls and their arguments. The
    head of the response, keep-alives, pings and empty events do not. While the reader of a stream
    does something else, ``first`` and ``idle`` stand still.

    While a process is stopped (by a debugger, in a frozen container), all clocks go on. When it
    continues, what has come meanwhile is read before a clock ends the answer; so ``first`` and
    ``idle`` end none whose output was there in time, and ``total`` none that was there to its end.

    A clock that is ``None`` is set as `Timeout.default` says; where that is ``None`` too, ``first``
    to 600, ``idle`` to 300 and ``total`` to no limit. ``math.inf`` is no limit. An answer that is
    not streamed comes at once: it knows ``first`` and ``total`` only, and has by default the limits
    of its client.

    Attributes:
        first: From the beginning, which is before the request is sent, to the first output.
        idle: From one output to the next.
        total: From the beginning to the end of the answer, pauses of the reader included.
        default: What the clocks of calls are set to that do not say; it can be set anew.

    Raises:
        TypeError: A clock is set to what is no number.
        ValueError: A clock is set to what is not greater than zero.

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
        """Return the timeout that is given; a number is the total.

        Raises:
            TypeError: It is neither a number nor a `Timeout`.
            ValueError: It is a number that is not greater than zero.
        """
        return given if isinstance(given, Timeout) else cls(total=given)

    def over(self, other: Timeout) -> Timeout:
        """Return this timeout with what it does not say as another says it."""
        return Timeout(
            other.first if self.first is None else self.first,
            other.idle if self.idle is None else self.idle,
            other.total if self.total is None else self.total,
        )


def _check(clock: str, seconds: object) -> None:
    if seconds is None:
        return
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise TypeError(
            f"the timeout `{clock}` is {seconds!r}; it has to be seconds, or all "
            "clocks together a mirascope.Timeout"
        )
    if not seconds > 0:
        raise ValueError(f"the timeout `{clock}` is {seconds}; it has to be greater than zero")


Timeout.default = Timeout()

NEVER: Final = Timeout(inf, inf, inf)
STANDARD: Final = Timeout(first=600, idle=300, total=inf)
