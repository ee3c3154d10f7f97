"""How a failure becomes an error of ours that is also the SDK's.

A provider describes its SDK's errors in one `SDKErrors`. Whatever fails is first said the SDK's own
way, unless the SDK raised it itself; then an instance of a class below both our class and the SDK's
is made, with the attributes of both, and the SDK's exception is its ``__cause__``. Before that,
both are cleaned of keys.

Such an error can be pickled and copied: its class is made again, and of its attributes those are
kept that are plain values; the others, such as the SDK's response, are ``None`` then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from traceback import walk_tb
from typing import Any, Final

from pydantic import ValidationError

from mirascope import errors
from mirascope.core._errors.redaction import can_be_sent, is_plain, is_private, redact
from mirascope.core._wire.error_reports import provider_error
from mirascope.core._wire.events import JSON, MalformedEventError, ProviderError
from mirascope.core._wire.sse import EventTooLargeError

_BY_STATUS: Final[dict[int, type[errors.StreamAPIError]]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    413: errors.BadRequest,
    422: errors.BadRequest,
    429: errors.RateLimited,
}
_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_LONGEST: Final = 500
"""Of a text that is not ours: an SDK's may hold a whole body."""
_NO_KEY: Final = "the key holds a line break or a letter that no key has"
_NO_TEXT: Final = "the prompt holds half a character, or a header a letter that none can have"
_UNKNOWN_PARAMETER: Final = "got an unexpected keyword argument"
_LIBRARIES: Final = frozenset(
    {"contextlib", "httpx", "httpx2", "json", "pydantic", "pydantic_core", "tenacity", "urllib"}
)
"""The libraries that SDKs are made of."""
_OURS: Final = ("partial", "others")
_RETRYABLE: Final = frozenset({408, 409, 425, 429})

_WHAT: Final[dict[errors.Clock, str]] = {
    "first": "no output came",
    "idle": "no further output came",
    "total": "the answer did not come to its end",
}


class DeadlineExceededError(Exception):
    """A clock ran out.

    Args:
        clock: Which one.
        seconds: What it was set to.
    """

    def __init__(self, clock: errors.Clock, seconds: float) -> None:
        super().__init__(f"{_WHAT[clock]} within {seconds:g} seconds (the timeout `{clock}`)")
        self.clock: errors.Clock = clock


def status_code(error: object) -> int | None:
    """Return the HTTP status of an error of an SDK, where most have it."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


@dataclass(frozen=True, kw_only=True)
class SDKErrors:
    """A provider's errors.

    Attributes:
        provider: The provider's name, which its description sets.
        base: The class that all errors of the SDK derive from.
        timeouts: What the SDK and its transport raise when time is up.
        connections: What they raise when there is no connection or it breaks.
        undecodable: What the transport raises for a body that its encoding does not fit.
        say: Makes the SDK's own exception for one of our classes, given a message, the response
            as far as there is one, and the provider's report.
        request_id_header: The header with the request's id, for SDKs whose errors do not tell it.
        text: Returns the text of an error, where the SDK's own tells what it should not.
        status_of: Returns the HTTP status that one of the SDK's errors has or means, if any.
        about_key: Tells an error that is about the key, where neither class nor status do.
        unread: Returns the report of a failure that the SDK fails to read, given what it raises
            then, which is none of its own errors.
        hints: What to do about an error of the SDK, by a text that it has.
    """

    provider: str = ""
    base: type[Exception]
    timeouts: tuple[type[Exception], ...]
    connections: tuple[type[Exception], ...]
    undecodable: tuple[type[Exception], ...]
    say: Callable[[type[errors.StreamError], str, object, JSON], Exception]
    request_id_header: str | None = None
    text: Callable[[Any], str] | None = None
    status_of: Callable[[Any], object] = status_code
    about_key: Callable[[Exception], bool] = lambda _: False
    unread: Callable[[Exception], JSON] = lambda _: None
    hints: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, provider: str) -> SDKErrors:
        """Return the errors of a provider that is reached through the same SDK."""
        return self if provider == self.provider else replace(self, provider=provider)

    def make(
        self,
        kind: type[errors.StreamError],
        message: str,
        *,
        response: object = None,
        body: JSON = None,
        cause: Exception | None = None,
    ) -> errors.StreamError:
        """Return an error of ours that is also the SDK's."""
        theirs = self.say(kind, message, response, body)
        theirs.__cause__ = cause
        return self._both(kind, theirs)

    def unread_report(self, error: Exception) -> JSON:
        """Return the report of a failure that made the SDK fail itself, ``None`` otherwise."""
        return None if isinstance(error, self.base) else self.unread(error)

    def translate(
        self,
        error: Exception,
        response: object = None,
        secrets: Collection[str] = (),
        *,
        opening: bool,
    ) -> errors.StreamError | None:
        """Return what an exception means, or ``None`` if it is not about the answer at all.

        Args:
            error: The exception.
            response: The HTTP response, as far as there is one.
            secrets: The keys that no error may tell.
            opening: Whether it was raised before there was a response.
        """
        if report := self.unread_report(error):
            error = provider_error(report)
        redact(error, secrets)
        if isinstance(error, errors.StreamError):
            return error
        if said := self._not_sent(error, secrets) or self._told(error, response):
            return said
        if happened := self._happened(error):
            sort, what = happened
            mistaken = isinstance(error, self.timeouts) and sort is not errors.StreamTimeout
            if isinstance(error, self.base) and not mistaken:
                return self._both(sort, error)
            text = str(_root(error) if mistaken else error) or type(error).__name__
            message = f"{what}: {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}"
            return self.make(sort, message, response=response, cause=error)
        if isinstance(error, self.base):
            return self._refusal(error)
        return self._rejection(error) if opening else None

    def tool_call(
        self, failures: Sequence[errors.ToolCallError], response: errors.PartialAnswer | None
    ) -> errors.ToolCallError:
        """Return the first failure as an error that is also the SDK's; it holds the others."""
        first, *others = failures
        theirs = self.say(errors.ToolCallError, str(first), None, None)
        theirs.__cause__ = first
        ours = self._both(errors.ToolCallError, theirs, first.args)
        assert isinstance(ours, errors.ToolCallError)  # noqa: S101  # for the type checkers
        ours.others, ours.phase, ours.partial = others, "mid", response
        return ours

    def refused(self, text: str, response: errors.PartialAnswer) -> errors.StreamError:
        """Return the error for a model that refuses to answer, with its text."""
        ours = self.make(errors.ModelRefused, text)
        ours.phase, ours.partial = "mid", response
        vars(ours)["_response"] = response
        return ours

    def _told(self, error: Exception, response: object) -> errors.StreamError | None:
        """Return the error for what no SDK has raised."""
        if isinstance(error, ProviderError):
            kind = api_error(error.status)
            ours = self.make(kind, str(error), response=response, body=error.body, cause=error)
            ours.retryable = error.retryable or ours.retryable
            return _with_status(ours, error.status)
        if not isinstance(error, DeadlineExceededError):
            return None
        ours = self.make(errors.StreamTimeout, str(error), response=response, cause=error)
        assert isinstance(ours, errors.StreamTimeout)  # noqa: S101  # for the type checkers
        ours.clock = error.clock
        return ours

    def _refusal(self, error: Exception) -> errors.StreamError:
        status = self.status_of(error)
        status = status if isinstance(status, int) else None
        kind = errors.AuthenticationFailed if self.about_key(error) else api_error(status)
        return _with_status(self._both(kind, error), status)

    def _not_sent(self, error: Exception, secrets: Collection[str]) -> errors.StreamError | None:
        """Return what an exception means that kept the request from being sent.

        One about an encoding is no cause to tell: it holds what could not be encoded.
        """
        if isinstance(error, (ValueError, *self.connections)) and not all(
            map(can_be_sent, secrets)
        ):
            return self.make(errors.AuthenticationFailed, _NO_KEY)
        if isinstance(error, UnicodeEncodeError):
            return self.make(errors.BadRequest, _NO_TEXT)
        if self.about_key(error) and not isinstance(error, self.base):
            return self.make(errors.AuthenticationFailed, str(error), cause=error)
        return None

    def _rejection(self, error: Exception) -> errors.StreamError | None:
        """Return the error for a request that the SDK rejects before it sends it.

        An error of the user's own code, such as a hook of an HTTP client, is none, and neither is
        a parameter that the SDK does not have.
        """
        sdk = self.base.__module__.partition(".")[0]
        if not isinstance(error, ValueError | TypeError) or not _is_raised_by(sdk, error):
            return None
        text = details(error) if isinstance(error, ValidationError) else str(error)
        hints = [hint for part, hint in self.hints.items() if part in text]
        message = ". ".join([f"the SDK rejects the request: {text}", *hints])
        return self.make(errors.BadRequest, message, cause=error)

    def _happened(self, error: Exception) -> tuple[type[errors.StreamError], str] | None:
        if isinstance(error, self.timeouts) and not _is_refusal(_root(error)):
            return errors.StreamTimeout, "the provider took too long"
        if isinstance(error, (*self.timeouts, *self.connections)):
            return errors.StreamConnectionError, "the connection failed"
        unreadable = (*self.undecodable, EventTooLargeError, MalformedEventError)
        if isinstance(error, unreadable) and not _tells_a_refusal(error):
            return errors.StreamDataError, "the provider's answer cannot be read"
        return None

    def _both(
        self,
        kind: type[errors.StreamError],
        theirs: Exception,
        args: tuple[object, ...] | None = None,
    ) -> errors.StreamError:
        error_type = _below(kind, type(theirs), self.text)
        ours = error_type.__new__(error_type, *(theirs.args if args is None else args))
        ours.__dict__.update(vars(theirs))
        ours.provider = self.provider
        ours.request_id = ours.request_id or self._request_id(theirs)
        ours.__cause__ = theirs
        return ours

    def _request_id(self, error: Exception) -> str | None:
        headers = getattr(getattr(error, "response", None), "headers", None)
        return headers.get(self.request_id_header) if headers and self.request_id_header else None


def details(error: ValidationError) -> str:
    """Return what is invalid, without the values themselves."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or error.title}: {one['msg']}" for one in found
    )


def _is_raised_by(sdk: str, error: Exception) -> bool:
    """Whether an error comes from an SDK, or from a library beneath it, and from nothing else."""
    frames = walk_tb(error.__traceback__)
    packages = [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
    if sdk not in packages or _UNKNOWN_PARAMETER in str(error):
        return False
    return _LIBRARIES.union([sdk]).issuperset(packages[packages.index(sdk) :])


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _tells_a_refusal(error: Exception) -> bool:
    """Tell an HTTP error whose body cannot be read from an answer that cannot be."""
    return (status_code(error) or 0) >= _ERROR


def _is_refusal(error: BaseException) -> bool:
    """Tell a connection that was refused; on aiohttp, the SDKs call that a timeout."""
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


_combined: dict[tuple[type, type], type[errors.StreamError]] = {}


def _below(
    kind: type[errors.StreamError],
    theirs: type[Exception],
    text: Callable[[Any], str] | None,
) -> type[errors.StreamError]:
    """Return the class below both, always the same one."""
    if (kind, theirs) not in _combined:
        _combined[kind, theirs] = _combine(kind, theirs, text)
    return _combined[kind, theirs]


def _combine(
    kind: type[errors.StreamError],
    theirs: type[Exception],
    text: Callable[[Any], str] | None,
) -> type[errors.StreamError]:
    def reduce(error: errors.StreamError) -> tuple[object, ...]:
        return _restored, (kind, theirs, text, *_kept(error))

    names: dict[str, object] = {
        "__module__": kind.__module__,
        "__doc__": kind.__doc__,
        "__repr__": _shown,
        "__reduce__": reduce,
    }
    if text is not None:
        names["__str__"] = text
    return type(kind.__name__, (kind, theirs), names)


def _shown(error: errors.StreamError) -> str:
    return f"{type(error).__name__}({str(error)!r})"


def _kept(error: errors.StreamError) -> tuple[list[object], dict[str, object]]:
    """Return the arguments and the attributes that are pickled with an error."""
    attributes: dict[str, object] = {
        name: value if name in _OURS or (is_plain(value) and not is_private(name, value)) else None
        for name, value in vars(error).items()
    }
    return [value if is_plain(value) else str(value) for value in error.args], attributes


def _restored(
    kind: type[errors.StreamError],
    theirs: type[Exception],
    text: Callable[[Any], str] | None,
    args: Sequence[object],
    attributes: Mapping[str, object],
) -> errors.StreamError:
    error_type = _below(kind, theirs, text)
    error = error_type.__new__(error_type, *args)
    vars(error).update(attributes)
    return error


def _with_status(error: errors.StreamError, status: int | None) -> errors.StreamError:
    if status is not None:
        error.status_code = status
        error.retryable = status in _RETRYABLE or status >= _SERVER_ERROR
    return error


def api_error(status: int | None) -> type[errors.StreamAPIError]:
    """Return our class for an HTTP status."""
    if status is None:
        return errors.StreamAPIError
    if status >= _SERVER_ERROR:
        return errors.Overloaded
    return _BY_STATUS.get(status, errors.StreamAPIError)
