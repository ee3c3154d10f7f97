"""Sending again what failed before the answer began, for SDKs that do not do so by themselves.

The policy is the one that the other SDKs have: connection errors, timeouts and the statuses that
call for it, twice, after what the server asks for or after 0.5 to 8 seconds, unless a clock runs
out before. Nothing is ever sent again once an answer has begun.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from mirascope.core.base._clocks import Clocks
    from mirascope.core.base._errors import SDKErrors

MAX_RETRIES: Final = 2
_LONGEST: Final = 120.0

T = TypeVar("T")


def sent(errors: SDKErrors, max_retries: int, clocks: Clocks, send: Callable[[], T]) -> T:
    """Send, and send again as the policy says."""
    from tenacity import Retrying  # noqa: PLC0415  # only some providers need it

    return Retrying(**_policy(errors, max_retries, clocks))(send)


async def asent(
    errors: SDKErrors, max_retries: int, clocks: Clocks, send: Callable[[], Awaitable[T]]
) -> T:
    """Send, and send again as the policy says, async."""
    from tenacity import AsyncRetrying  # noqa: PLC0415  # only some providers need it

    async def attempt() -> T:  # it awaits only what comes from a coroutine function
        return await send()

    return await AsyncRetrying(**_policy(errors, max_retries, clocks))(attempt)


def _policy(errors: SDKErrors, max_retries: int, clocks: Clocks) -> dict[str, Any]:
    from tenacity import retry_if_exception  # noqa: PLC0415  # likewise

    def is_retryable(error: BaseException) -> bool:
        meant = errors.translate(error) if isinstance(error, Exception) else None
        return meant is not None and meant.retryable

    def is_last(state: RetryCallState) -> bool:
        return state.attempt_number > max_retries or state.upcoming_sleep >= clocks.seconds_left

    return {
        "retry": retry_if_exception(is_retryable),
        "stop": is_last,
        "wait": _wait,
        "reraise": True,
    }


def _wait(state: RetryCallState) -> float:
    asked = _asked_for(state.outcome.exception()) if state.outcome else None
    if asked is not None and 0 <= asked <= _LONGEST:
        return asked
    backoff = min(0.5 * 2.0 ** (state.attempt_number - 1), 8.0)
    return backoff * random.uniform(0.75, 1)  # noqa: S311  # no secret


def _asked_for(error: BaseException | None) -> float | None:
    """Return the seconds that the server asks to wait for."""
    response = getattr(error, "response", None) or getattr(error, "raw_response", None) or error
    headers = cast("Mapping[str, str]", getattr(response, "headers", None) or {})
    for name, value in headers.items():
        if name.lower() == "retry-after" and value.replace(".", "", 1).isdigit():
            return float(value)
    return None
