"""When a request is sent again: one policy for all providers.

What may well succeed if it is asked for again (`StreamError.retryable`) is, until the first content
has come, whether the request was refused, the connection broke or the provider told of an overload
inside a stream that began well. From then on an answer stays cut off, unless the caller has it
restarted. The server's word counts: whether to ask again, and when. Where it says nothing, the
waits double from half a second to eight, with some chance in them, so that clients that failed
together do not come back together. Nobody is kept waiting for longer than the clocks leave.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from time import time
from typing import Final, TypeAlias, cast

from mirascope.errors import StreamError

MAX_RETRIES: Final = 2
"""How often a request is sent again where neither the caller nor the client says."""

_SHORTEST: Final = 0.5
_LONGEST: Final = 8.0
_LONGEST_ASKED_FOR: Final = 120.0
"""A server that asks for more is not waited for."""
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that is about to be sent again.

    Attributes:
        error: What the attempt before has failed with; its ``partial`` is what had come.
        count: How often the request was sent again by then, this time included.
        wait: The seconds until it is sent.
        restarts: Whether content had been told, which counts no more: the answer begins anew.
    """

    error: StreamError
    count: int
    wait: float
    restarts: bool


RetryHook: TypeAlias = Callable[[Retry], object]
"""What is called before a request is sent again; for async calls it may be async."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Whether, and when, a call's request is sent again.

    Attributes:
        max_retries: How often at most.
        from_opening: Whether also if it fails before the answer begins; where not, the client does.
        restarts: Whether also if content has come.
        hooks: What the caller wants called before.
    """

    max_retries: int
    from_opening: bool = True
    restarts: bool = False
    hooks: tuple[RetryHook, ...] = ()

    def retry(self, error: StreamError, count: int, seconds_left: float) -> Retry | None:
        """Return how to ask again, ``None`` if the error is final.

        Args:
            error: What the last attempt has failed with.
            count: How often the request was sent again before.
            seconds_left: How long another attempt may take.
        """
        begun = error.phase == "mid"
        if (begun and not self.restarts) or (error.phase == "open" and not self.from_opening):
            return None
        if count >= self.max_retries or not _is_retryable(error):
            return None
        wait = _wait(error, count)
        return Retry(error, count + 1, wait, begun) if wait < seconds_left else None


def run_hooks(hooks: Iterable[RetryHook], retry: Retry) -> None:
    """Call hooks."""
    for hook in hooks:
        hook(retry)


async def arun_hooks(hooks: Iterable[RetryHook], retry: Retry) -> None:
    """Call hooks, which may be async."""
    for hook in hooks:
        told = hook(retry)
        if inspect.isawaitable(told):
            await told


def _is_retryable(error: StreamError) -> bool:
    told = _headers(error).get("x-should-retry")
    return told == "true" or (error.retryable and told != "false")


def _wait(error: StreamError, count: int) -> float:
    asked = _asked_for(_headers(error))
    if asked is not None:
        return asked
    return min(_SHORTEST * 2.0**count, _LONGEST) * random.uniform(0.75, 1)  # noqa: S311  # no secret


def _asked_for(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait for; without end if that is too long."""
    seconds: float | None = None
    asked, exactly = headers.get("retry-after", ""), headers.get("retry-after-ms", "")
    if _NUMBER.fullmatch(exactly):
        seconds = float(exactly) / 1000
    elif _NUMBER.fullmatch(asked):
        seconds = float(asked)
    elif date := parsedate_tz(asked):
        seconds = max(0.0, mktime_tz(date) - time())
    return float("inf") if seconds is not None and seconds > _LONGEST_ASKED_FOR else seconds


def _headers(error: StreamError) -> Mapping[str, str]:
    """Return the headers of the response that an SDK's error holds, wherever it does."""
    held = getattr(error, "response", None) or getattr(error, "raw_response", None) or error
    headers = cast("Mapping[str, str]", getattr(held, "headers", None) or {})
    return {name.lower(): value for name, value in headers.items()}
