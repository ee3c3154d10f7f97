"""Passes a prompt function the errors of its earlier attempts, when tenacity retries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mirascope.errors import StreamError

if TYPE_CHECKING:
    from tenacity import RetryCallState


def collect_errors(*types: type[Exception]) -> Callable[[RetryCallState], None]:
    """Return an ``after`` hook for `tenacity.retry` that passes errors to the retried function.

    The function gets the errors as the keyword argument ``errors``, the oldest first. The first
    attempt does not get this argument.

    Args:
        types: The classes of the errors to collect. They match exactly, except for a `StreamError`,
            which also matches its base classes.

    Example:
        >>> from tenacity import retry, stop_after_attempt
        >>> @retry(stop=stop_after_attempt(3), after=collect_errors(ValueError))
        ... def count(*, errors: list[ValueError] | None = None) -> int:
        ...     if len(errors or ()) < 2:
        ...         raise ValueError("too few")
        ...     return len(errors)
        >>> count()
        2
    """

    def collect(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if type(error) in types or (isinstance(error, StreamError) and isinstance(error, types)):
            state.kwargs["errors"] = [*(state.kwargs.get("errors") or ()), error]

    return collect
