"""SDKs that Stainless generates have one shape: OpenAI's, Anthropic's and Groq's.

Their modules are passed in, so that no SDK is imported here.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import anyio
from typing_extensions import override

from mirascope import errors
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.provider import Arguments, ChatAPI, RawT
from mirascope.core._dialects.event_stream import AsyncFramedEventsSource, FramedEventsSource
from mirascope.core._engine.response_source import AsyncResponseSource, ResponseSource
from mirascope.core._engine.source import (
    AsyncItemSource,
    AsyncSource,
    HTTPResponse,
    ItemSource,
    Source,
)
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.events import JSON, MalformedEventError


class StainlessAPI(ChatAPI[ClientT, AsyncClientT, RawT]):
    """The requests of such an SDK, for plain responses and for streams, by one method.

    Args:
        sdk: The SDK's module.
        method: Returns the method of a client that sends a request.
    """

    def __init__(self, sdk: Any, method: Callable[[Any], Callable[..., Any]]) -> None:
        self._sdk = sdk
        self._method = method

    @override
    def create(self, client: ClientT, arguments: Arguments) -> RawT:
        return cast("RawT", _parsed(self._method(client)(**arguments)))

    @override
    async def acreate(self, client: AsyncClientT, arguments: Arguments) -> RawT:
        return cast("RawT", _parsed(await self._method(client)(**arguments)))

    @override
    def open(self, client: ClientT, arguments: Arguments) -> Source:
        """Return the bytes of the SDK's stream, or the items of one that others wrap or decode."""
        stream = self._method(client)(**arguments)
        if type(stream) is self._sdk.Stream:
            if not _is_binary(stream.response):
                return ResponseSource(stream.response)
            if _is_of_bedrock(stream.response):
                return FramedEventsSource(stream.response)
        return ItemSource(stream)

    @override
    async def aopen(self, client: AsyncClientT, arguments: Arguments) -> AsyncSource:
        stream = await self._method(client)(**arguments)
        if type(stream) is self._sdk.AsyncStream:
            if not _is_binary(stream.response):
                return AsyncResponseSource(stream.response)
            if _is_of_bedrock(stream.response):
                return AsyncFramedEventsSource(stream.response)
        return AsyncItemSource(stream)

    @override
    def secrets(self, client: Any) -> Iterable[str]:
        """Return the credentials of a client, its headers and what refreshes its tokens."""
        holders = [getattr(client, name, None) for name in _CREDENTIAL_HOLDERS]
        inside = [getattr(holder, name, None) for holder in holders for name in _INSIDE]
        return credentials_in(client, *holders, *inside)

    @override
    def own_retries(self, client: Any, arguments: Arguments) -> int:
        return cast("int", client.max_retries)

    @override
    def without_retries(self, client: Any, arguments: Arguments) -> tuple[Any, Arguments]:
        """Return a client without retries on the same connections, always the same one."""
        if client.max_retries == 0:
            return client, arguments
        if client not in _without_retries:
            _without_retries[client] = client.with_options(max_retries=0)
        return _without_retries[client], arguments


_CREDENTIAL_HOLDERS: Final = (
    "credentials",  # Anthropic's; on Vertex, Google's
    "_token_cache",  # Anthropic's
    "_workload_identity_auth",  # OpenAI's
    "_client",  # the HTTP client
)
_INSIDE: Final = ("_cached", "headers")
_without_retries: Final[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()


def _parsed(response: object) -> object:
    """Return a plain response; where the content type is not JSON, the SDK returns the text.

    Raises:
        MalformedEventError: It is text, such as the page of a proxy.
    """
    if isinstance(response, str):
        raise MalformedEventError(f"it is text: {response!r}")
    return response


def _is_binary(response: HTTPResponse) -> bool:
    """Return whether a body is Amazon's binary events, not server-sent ones."""
    return "amazon.eventstream" in response.headers.get("content-type", "")


def _is_of_bedrock(response: Any) -> bool:
    """Return whether a body has a model's events inside of frames; SDKs read other binary ones."""
    return str(response.request.url.path).endswith("/invoke-with-response-stream")


def forces_tools(call_params: Mapping[str, object], thinks: str = "disabled") -> bool:
    """Return whether a request may force a tool, which models refuse while they think.

    Args:
        call_params: The call parameters. ``thinking`` is Anthropic's and DeepSeek's,
            ``enable_thinking`` is Qwen's; where the SDK does not know them, they are in
            ``extra_body``.
        thinks: Whether models think without those: ``"enabled"`` or ``"disabled"``.
    """
    extra = cast("Mapping[str, object]", call_params.get("extra_body") or {})
    body = {**extra, **call_params}
    enabled = body.get("enable_thinking")
    default = thinks if enabled is None else "enabled" if enabled else "disabled"
    thinking = cast("Mapping[str, object]", body.get("thinking") or {"type": default})
    return thinking.get("type") == "disabled" and not enabled


def stainless_errors(base: type[Exception], sdk: Any, http: Any) -> SDKErrors:
    """Return the description of such an SDK's errors.

    Args:
        base: The SDK's base class of errors.
        sdk: The SDK's module.
        http: The module of its HTTP client, ``httpx`` or ``httpx2``.
    """

    def make_sdk_error(
        kind: type[errors.StreamError], message: str, response: object, body: JSON
    ) -> Exception:
        if not isinstance(response, http.Response):
            response = http.Response(200, request=http.Request("POST", ""))
        error = _specific_error(sdk, kind, message, response, body) or base(message)
        assert isinstance(error, Exception)  # noqa: S101  # for the type checkers: it is untyped
        return error

    return SDKErrors(
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
        make_sdk_error=make_sdk_error,
        request_id_header="x-request-id",
    )


def _specific_error(
    sdk: Any, kind: type[errors.StreamError], message: str, response: Any, body: JSON
) -> object:
    """Return an error of the SDK's specific class, ``None`` if it has none for this."""
    if issubclass(kind, errors.StreamTimeout):
        error = sdk.APITimeoutError(response.request)
        error.args, error.message = (message,), message
        return error
    if issubclass(kind, errors.StreamConnectionError):
        return sdk.APIConnectionError(message=message, request=response.request)
    if issubclass(kind, errors.StreamDataError):
        return sdk.APIResponseValidationError(response, body, message=message)
    if body is not None:
        return sdk.APIError(message, response.request, body=body)
    return None
