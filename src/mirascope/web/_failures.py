"""What a stranger is shown of an error: an HTTP status and a text, and never the error itself.

The error's own text may quote a model's output, a URL or a prompt, so it only goes to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from pydantic import ValidationError

from mirascope import errors

OnError: TypeAlias = Callable[[Exception], str]
"""Makes the text of an error that the browser gets."""

LOGGER: Final = logging.getLogger("mirascope.web")


class Shown(NamedTuple):
    """What is shown of an error.

    Attributes:
        status: The HTTP status, where nothing was sent yet.
        text: The text.
    """

    status: int
    text: str


_OURS: Final = Shown(500, "Something went wrong.")
_PROVIDERS: Final = Shown(502, "The model could not be reached.")
_CUT_OFF: Final = Shown(502, "The answer was cut off.")

# The provider's 401, 403 and 404 are this server's mistakes, and so no status of the browser's.
_SHOWN: Final[tuple[tuple[type[Exception], Shown], ...]] = (
    (errors.RateLimited, Shown(429, "There are too many requests. Try again later.")),
    (errors.Overloaded, Shown(503, "The model is overloaded. Try again later.")),
    (errors.BadRequest, Shown(400, "The model did not accept this conversation.")),
    (errors.StreamTimeout, Shown(504, "The model took too long.")),
    (errors.StreamTruncated, _CUT_OFF),
    (errors.StreamConnectionError, _PROVIDERS),
    (errors.ModelRefused, Shown(422, "The model refused to answer.")),
    (errors.ToolCallError, Shown(502, "The model called a tool with arguments that do not fit.")),
    (errors.StreamConsumed, _OURS),
    (errors.StreamNotFinished, _OURS),
    (errors.StreamError, _PROVIDERS),
    (errors.GenerationDied, Shown(502, "The worker that generated this answer died.")),
    (errors.StreamLogLost, Shown(410, "This answer is not kept any more.")),
    (errors.StreamLogError, Shown(503, "The answer could not be read. Try again later.")),
    (ValidationError, Shown(502, "The answer does not have the form that it should have.")),
)


def shown(error: BaseException) -> Shown:
    """Return what is shown of an error, or of the error that caused one of no kind of its own.

    >>> from mirascope import errors
    >>> shown(errors.RateLimited("The key sk-1 has no quota"))
    Shown(status=429, text='There are too many requests. Try again later.')
    >>> shown(KeyError("sk-1")).status
    500
    """
    for kind, text in _SHOWN:
        if isinstance(error, kind):
            if kind is errors.StreamError and isinstance(error.__cause__, errors.StreamError):
                return shown(error.__cause__)
            if text is _PROVIDERS and isinstance(error, errors.StreamError):
                return _CUT_OFF if error.phase == "mid" else _PROVIDERS
            return text
    return _OURS


def text_of(error: Exception, on_error: OnError | None) -> str:
    """Log an error, and return the text that is shown."""
    _log(error)
    if on_error is not None:
        try:
            return on_error(error)
        except Exception as other:  # noqa: BLE001  # the response has to end
            _log(other)
    return shown(error).text


def _log(error: BaseException) -> None:
    LOGGER.error("a streamed response failed: %s", type(error).__name__, exc_info=error)
