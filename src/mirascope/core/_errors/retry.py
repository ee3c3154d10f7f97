"""When a request is retried: one policy for all providers.

Until the first output, every error is retried that may be transient (`StreamError.retryable`):
a refused request, a broken connection, an overload that a stream reports after it was opened. After
it, a response stays cut off, unless the caller has it restarted or, where the server keeps it,
taken up again. The server decides whether to retry, and when (``x-should-retry``, ``retry-after``).
If it does not, the backoff doubles from half a second to eight seconds, with jitter, so that
clients which failed together do not return together. A wait that exceeds a deadline is not started.
A response that was received until its connection broke is taken up at once.
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
"""How often a request is retried if neither the caller nor the client sets it."""

_MIN_BACKOFF: Final = 0.5
_MAX_BACKOFF: Final = 8.0
_MAX_RETRY_AFTER: Final = 120.0
"""The error is final if the server requests a longer wait, in seconds."""
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that is about to be sent again; hooks such as ``on_retry`` receive it.

    Attributes:
        error (StreamError): The error of the last attempt. Its ``partial`` is the partial response.
        count (int): The number of this retry, starting at 1.
        wait (float): The seconds until the request is sent.
        restarts (bool): Whether the last attempt had output, which the new response replaces:
            discard what you received.
        resumes (bool): Whether the request is for the rest of the same response: keep what you
            received.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True, on_retry=lambda retry: print(retry.count))
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.fail(429, retry_after=0.01)
        ...     llm.reply("Emma")
        ...     print("".join(chunk.content for chunk, _ in recommend_book("classic")))
        1
        Emma
    """

    error: StreamError
    count: int
    wait: float
    restarts: bool
    resumes: bool = False


RetryHook: TypeAlias = Callable[[Retry], object]
"""Called before a request is sent again; for async calls it may be async."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Whether, and when, a call's request is sent again.

    Attributes:
        max_retries: The maximum number of retries.
        from_opening: Whether failures before the response is opened are retried; if not, the SDK
            retries those.
        restarts: Whether failures after the first output are retried.
        resumes: Whether an interrupted response is taken up again, if the server keeps it.
        hooks: The caller's hooks.
    """

    max_retries: int
    from_opening: bool = True
    restarts: bool = False
    resumes: bool = False
    hooks: tuple[RetryHook, ...] = ()

    def retry(
        self,
        error: StreamError,
        count: int,
        seconds_left: float,
        *,
        resumes: bool = False,
        progressed: bool = False,
    ) -> Retry | None:
        """Return the next retry, ``None`` if the error is final.

        Args:
            error: The error of the last attempt.
            count: The number of retries before.
            seconds_left: How long another attempt may take.
            resumes: Whether the response can be taken up again.
            progressed: Whether the last attempt received some of it; then nothing has to recover.
        """
        produced_output = error.phase == "mid"
        if produced_output and not (self.restarts or resumes):
            return None
        if error.phase == "open" and not self.from_opening:
            return None
        if count >= self.max_retries or not _is_retryable(error):
            return None
        wait = 0.0 if progressed else _backoff(error, count)
        if wait >= seconds_left:
            return None
        restarts = produced_output and not resumes
        return Retry(error, count + 1, wait, restarts, resumes)


def run_hooks(hooks: Iterable[RetryHook], retry: Retry) -> None:
    """Call hooks."""
    for hook in hooks:
        hook(retry)


async def arun_hooks(hooks: Iterable[RetryHook], retry: Retry) -> None:
    """Call hooks, which may be async."""
    for hook in hooks:
        result = hook(retry)
        if inspect.isawaitable(result):
            await result


def _is_retryable(error: StreamError) -> bool:
    should_retry = headers_of(error).get("x-should-retry")
    return should_retry == "true" or (error.retryable and should_retry != "false")


def _backoff(error: StreamError, count: int) -> float:
    """Return the seconds to wait before the next retry."""
    requested = _retry_after(headers_of(error))
    if requested is not None:
        return requested
    backoff = min(_MIN_BACKOFF * 2.0**count, _MAX_BACKOFF)
    return backoff * random.uniform(0.75, 1)  # noqa: S311  # no secret


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server requests to wait; infinity if they are too many."""
    seconds: float | None = None
    retry_after, milliseconds = headers.get("retry-after", ""), headers.get("retry-after-ms", "")
    if _NUMBER.fullmatch(milliseconds):
        seconds = float(milliseconds) / 1000
    elif _NUMBER.fullmatch(retry_after):
        seconds = float(retry_after)
    elif date := parsedate_tz(retry_after):
        seconds = max(0.0, mktime_tz(date) - time())
    return float("inf") if seconds is not None and seconds > _MAX_RETRY_AFTER else seconds


def headers_of(error: Exception) -> Mapping[str, str]:
    """Return the headers of the response that an SDK's error holds, in whatever attribute."""
    holders = (getattr(error, "response", None), getattr(error, "raw_response", None), error)
    held = (getattr(holder, "headers", None) for holder in holders)
    headers = cast("Mapping[str, str]", next(filter(None, held), None) or {})
    return {name.lower(): value for name, value in headers.items()}
