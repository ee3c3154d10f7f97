"""Every error of this library, drawn once.

::

    MirascopeError
    ├── StreamError                       anything that ends or spoils an answer
    │   ├── StreamAPIError                the provider said no, at any phase
    │   │   ├── BadRequest                400, 413, 422: the request itself is wrong
    │   │   ├── AuthenticationFailed      401: a missing or wrong key
    │   │   ├── PermissionDenied          403
    │   │   ├── NotFound                  404: usually the name of the model
    │   │   ├── RateLimited               429
    │   │   └── Overloaded                500 and above: the provider's own trouble
    │   ├── StreamConnectionError         no connection, or it broke
    │   │   └── StreamTruncated           the connection ended without the answer's end
    │   ├── StreamTimeout                 the answer took too long: a clock ran out
    │   ├── StreamDataError               the bytes are not what the provider documents
    │   ├── ToolCallError                 the arguments of a tool call are unusable; also a
    │   │                                 pydantic.ValidationError, and so a ValueError
    │   ├── ModelRefused                  the model refuses to answer; a ValueError
    │   ├── StreamConsumed                iterated a second time
    │   └── StreamNotFinished             asked for the whole answer before its end; a ValueError
    ├── TemplateError    (a KeyError)     a template names what its function does not have
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
    "MirascopeError",
    "MissingSDKError",
    "ModelRefused",
    "NotFound",
    "Overloaded",
    "PartialAnswer",
    "PermissionDenied",
    "Phase",
    "ProviderLoadError",
    "RateLimited",
    "StreamAPIError",
    "StreamConnectionError",
    "StreamConsumed",
    "StreamDataError",
    "StreamError",
    "StreamNotFinished",
    "StreamTimeout",
    "StreamTruncated",
    "TemplateError",
    "ToolCallError",
]

Phase = Literal["open", "first", "mid"]
"""When it happened: before the response, before the first content, or after it."""

Clock = Literal["first", "idle", "total"]
"""Which clock ran out; see `mirascope.Timeout`."""


class PartialAnswer(Protocol):
    """What had come of an answer; in fact a call response of the provider, marked as partial."""

    @property
    def content(self) -> str:
        """The text that had come."""
        ...


class MirascopeError(Exception):
    """The base of every error of this library; all of them can be pickled and copied."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again, whatever its class is made from."""
        return _remade, (type(self), self.args, vars(self))


def _remade(
    kind: type[MirascopeError], args: tuple[object, ...], attributes: dict[str, object]
) -> MirascopeError:
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


class StreamError(MirascopeError):
    """Anything that ends or spoils an answer, streamed or not.

    Attributes:
        provider: The provider's name, such as ``"openai"``.
        phase: When it happened: ``"open"`` (before the response), ``"first"`` (before the first
            content) or ``"mid"`` (after it).
        retryable: Whether the same request may well succeed if sent again.
        status_code: The HTTP status, where there was one.
        request_id: The provider's own number for the request, where known.
        partial: What had come before, ``None`` if nothing had.
    """

    provider: str | None = None
    phase: Phase | None = None
    retryable: bool = False
    status_code: int | None = None
    request_id: str | None = None
    partial: PartialAnswer | None = None


class StreamAPIError(StreamError):
    """The provider said no: an HTTP error, or an error event inside a stream."""


class BadRequest(StreamAPIError):
    """The request itself is wrong (400, 413, 422 and the like)."""


class AuthenticationFailed(StreamAPIError):
    """The key is missing or wrong (401)."""


class PermissionDenied(StreamAPIError):
    """The key may not do this (403)."""


class NotFound(StreamAPIError):
    """There is no such thing (404); usually the name of the model is wrong."""


class RateLimited(StreamAPIError):
    """Too many requests or tokens (429)."""

    retryable = True


class Overloaded(StreamAPIError):
    """The provider is in trouble (500 and above)."""

    retryable = True


class StreamConnectionError(StreamError):
    """There is no connection to the provider, or it broke."""

    retryable = True


class StreamTruncated(StreamConnectionError):
    """The connection ended in good order, but the answer had not ended: it is cut off."""


class StreamTimeout(StreamError):
    """The answer took too long.

    Attributes:
        clock: Which clock of the call's `mirascope.Timeout` ran out; ``None`` if it was a limit of
            the SDK's own.
    """

    retryable = True
    clock: Clock | None = None


class StreamDataError(StreamError):
    """The bytes are not what the provider documents."""


class ToolCallError(StreamError, ValidationError):
    """The arguments of a tool call are cut off or invalid, or there is no such tool.

    A stream raises it when all else has been told: the text and the other tools. As pydantic's
    error it has ``errors()``, one for each argument that is wrong, under the tool's name as
    ``title``.

    Args:
        message: What is wrong.
        tool_name: The tool that the model asked for.
        arguments: The text of the arguments, as it came.
        details: What is wrong with each argument; by default one error with the message.

    Attributes:
        tool_name: The tool that the model asked for.
        arguments: The text of the arguments, as it came.
        others: Further calls of the same answer that are unusable.
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
        """Make the lines of pydantic's error, which only pydantic itself can."""
        whole = ErrorDetails(type="tool_call", loc=(), msg=message, input=arguments)
        lines = [_line(each) for each in details or (whole,)]
        error = super().__new__(cls, *ValidationError.from_exception_data(tool_name, lines).args)
        error.args = (message, tool_name, arguments, details)
        error.tool_name, error.arguments = tool_name, arguments
        return error

    def __init__(  # the base's would forget what `__new__` has set, and takes no keywords
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
    make: Callable[[str, str], PydanticCustomError] = cast("Any", PydanticCustomError)
    kind = make(details["type"], details["msg"])
    return InitErrorDetails(type=kind, loc=details["loc"], input=details["input"])


class ModelRefused(StreamError, ValueError):
    """The model refuses to answer, where a tool or a response model was requested.

    Its text is what the model gave instead; ``partial`` is the whole response.
    """


class StreamConsumed(StreamError):
    """A stream was iterated a second time."""


class StreamNotFinished(StreamError, ValueError):
    """The whole answer was asked for before its end."""


class TemplateError(MirascopeError, KeyError):
    """A prompt template names a variable that its function does not have."""

    def __str__(self) -> str:
        """Return the message as it is; a ``KeyError`` would quote it."""
        return str(self.args[0]) if self.args else ""


class MissingSDKError(MirascopeError, ImportError):
    """A provider's SDK is not installed.

    Args:
        package: The package that is missing, such as ``"openai"``.
        extra: The extra of this distribution that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed or too old; run: pip install 'mirascope-streams[{extra}]'"
        )
        self.package = package
        self.extra = extra


class ProviderLoadError(MirascopeError, ImportError):
    """An installed package registers a provider that cannot be loaded.

    Its message names the package and the entry point; its ``__cause__`` is the import's own error.
    """
