"""Maps every failure to an error of `mirascope.errors` that is also an error of the SDK.

A provider describes its SDK's errors in one `SDKErrors`. A failure that the SDK did not raise is
first made an exception of the SDK. Then an instance of a subclass of both our class and the SDK's
is made: it has the attributes of both, and the SDK's exception is its ``__cause__``. Keys are
removed before that.

Such an error can be pickled and copied: its class is created again. Attributes that are plain
values are kept; others, such as the SDK's response, are then ``None``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from traceback import walk_tb
from typing import Any, Final, cast

from pydantic import ValidationError

from mirascope import errors
from mirascope.core._errors.redaction import can_be_sent, is_plain, is_private, redact
from mirascope.core._errors.retry import headers_of
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
_SUCCESS: Final = range(200, 300)
_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_MAX_TEXT: Final = 500
"""The longest text of another library in a message: that of an SDK may hold a complete body."""
_INVALID_KEY: Final = "the API key has a line break or a character that is not allowed in a key"
_NOT_ENCODABLE: Final = (
    "the prompt has an unpaired surrogate, or a header has a character that is not allowed there"
)
_UNKNOWN_PARAMETER: Final = "got an unexpected keyword argument"
_LIBRARIES: Final = frozenset(
    {"contextlib", "httpx", "httpx2", "json", "pydantic", "pydantic_core", "tenacity", "urllib"}
)
"""The libraries that SDKs depend on."""
_KEPT_ATTRIBUTES: Final = ("partial", "others")
_RETRYABLE: Final = frozenset({408, 409, 425, 429})

_EXPIRED: Final[dict[errors.Clock, str]] = {
    "first": "no output was received",
    "idle": "no further output was received",
    "total": "the response was not complete",
}


class DeadlineExceededError(Exception):
    """A deadline has expired.

    Args:
        clock: The name of the deadline.
        seconds: Its value.
    """

    def __init__(self, clock: errors.Clock, seconds: float) -> None:
        super().__init__(f"{_EXPIRED[clock]} within {seconds:g} seconds (the timeout `{clock}`)")
        self.clock: errors.Clock = clock


def status_code(error: object) -> int | None:
    """Return the HTTP status of an SDK's error, from the attribute that most SDKs use."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


@dataclass(frozen=True, kw_only=True)
class SDKErrors:
    """The errors of a provider's SDK.

    Attributes:
        provider: The provider's name, which its description sets.
        base: The base class of the SDK's errors, or several.
        timeouts: The exceptions of the SDK and its HTTP library for an expired timeout.
        connections: Their exceptions for a connection that cannot be made or breaks.
        undecodable: Their exceptions for a body that cannot be decoded.
        make_sdk_error: Returns the SDK's exception for one of our classes, given the class, a
            message, the response or ``None``, and the body that the provider reports.
        request_id_header: The header with the request's id, for SDKs whose errors lack it.
        message_of: Returns the message of an SDK's error, for SDKs whose own has too much in it.
        status_of: Returns the HTTP status of an SDK's error, or ``None``.
        is_auth_error: Returns whether an exception is about the API key, although neither its class
            nor its status shows that.
        unparsed_report: Returns the failure report that the SDK failed to parse, given the
            exception that it raised, which is not one of its own errors.
        hints: Advice for the user, by a part of the text of the SDK's exception.
        key_advice: Returns advice for the user whose API key is refused, given the provider's name.
    """

    provider: str = ""
    base: type[Exception] | tuple[type[Exception], ...]
    timeouts: tuple[type[Exception], ...]
    connections: tuple[type[Exception], ...]
    undecodable: tuple[type[Exception], ...]
    make_sdk_error: Callable[[type[errors.StreamError], str, object, JSON], Exception]
    request_id_header: str | None = None
    message_of: Callable[[Any], str] | None = None
    status_of: Callable[[Any], object] = status_code
    is_auth_error: Callable[[Exception], bool] = lambda _: False
    unparsed_report: Callable[[Exception], JSON] = lambda _: None
    hints: Mapping[str, str] = field(default_factory=dict[str, str])
    key_advice: Callable[[str], str] = lambda _: ""

    def of(self, provider: str) -> SDKErrors:
        """Return the same description for another provider with the same SDK."""
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
        theirs = self.make_sdk_error(kind, message, response, body)
        theirs.__cause__ = cause
        return self._combined(kind, theirs)

    def report_of(self, error: Exception) -> JSON:
        """Return the failure report that the SDK failed to parse; ``None`` for other errors."""
        return None if isinstance(error, self.base) else self.unparsed_report(error)

    def translate(
        self,
        error: Exception,
        response: object = None,
        secrets: Collection[str] = (),
        *,
        opening: bool,
    ) -> errors.StreamError | None:
        """Return the `StreamError` for an exception; ``None`` if it is not about the response.

        Args:
            error: The exception.
            response: The HTTP response, if there is one.
            secrets: The API keys to remove from all texts.
            opening: Whether it was raised before the response was opened.
        """
        if report := self.report_of(error):
            error = provider_error(report)
        redact(error, secrets)
        if isinstance(error, errors.StreamError):
            return error
        if mapped := self._map_unsent(error, secrets) or self._map_reported(error, response):
            return mapped
        if transport_error := self._transport_error(error):
            kind, problem = transport_error
            mistaken = isinstance(error, self.timeouts) and kind is not errors.StreamTimeout
            if isinstance(error, self.base) and not mistaken:
                return self._combined(kind, error)
            text = str(_root_cause(error) if mistaken else error) or type(error).__name__
            message = f"{problem}: {text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + '...'}"
            return self.make(kind, message, response=response, cause=error)
        if isinstance(error, self.base):
            return self._map_status(error)
        return self._map_rejected(error) if opening else None

    def tool_call(
        self, failures: Sequence[errors.ToolCallError], response: errors.PartialResponse | None
    ) -> errors.ToolCallError:
        """Return the first failure as an error that is also the SDK's; it holds the others."""
        first, *others = failures
        theirs = self.make_sdk_error(errors.ToolCallError, str(first), None, None)
        theirs.__cause__ = first
        ours = self._combined(errors.ToolCallError, theirs, first.args)
        assert isinstance(ours, errors.ToolCallError)  # noqa: S101  # for the type checkers
        ours.others, ours.phase, ours.partial = others, "mid", response
        return ours

    def refused(self, text: str, response: errors.PartialResponse) -> errors.StreamError:
        """Return the error for a refusal of the model, with the text of the refusal."""
        ours = self.make(errors.ModelRefused, text)
        ours.phase, ours.partial = "mid", response
        vars(ours)["_response"] = response
        return ours

    def _map_reported(self, error: Exception, response: object) -> errors.StreamError | None:
        """Map a failure that a body reports, and an expired deadline."""
        if isinstance(error, ProviderError):
            kind = api_error(error.status)
            text = self._with_advice(kind, str(error))
            ours = self.make(kind, text, response=response, body=error.body, cause=error)
            ours.retryable = error.retryable or ours.retryable
            return _with_status(ours, error.status)
        if not isinstance(error, DeadlineExceededError):
            return None
        ours = self.make(errors.StreamTimeout, str(error), response=response, cause=error)
        assert isinstance(ours, errors.StreamTimeout)  # noqa: S101  # for the type checkers
        ours.clock = error.clock
        return ours

    def _map_status(self, error: Exception) -> errors.StreamError:
        """Map an HTTP error that the SDK raised."""
        status = self.status_of(error)
        status = status if isinstance(status, int) else None
        kind = errors.AuthenticationFailed if self.is_auth_error(error) else api_error(status)
        text = self._with_advice(kind, str(error))
        args = None if text == str(error) else (text,)
        return _with_status(self._combined(kind, error, args), status)

    def _with_advice(self, kind: type[errors.StreamError], text: str) -> str:
        advice = self.key_advice(self.provider) if kind is errors.AuthenticationFailed else ""
        return f"{text.rstrip('.')}. Note that {advice}" if advice else text

    def _map_unsent(self, error: Exception, secrets: Collection[str]) -> errors.StreamError | None:
        """Map an exception that prevented the request from being sent.

        An encoding error does not become the cause: it holds the text that it cannot encode.
        """
        if isinstance(error, (ValueError, *self.connections)) and not all(
            map(can_be_sent, secrets)
        ):
            return self.make(errors.AuthenticationFailed, _INVALID_KEY)
        if isinstance(error, UnicodeEncodeError):
            return self.make(errors.BadRequest, _NOT_ENCODABLE)
        if self.is_auth_error(error) and not isinstance(error, self.base):
            return self.make(errors.AuthenticationFailed, str(error), cause=error)
        return None

    def _map_rejected(self, error: Exception) -> errors.StreamError | None:
        """Map an exception by which the SDK rejects a request before it is sent.

        Exceptions of the user's own code, such as a hook of an HTTP client, are not mapped, nor is
        that for a parameter which the SDK does not have.
        """
        base = self.base if isinstance(self.base, type) else self.base[0]
        sdk = base.__module__.partition(".")[0]
        if not isinstance(error, ValueError | TypeError) or not _is_raised_by(sdk, error):
            return None
        text = details(error) if isinstance(error, ValidationError) else str(error)
        hints = [hint for part, hint in self.hints.items() if part in text]
        message = ". ".join([f"the SDK rejects the request: {text}", *hints])
        return self.make(errors.BadRequest, message, cause=error)

    def _transport_error(self, error: Exception) -> tuple[type[errors.StreamError], str] | None:
        """Return our class and a description for a failure of the connection or the data."""
        if isinstance(error, self.timeouts) and not _is_refused_connection(_root_cause(error)):
            return errors.StreamTimeout, "the provider took too long"
        if isinstance(error, (*self.timeouts, *self.connections)):
            return errors.StreamConnectionError, "the connection failed"
        unreadable = (*self.undecodable, EventTooLargeError, MalformedEventError)
        status = status_code(error) or 0
        is_http_error = status >= _CLIENT_ERROR  # whose body is unreadable
        is_unparsed = status in _SUCCESS and isinstance(getattr(error, "body", None), str)
        if is_unparsed or (isinstance(error, unreadable) and not is_http_error):
            return errors.StreamDataError, "the provider's response cannot be read"
        return None

    def _combined(
        self,
        kind: type[errors.StreamError],
        theirs: Exception,
        args: tuple[object, ...] | None = None,
    ) -> errors.StreamError:
        """Return an instance of a subclass of both our class and that of the SDK's exception."""
        error_type = _combined_type(kind, type(theirs), self.message_of)
        ours = error_type.__new__(error_type, *(theirs.args if args is None else args))
        ours.args = theirs.args if args is None else args  # that of an `OSError` takes none yet
        ours.__dict__.update(vars(theirs))
        ours.provider = self.provider
        ours.request_id = ours.request_id or self._request_id(theirs)
        ours.__cause__ = theirs
        return ours

    def _request_id(self, error: Exception) -> str | None:
        return headers_of(error).get(self.request_id_header) if self.request_id_header else None


def details(error: ValidationError) -> str:
    """Return which fields are invalid and why, without their values."""
    lines = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, line['loc'])) or error.title}: {line['msg']}" for line in lines
    )


def _is_raised_by(sdk: str, error: Exception) -> bool:
    """Return whether only an SDK, and libraries that it calls, are in an exception's traceback."""
    frames = walk_tb(error.__traceback__)
    packages = [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames]
    if sdk not in packages or _UNKNOWN_PARAMETER in str(error):
        return False
    return _LIBRARIES.union([sdk]).issuperset(packages[packages.index(sdk) :])


def _root_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _is_refused_connection(error: BaseException) -> bool:
    """Return whether a connection was refused, which the SDKs report as a timeout on aiohttp."""
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


_combined_types: Final[dict[tuple[type, type], type[errors.StreamError]]] = {}


def _combined_type(
    kind: type[errors.StreamError],
    theirs: type[Exception],
    message_of: Callable[[Any], str] | None,
) -> type[errors.StreamError]:
    """Return the subclass of both, always the same one."""
    if (known := _combined_types.get((kind, theirs))) is not None:
        return known

    def reduce(error: errors.StreamError) -> tuple[object, ...]:
        return _unpickled, (kind, _importable(theirs), message_of, *_pickled_state(error))

    def show(error: errors.StreamError) -> str:
        return f"{type(error).__name__}({str(error)!r})"

    names: dict[str, object] = {
        "__module__": kind.__module__,
        "__doc__": kind.__doc__,
        "__repr__": show,
        "__reduce__": reduce,
    }
    if message_of is not None:
        names["__str__"] = message_of
    combined = type(kind.__name__, (kind, theirs), names)
    _combined_types[kind, theirs] = combined
    return combined


def _importable(kind: type[Exception]) -> type[Exception]:
    """Return a class, or of one that an SDK makes at run time, the first base that is not."""
    found = next(
        base
        for base in kind.__mro__
        if getattr(sys.modules.get(base.__module__), base.__name__, None) is base
    )
    return cast("type[Exception]", found)


def _pickled_state(error: errors.StreamError) -> tuple[list[object], dict[str, object]]:
    """Return the arguments and the attributes that are pickled with an error."""

    def is_kept(name: str, value: object) -> bool:
        return name in _KEPT_ATTRIBUTES or (is_plain(value) and not is_private(name, value))

    attributes: dict[str, object] = {
        name: value if is_kept(name, value) else None for name, value in vars(error).items()
    }
    return [value if is_plain(value) else str(value) for value in error.args], attributes


def _unpickled(
    kind: type[errors.StreamError],
    theirs: type[Exception],
    message_of: Callable[[Any], str] | None,
    args: Sequence[object],
    attributes: Mapping[str, object],
) -> errors.StreamError:
    error_type = _combined_type(kind, theirs, message_of)
    error = error_type.__new__(error_type, *args)
    error.args = tuple(args)
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
