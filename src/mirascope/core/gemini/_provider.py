"""Gemini: its models, through Google's SDK.

The SDK has no hook for the bytes of a stream. So the default client has a hook on its HTTP client,
which captures the HTTP response. A user-supplied client has no such hook; its stream is read item
by item.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import ceil
from typing import Any, Final, cast

import httpx2
from google.auth.exceptions import GoogleAuthError
from google.genai import Client
from google.genai.types import (
    GenerateContentConfig,
    GenerateContentResponse,
    HttpOptions,
    HttpRetryOptions,
)
from typing_extensions import override

from mirascope import errors
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Arguments, ChatAPI, Provider
from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._engine.response_source import (
    AsyncResponseSource,
    ResponseSource,
    acapture_response,
    capture_response,
    capturing,
)
from mirascope.core._engine.source import AsyncSource, ItemSource, Source
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._transports.async_transport import async_transport
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.gemini._encoder import encode, supports_format
from mirascope.core.gemini._errors import ERRORS, plain_failure
from mirascope.core.gemini._request_models import request_arguments
from mirascope.core.gemini._source import CancellingSource
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.stream import GeminiStream
from mirascope.core.gemini.tool import GeminiTool

_ENV = (
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
_KEYS: Final = "GEMINI_API_KEY or GOOGLE_API_KEY"
_VERTEX_KEYS: Final = (
    "GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION and credentials of Google Cloud, or GOOGLE_API_KEY"
)
_ATTEMPTS: Final = 5
"""The number of attempts of the SDK, with retry options that do not set it."""
_TIMEOUT: Final = httpx2.Timeout(600, connect=5)
_LIMITS: Final = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class DefaultClient(Client):
    """A client from the environment whose streams expose their HTTP responses.

    Args:
        transport: The transport of its async HTTP client; by default the HTTP library's own.
        vertexai: Whether it is a client of Vertex AI; by default the environment decides.
    """

    def __init__(self, transport: Any = None, *, vertexai: bool | None = None) -> None:
        hooks: dict[str, list[Any]] = {"request": [_limit], "response": [capture_response]}
        ahooks: dict[str, list[Any]] = {"request": [_alimit], "response": [acapture_response]}
        both: dict[str, Any] = {"follow_redirects": True, "limits": _LIMITS}
        self.http = sync_http_client(partial(httpx2.Client, event_hooks=hooks, **both), httpx2)
        self.async_http = httpx2.AsyncClient(
            event_hooks=ahooks, transport=transport, headers=ACCEPT_ENCODING, **both
        )
        options = HttpOptions(httpx_client=self.http, httpx_async_client=self.async_http)
        try:
            cast("Any", super()).__init__(vertexai=vertexai, http_options=options)
        except (ValueError, GoogleAuthError) as error:
            hint = f"Set {_VERTEX_KEYS if vertexai else _KEYS} in the environment. {error}"
            raise ERRORS.make_sdk_error(errors.AuthenticationFailed, hint, None, None) from error


def _limit(request: httpx2.Request) -> None:
    """Set a timeout; the SDK's default of none replaces even that of the HTTP client."""
    if not any(request.extensions.get("timeout", {}).values()):
        request.extensions["timeout"] = _TIMEOUT.as_dict()


async def _alimit(request: httpx2.Request) -> None:
    _limit(request)


class _GeminiAPI(ChatAPI[Client, Client, GenerateContentResponse]):
    @override
    def create(self, client: Client, arguments: Arguments) -> GenerateContentResponse:
        response = _untyped(client).models.generate_content(**request_arguments(arguments))
        return cast("GenerateContentResponse", response)

    @override
    async def acreate(self, client: Client, arguments: Arguments) -> GenerateContentResponse:
        response = await _untyped(client).aio.models.generate_content(
            **request_arguments(arguments)
        )
        return cast("GenerateContentResponse", response)

    @override
    def open(self, client: Client, arguments: Arguments) -> Source:
        """Send the request, which the SDK does when its first item is read."""
        items = _untyped(client).models.generate_content_stream(**request_arguments(arguments))
        with capturing() as http:
            first = next(items, None)
        return ResponseSource(http[-1]) if http else ItemSource(items, first)

    @override
    async def aopen(self, client: Client, arguments: Arguments) -> AsyncSource:
        items = await _untyped(client).aio.models.generate_content_stream(
            **request_arguments(arguments)
        )
        with capturing() as http:
            first = await anext(items, None)
        if http:
            return AsyncResponseSource(http[-1])
        return CancellingSource(items, first)

    @override
    def secrets(self, client: Client) -> Iterable[str]:
        """Return the API key, the token of Google's credentials (Vertex AI) and the headers."""
        api, options = getattr(client, "_api_client", None), _client_options(client)
        http = (options.httpx_client, options.httpx_async_client)
        headers = (getattr(each, "headers", None) for each in http)
        return credentials_in(api, getattr(api, "_credentials", None), options, *headers)

    @override
    def own_timeout(self, arguments: Arguments) -> float | None:
        milliseconds = _options(arguments).timeout
        return milliseconds / 1000 if milliseconds else None

    @override
    def set_timeout(self, arguments: Arguments, seconds: float) -> Arguments:
        return _with_options(arguments, timeout=max(1, ceil(seconds * 1000)))

    @override
    def without_retries(self, client: Client, arguments: Arguments) -> tuple[Client, Arguments]:
        """Allow one attempt; without any such option the SDK retries some requests on aiohttp."""
        if isinstance(client, DefaultClient) and _options(arguments).retry_options is None:
            return client, arguments
        return client, _with_options(arguments, retry_options=HttpRetryOptions(attempts=1))

    @override
    def own_retries(self, client: Client, arguments: Arguments) -> int | None:
        options = _options(arguments).retry_options or _client_options(client).retry_options
        if options is None:
            return None
        return _ATTEMPTS - 1 if options.attempts is None else max(0, options.attempts - 1)

    @override
    def exposes_response(self, client: Client) -> bool:
        return isinstance(client, DefaultClient)

    @override
    def has_no_read_timeout(self, client: Client) -> bool:
        return not _client_options(client).timeout


def _untyped(client: Client) -> Any:
    """Return a client as untyped: its types name classes of packages that may be missing."""
    return client


def _options(arguments: Arguments) -> HttpOptions:
    config = cast("GenerateContentConfig", arguments["config"])
    return config.http_options or HttpOptions()


def _client_options(client: Client) -> HttpOptions:
    """Return the options of a client, for which the SDK has no public attribute."""
    return getattr(getattr(client, "_api_client", None), "_http_options", None) or HttpOptions()


def _with_options(arguments: Arguments, **options: object) -> Arguments:
    config = cast("GenerateContentConfig", arguments["config"])
    updated = _options(arguments).model_copy(update=options)
    return {**arguments, "config": config.model_copy(update={"http_options": updated})}


def default_clients(*, vertexai: bool | None = None) -> DefaultClients[Client, Client]:
    """Return default clients, of Vertex AI or of what the environment decides."""
    return DefaultClients[Client, Client](
        make=partial(DefaultClient, vertexai=vertexai),
        amake=lambda: DefaultClient(async_transport(httpx2), vertexai=vertexai),
        close=lambda client: cast("DefaultClient", client).http.close(),
        aclose=lambda client: cast("DefaultClient", client).async_http.aclose(),
        env=_ENV,
    )


PROVIDER = Provider(
    name="gemini",
    errors=ERRORS,
    client_types=(Client, Client),
    clients=default_clients(),
    api=_GeminiAPI(),
    encode=encode,
    supports_format=supports_format,
    failure=plain_failure,
    tool_type=GeminiTool,
    response_type=GeminiCallResponse,
    stream_type=GeminiStream,
)
