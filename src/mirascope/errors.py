"""Every error of this library, as a tree.

::

    MirascopeError
    ├── StreamError                       any failure of a response
    │   ├── StreamAPIError                the provider reports an error, at any phase
    │   │   ├── BadRequest                400, 413, 422: the request itself is wrong
    │   │   ├── AuthenticationFailed      401: a missing or invalid API key
    │   │   ├── PermissionDenied          403
    │   │   ├── NotFound                  404: usually the name of the model is wrong
    │   │   ├── RateLimited               429
    │   │   └── Overloaded                500 and above: a failure of the provider
    │   ├── StreamConnectionError         no connection, or it is broken
    │   │   └── StreamTruncated           the connection ended before the response did
    │   ├── StreamTimeout                 the response took too long: a deadline expired
    │   ├── StreamDataError               the response is not in the documented format
    │   ├── ToolCallError                 the arguments of a tool call are invalid; also a
    │   │                                 pydantic.ValidationError, and so a ValueError
    │   ├── ModelRefused                  the model refuses; a ValueError
    │   ├── StreamConsumed                iterated a second time
    │   └── StreamNotFinished             the response is not complete; a ValueError
    ├── StreamLogError                    the log of a response cannot be read or written
    │   ├── StreamLogLost                 it is not kept, or not any more
    │   ├── StreamLogFenced               another generation writes it now
    │   └── GenerationDied                the worker that generated the response died
    ├── TemplateError    (a KeyError)     a template names an unknown variable
    ├── MissingSDKError  (an ImportError) a provider's SDK is not installed
    └── ProviderLoadError (an ImportError) a package registers a provider that cannot be loaded

What a provider's stream or call raises is also an instance of that provider's own base class
(``openai.OpenAIError``) and, where its SDK has one, of the specific class
(``openai.RateLimitError``), with the attributes of both; the SDK's own exception is its
``__cause__``. So ``except openai.OpenAIError`` and ``except mirascope.errors.StreamError`` each
catch every failure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, Self, cast

from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, ValidationError

__all__ = [
    "AuthenticationFailed",
    "BadRequest",
    "Clock",
    "GenerationDied",
    "MirascopeError",
    "MissingSDKError",
    "ModelRefused",
    "NotFound",
    "Overloaded",
    "PartialResponse",
    "PermissionDenied",
    "Phase",
    "ProviderLoadError",
    "RateLimited",
    "StreamAPIError",
    "StreamConnectionError",
    "StreamConsumed",
    "StreamDataError",
    "StreamError",
    "StreamLogError",
    "StreamLogFenced",
    "StreamLogLost",
    "StreamNotFinished",
    "StreamTimeout",
    "StreamTruncated",
    "TemplateError",
    "ToolCallError",
]

Phase = Literal["open", "first", "mid"]
"""When a failure happened: before the response, before the first output, or after it."""

Clock = Literal["first", "idle", "total"]
"""The name of a deadline; see `mirascope.Timeout`."""


class PartialResponse(Protocol):
    """The partial response of a failed call: a call response of the provider."""

    @property
    def content(self) -> str:
        """The text that was received."""
        ...


class MirascopeError(Exception):
    """The base of all errors of this library, which can be pickled and copied."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to restore the error, whatever the signature of its class."""
        return _restored, (type(self), self.args, vars(self))


def _restored(
    kind: type[MirascopeError], args: tuple[object, ...], attributes: dict[str, object]
) -> MirascopeError:
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


class StreamError(MirascopeError):
    """Any failure of a response, streamed or not.

    Attributes:
        provider: The provider's name, such as ``"openai"``.
        phase: When it happened: ``"open"`` (before the response), ``"first"`` (before the first
            output) or ``"mid"`` (after it).
        retryable: Whether the same request may succeed if it is sent again.
        status_code: The HTTP status, if there is one.
        request_id: The provider's id of the request, if known.
        partial: The partial response; ``None`` if nothing was received.
    """

    provider: str | None = None
    phase: Phase | None = None
    retryable: bool = False
    status_code: int | None = None
    request_id: str | None = None
    partial: PartialResponse | None = None


class StreamAPIError(StreamError):
    """The provider reports an error: an HTTP status, or an error event inside a stream."""


class BadRequest(StreamAPIError):
    """The request itself is wrong (400, 413, 422 and the like)."""


class AuthenticationFailed(StreamAPIError):
    """The API key is missing or invalid (401)."""


class PermissionDenied(StreamAPIError):
    """The API key has no permission (403)."""


class NotFound(StreamAPIError):
    """The resource does not exist (404); usually the name of the model is wrong."""


class RateLimited(StreamAPIError):
    """Too many requests or tokens (429)."""

    retryable = True


class Overloaded(StreamAPIError):
    """The provider fails or is overloaded (500 and above)."""

    retryable = True


class StreamConnectionError(StreamError):
    """The connection to the provider cannot be made, or is broken."""

    retryable = True


class StreamTruncated(StreamConnectionError):
    """The connection ended without an error, but before the response: it is cut off."""


class StreamTimeout(StreamError):
    """The response took too long.

    Attributes:
        clock: The deadline of the call's `mirascope.Timeout` that expired; ``None`` if it was a
            timeout of the SDK.
    """

    retryable = True
    clock: Clock | None = None


class StreamDataError(StreamError):
    """The response is not in the format that the provider documents."""


class ToolCallError(StreamError, ValidationError):
    """The arguments of a tool call are cut off or invalid, or the tool does not exist.

    A stream raises it after all other items: the text and the other tools. As pydantic's error it
    has ``errors()``, one for each invalid argument, and the tool's name as ``title``.

    Args:
        message: The message.
        tool_name: The tool that the model called.
        arguments: The text of the arguments, as received.
        details: The error of each argument; by default one error with the message.

    Attributes:
        tool_name: The tool that the model called.
        arguments: The text of the arguments, as received.
        others: The errors of further invalid calls of the same response.
    """

    tool_name: str = ""
    arguments: str = ""
    others: Sequence[ToolCallError] = ()

    def __new__(
        cls,
        message: str = "",
        tool_name: str = "",
        arguments: str = "",
        details: Sequence[ErrorDetails] = (),
    ) -> Self:
        """Create the base's part, which only pydantic can."""
        default = ErrorDetails(type="tool_call", loc=(), msg=message, input=arguments)
        lines = [_line(each) for each in details or (default,)]
        error = super().__new__(cls, *ValidationError.from_exception_data(tool_name, lines).args)
        error.args = (message, tool_name, arguments, details)
        error.tool_name, error.arguments = tool_name, arguments
        return error

    def __init__(  # that of the base resets what `__new__` has set, and has no keywords
        self,
        message: str = "",
        tool_name: str = "",
        arguments: str = "",
        details: Sequence[ErrorDetails] = (),
    ) -> None: ...

    def __str__(self) -> str:
        """Return the message; pydantic's would show the arguments."""
        return str(self.args[0])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def _line(details: ErrorDetails) -> InitErrorDetails:
    new: Callable[[str, str], PydanticCustomError] = cast("Any", PydanticCustomError)
    error = new(details["type"], details["msg"])
    return InitErrorDetails(type=error, loc=details["loc"], input=details["input"])


class ModelRefused(StreamError, ValueError):
    """The model refuses, where a tool or a response model was requested.

    Its message is the text of the refusal; ``partial`` is the complete response.
    """


class StreamConsumed(StreamError):
    """A stream was iterated a second time."""


class StreamNotFinished(StreamError, ValueError):
    """The complete response was requested before the stream was finished."""


class StreamLogError(MirascopeError):
    """The log of a response cannot be read or written; see `mirascope.resume`."""


class StreamLogLost(StreamLogError):
    """The log does not have what is to be read, or what is to be continued."""


class StreamLogFenced(StreamLogError):
    """Another generation writes the log of this key now."""


class GenerationDied(StreamLogError):
    """The worker that generated the response died, and the response has no end."""


class TemplateError(MirascopeError, KeyError):
    """A prompt template names a variable that its function does not have."""

    def __str__(self) -> str:
        """Return the message as it is; a ``KeyError`` would quote it."""
        return str(self.args[0]) if self.args else ""


class MissingSDKError(MirascopeError, ImportError):
    """A provider's SDK is not installed.

    Args:
        package: The package that is missing, such as ``"openai"``.
        extra: The extra of this distribution that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed or too old; run: pip install 'mirascope-streams[{extra}]'"
        )
        self.package = self.name = package
        self.extra = extra


class ProviderLoadError(MirascopeError, ImportError):
    """An installed package registers a provider that cannot be loaded.

    Its message names the package and the entry point; its ``__cause__`` is the import's own error.
    """
