"""The log of calls, on the logger ``mirascope``: no prompt, no response, no key.

One line for each call at DEBUG. A warning for a retry, for a response that is cut off, and for one
that ends at its limit of tokens.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Final

from typing_extensions import override

from mirascope import errors
from mirascope.core._errors.retry import Retry
from mirascope.core._observers.failures import describe
from mirascope.core._observers.observation import AnyResponse, Call, Observation, Streamed, logger

_USUAL: Final = frozenset({"complete", "end_turn", "stop", "tool_call", "tool_calls", "tool_use"})
"""Finish reasons of responses that are not cut off, as the providers report them."""


def is_enabled() -> bool:
    """Return whether anything of a call would be logged."""
    return logger.isEnabledFor(logging.WARNING)


class CallLog(Observation):
    """Logs one call.

    Args:
        call: The call.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._retries = 0
        self._started = 0.0

    @override
    def start(self, stream: Streamed | None) -> None:
        self._started = perf_counter()

    @override
    def retry(self, retry: Retry) -> None:
        self._retries = retry.count
        reason = describe(retry.error)
        self._warn("retry %d in %.2f s after %s", retry.count, retry.wait, reason)

    @override
    def end(self, result: Streamed | AnyResponse | None, error: BaseException | None) -> None:
        if isinstance(error, errors.StreamTruncated):
            self._warn("the response is cut off: the connection ended before its end")
        elif result is not None and _is_at_limit(result):
            self._warn("the response ends at its limit of tokens")
        if logger.isEnabledFor(logging.DEBUG):
            self._log_call(result, error)

    def _log_call(self, result: Streamed | AnyResponse | None, error: BaseException | None) -> None:
        state = getattr(result, "state", "finished" if error is None else "failed")
        usage = (None, None) if result is None else (result.input_tokens, result.output_tokens)
        logger.debug(
            "%s %s: %s%s, input tokens %s, output tokens %s, %.2f s, retries %d",
            self._call.provider_name,
            self._call.model,
            state,
            "" if error is None else f" ({describe(error)})",
            *("unknown" if tokens is None else tokens for tokens in usage),
            perf_counter() - self._started,
            self._retries,
        )

    def _warn(self, message: str, *values: object) -> None:
        logger.warning(f"%s %s: {message}", self._call.provider_name, self._call.model, *values)


def _is_at_limit(result: Streamed | AnyResponse) -> bool:
    """Return whether a response ends at its limit of tokens.

    A stream builds its response to normalize the reasons, so the usual ones are known here.
    """
    reasons = result.finish_reasons
    if not reasons or _USUAL.issuperset(map(str.lower, reasons)):
        return False
    return "length" in (result.common_finish_reasons or ())
