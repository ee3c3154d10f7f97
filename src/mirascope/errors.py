"""Every error of this library, as a tree.

::

    MirascopeError
    ├── StreamError                       any failure of a response
    │   ├── StreamAPIError                the provider reports an error, in any phase
    │   │   ├── BadRequest                400, 413, 422: the request is invalid
    │   │   ├── AuthenticationFailed      401: a missing or invalid API key
    │   │   ├── PermissionDenied          403
    │   │   ├── NotFound                  404: usually the name of the model is wrong
    │   │   ├── RateLimited               429
    │   │   └── Overloaded                500 and above: a failure of the provider
    │   ├── StreamConnectionError         no connection, or it broke
    │   │   └── StreamTruncated           the connection ended before the end of the response
    │   ├── StreamTimeout                 the response took too long: a deadline expired
    │   ├── StreamDataError               the response does not have the documented format
    │   ├── ToolCallError                 a tool call is invalid; also a
    │   │                                 pydantic.ValidationError, and so a ValueError
    │   ├── ModelRefused                  the model refuses to answer; also a ValueError
    │   ├── StreamConsumed                a stream was iterated a second time
    │   └── StreamNotFinished             the response is not complete; also a ValueError
    ├── StreamLogError                    the log of a response cannot be read or written
    │   ├── StreamLogLost                 the log does not have the requested events
    │   ├── StreamLogFenced               another generation writes the log now
    │   └── GenerationDied                the worker that generated the response died
    ├── TemplateError    (a KeyError)     a template has an unknown variable
    ├── MissingSDKError  (an ImportError) a provider's SDK is not installed
    └── ProviderLoadError (an ImportError) a package registers a provider that cannot be loaded

An error that a provider's stream or call raises is also an instance of the SDK's base class
(``openai.OpenAIError``) and, if the SDK has one, of its specific class (``openai.RateLimitError``).
It has the attributes of both. Its ``__cause__`` is the SDK's own exception. So
``except openai.OpenAIError`` and ``except mirascope.errors.StreamError`` both catch every failure.
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
    """The base class of all errors of this library. They can be pickled and copied."""

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
    """A response failed: the base class of all failures of a call, streamed or not.

    An error that a provider's call or stream raises is also an instance of the SDK's own base
    class, such as ``openai.OpenAIError``. API keys are removed from the message.

    Attributes:
        provider (str | None): The provider's name, such as ``"openai"``.
        phase (str | None): When the failure happened: ``"open"`` (before the response began),
            ``"first"`` (before the first output) or ``"mid"`` (after the first output).
        retryable (bool): Whether the same request may succeed if you send it again.
        status_code (int | None): The HTTP status, such as 429; ``None`` if there is none.
        request_id (str | None): The provider's id of the request; ``None`` if it is not known.
        partial (CallResponse | None): The part of the response that was received; ``None`` if
            nothing was received.

    Example:
        >>> from mirascope import errors, testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.cut(after="The Name of the")
        ...     try:
        ...         for chunk, _ in recommend_book("fantasy"):
        ...             pass
        ...     except errors.StreamError as error:
        ...         print(error.provider, error.phase, error.retryable, repr(error.partial.content))
        openai mid True 'The Name of the'
    """

    provider: str | None = None
    phase: Phase | None = None
    retryable: bool = False
    status_code: int | None = None
    request_id: str | None = None
    partial: PartialResponse | None = None


class StreamAPIError(StreamError):
    """The provider reports an error: by an HTTP status, or by an error event in a stream."""


class BadRequest(StreamAPIError):
    """The request is invalid (HTTP status 400, 413, 422 and similar)."""


class AuthenticationFailed(StreamAPIError):
    """The API key is missing or invalid (HTTP status 401)."""


class PermissionDenied(StreamAPIError):
    """The API key does not permit this request (HTTP status 403)."""


class NotFound(StreamAPIError):
    """The resource does not exist (HTTP status 404). Usually the name of the model is wrong."""


class RateLimited(StreamAPIError):
    """Too many requests or tokens (HTTP status 429). Retryable."""

    retryable = True


class Overloaded(StreamAPIError):
    """The provider failed or is overloaded (HTTP status 500 and above). Retryable."""

    retryable = True


class StreamConnectionError(StreamError):
    """The connection to the provider cannot be made, or it broke. Retryable."""

    retryable = True


class StreamTruncated(StreamConnectionError):
    """The connection ended without an error, but before the end of the response. Retryable.

    ``partial`` is what was received.
    """


class StreamTimeout(StreamError):
    """The response took too long. Retryable.

    Attributes:
        clock (str | None): The deadline of `mirascope.Timeout` that expired: ``"first"``,
            ``"idle"`` or ``"total"``; ``None`` for a timeout of the SDK.
    """

    retryable = True
    clock: Clock | None = None


class StreamDataError(StreamError):
    """The response does not have the format that the provider documents."""


class ToolCallError(StreamError, ValidationError):
    """A tool call is invalid: its arguments are cut off or invalid, or the tool does not exist.

    A stream yields everything else first, the text and the valid tools, and then raises this
    error. It is also a ``pydantic.ValidationError``: ``errors()`` has one entry for each invalid
    argument, and ``title`` is the name of the tool.

    Args:
        message: The message.
        tool_name: The tool that the model called.
        arguments: The JSON text of the arguments, as received.
        details: The error of each argument. By default one error with ``message``.

    Attributes:
        tool_name (str): The tool that the model called.
        arguments (str): The JSON text of the arguments, as received.
        others (Sequence[ToolCallError]): The errors of the other invalid calls in the response.
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
    """The model refuses to answer a request that has tools or a response model.

    The message is the text of the refusal. ``partial`` is the complete response.
    """


class StreamConsumed(StreamError):
    """A stream was iterated a second time, or after it was closed."""


class StreamNotFinished(StreamError, ValueError):
    """The complete response was requested before the stream was finished."""


class StreamLogError(MirascopeError):
    """The log of a response cannot be read or written; see `mirascope.resume`."""


class StreamLogLost(StreamLogError):
    """The log does not have the requested events, for example because they expired."""


class StreamLogFenced(StreamLogError):
    """Another generation with the same key writes the log now."""


class GenerationDied(StreamLogError):
    """The worker that generated the response died before the end of the response."""


class TemplateError(MirascopeError, KeyError):
    """A prompt template has a variable that its function does not have."""

    def __str__(self) -> str:
        """Return the message as it is; a ``KeyError`` would quote it."""
        return str(self.args[0]) if self.args else ""


class MissingSDKError(MirascopeError, ImportError):
    """A provider's SDK, or another optional package, is not installed.

    Args:
        package: The missing package, such as ``"openai"``.
        extra: The extra of ``mirascope-streams`` that installs it.

    Attributes:
        package (str): The missing package.
        extra (str): The extra that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed or too old; run: pip install 'mirascope-streams[{extra}]'"
        )
        self.package = self.name = package
        self.extra = extra


class ProviderLoadError(MirascopeError, ImportError):
    """An installed package registers a provider that cannot be loaded.

    The message names the package and the entry point. ``__cause__`` is the error of the import.
    """
