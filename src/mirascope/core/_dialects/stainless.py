"""SDKs that come from one generator have one shape: OpenAI's, Anthropic's and Groq's.

Their modules are passed in, so that nothing is imported here.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, cast
from weakref import WeakKeyDictionary

import anyio

from mirascope import errors
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.provider import Arguments, RawT
from mirascope.core._engine.response_source import AsyncResponseSource, ResponseSource
from mirascope.core._engine.source import (
    AsyncItemSource,
    AsyncSource,
    HTTPResponse,
    ItemSource,
    Source,
)
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.events import JSON


@dataclass(frozen=True)
class Method(Generic[ClientT, AsyncClientT, RawT]):
    """The method of such an SDK that asks a model, for a whole answer or for a stream.

    Attributes:
        sdk: The SDK's module.
        of: Finds the method, given a client.
    """

    sdk: Any
    of: Callable[[Any], Callable[..., Any]]

    def create(self, client: ClientT, arguments: Arguments) -> RawT:
        """Ask for a whole answer."""
        return cast("RawT", self.of(client)(**arguments))

    async def acreate(self, client: AsyncClientT, arguments: Arguments) -> RawT:
        """Ask for a whole answer, async."""
        return cast("RawT", await self.of(client)(**arguments))

    def open(self, client: ClientT, arguments: Arguments) -> Source:
        """Take the bytes of the SDK's stream; what instrumentation makes of it is read as it is."""
        stream = self.of(client)(**arguments)
        if type(stream) is self.sdk.Stream and _is_text(stream.response):
            return ResponseSource(stream.response)
        return ItemSource(stream)

    async def aopen(self, client: AsyncClientT, arguments: Arguments) -> AsyncSource:
        """Take the bytes of the SDK's stream, async."""
        stream = await self.of(client)(**arguments)
        if type(stream) is self.sdk.AsyncStream and _is_text(stream.response):
            return AsyncResponseSource(stream.response)
        return AsyncItemSource(stream)


def _is_text(response: HTTPResponse) -> bool:
    """Tell server-sent events from Amazon's binary ones, which the SDK decodes."""
    return "amazon.eventstream" not in response.headers.get("content-type", "")


def forces_tools(call_params: Mapping[str, object]) -> bool:
    """Whether a request may force a tool, which models refuse while they think.

    ``thinking`` is Anthropic's parameter and DeepSeek's, ``enable_thinking`` is Qwen's; where the
    SDK does not know them, they are in ``extra_body``.
    """
    extra = cast("Mapping[str, object]", call_params.get("extra_body") or {})
    body = {**extra, **call_params}
    thinking = cast("Mapping[str, object]", body.get("thinking") or {"type": "disabled"})
    return thinking.get("type") == "disabled" and not body.get("enable_thinking")


def own_timeout(arguments: Arguments) -> float | None:
    """Return the seconds that the SDK's own option allows each read."""
    given: Any = arguments.get("timeout")
    seconds = getattr(given, "read", given)
    return seconds if isinstance(seconds, int | float) else None


def set_timeout(arguments: Arguments, seconds: float) -> Arguments:
    """Return arguments that allow each step so many seconds."""
    return {**arguments, "timeout": seconds}


_once: Final[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()


def without_retries(client: Any, arguments: Arguments) -> tuple[Any, Arguments]:
    """Return a client that sends a request once, on the same connections; always the same one."""
    if client.max_retries == 0:
        return client, arguments
    if client not in _once:
        _once[client] = client.with_options(max_retries=0)
    return _once[client], arguments


def own_retries(client: Any, _: Arguments) -> int:
    """Return how often a client sends a request again."""
    return cast("int", client.max_retries)


def stainless_errors(provider: str, base: type[Exception], sdk: Any, http: Any) -> SDKErrors:
    """Describe the errors of such an SDK.

    Args:
        provider: The provider's name.
        base: The SDK's base class of errors.
        sdk: The SDK's module.
        http: The module of its HTTP client, ``httpx`` or ``httpx2``.
    """

    def say(
        kind: type[errors.StreamError], message: str, response: object, body: JSON
    ) -> Exception:
        if not isinstance(response, http.Response):
            response = http.Response(200, request=http.Request("POST", ""))
        said = _say(sdk, kind, message, response, body) or base(message)
        assert isinstance(said, Exception)  # noqa: S101  # for the type checkers: it is untyped
        return said

    return SDKErrors(
        provider=provider,
        base=base,
        timeouts=(sdk.APITimeoutError, http.TimeoutException),
        connections=(
            sdk.APIConnectionError,
            http.TransportError,
            http.InvalidURL,
            http.StreamError,
            ssl.SSLError,
            anyio.EndOfStream,
        ),
        undecodable=(http.DecodingError,),
        make_sdk_error=say,
        request_id_header="x-request-id",
    )


def _say(
    sdk: Any, kind: type[errors.StreamError], message: str, response: Any, body: JSON
) -> object:
    if issubclass(kind, errors.StreamTimeout):
        said = sdk.APITimeoutError(response.request)
        said.args, said.message = (message,), message
        return said
    if issubclass(kind, errors.StreamConnectionError):
        return sdk.APIConnectionError(message=message, request=response.request)
    if issubclass(kind, errors.StreamDataError):
        return sdk.APIResponseValidationError(response, body, message=message)
    if body is not None:
        return sdk.APIError(message, response.request, body=body)
    return None
