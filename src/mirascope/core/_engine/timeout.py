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
    """The time limits of a response: three deadlines, in seconds.

    Only output that a user sees counts: text, reasoning, and tool calls with their arguments.
    Response headers, keep-alives, pings and empty events do not count. ``first`` and ``idle`` are
    suspended while your code does something else between two items of a stream.

    The limits of a call come from three places, in this order: the ``timeout`` of the call,
    `Timeout.default`, and the standard limits (``first`` 600, ``idle`` 300, no ``total``). A value
    of ``None`` means that the next place decides. ``math.inf`` means no limit.

    A response that is not streamed arrives all at once. So only ``first`` and ``total`` apply to
    it, and its standard limits are those of the client.

    The deadlines continue while the process is stopped, for example by a debugger. When it resumes,
    it first reads the data that arrived in the meantime. So ``first`` and ``idle`` never end a
    response whose output arrived in time, and ``total`` never ends a response that arrived
    completely.

    Attributes:
        first (float | None): Seconds from the start of the call, before the request is sent, to the
            first output.
        idle (float | None): Seconds from one output to the next.
        total (float | None): Seconds from the start of the call to the end of the response,
            including the time of your own code between the items.
        default (Timeout): The deadlines of all calls that do not set their own. You can assign it.

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
        ValueError: the timeout `idle` is 0; it must be greater than zero
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
        """Return a `Timeout`: ``given`` itself, or one whose ``total`` is ``given`` seconds.

        Raises:
            TypeError: ``given`` is neither a number nor a `Timeout`.
            ValueError: ``given`` is not greater than zero.
        """
        return given if isinstance(given, Timeout) else cls(total=given)

    def over(self, other: Timeout) -> Timeout:
        """Return a copy in which each ``None`` is replaced by the deadline of another timeout."""
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
            f"the timeout `{name}` is {seconds!r}; it must be a number of seconds. For several "
            "deadlines, pass a mirascope.Timeout"
        )
    if not seconds > 0:
        raise ValueError(f"the timeout `{name}` is {seconds}; it must be greater than zero")


Timeout.default = Timeout()

NEVER: Final = Timeout(inf, inf, inf)
STANDARD: Final = Timeout(first=600, idle=300, total=inf)
