"""Gemini: how its models are reached through Google's SDK.

The SDK has no hook for the bytes of a stream. The default client therefore has one on its HTTP
client: while `_open` waits for an answer, the hook hands the HTTP response over and leaves the SDK
an empty one, with which its own stream ends at once. A client that the user brings has no such
hook; its stream is read item by item.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, cast

import httpx2
from google.genai import Client
from google.genai.types import GenerateContentResponse, HttpOptions

from mirascope.core.base._clients import DefaultClients
from mirascope.core.base._provider import Arguments, Provider
from mirascope.core.base._source import AsyncResponseSource, AsyncSource, ResponseSource, Source
from mirascope.core.gemini._encoder import encode
from mirascope.core.gemini._errors import ERRORS, said
from mirascope.core.gemini._source import AsyncSDKItems, SDKItems
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.stream import GeminiStream

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
)
_TIMEOUT: Final = httpx2.Timeout(600, connect=5)
_LIMITS: Final = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
_OK: Final = 200

_taken: ContextVar[list[httpx2.Response] | None] = ContextVar("_taken", default=None)
"""Where the response goes that a stream waits for."""


class DefaultClient(Client):
    """A client from the environment whose streams hand over their HTTP responses."""

    def __init__(self) -> None:
        self.http = httpx2.Client(
            event_hooks={"request": [_limit], "response": [_take]},
            follow_redirects=True,
            limits=_LIMITS,
        )
        self.async_http = httpx2.AsyncClient(
            event_hooks={"request": [_alimit], "response": [_atake]},
            follow_redirects=True,
            limits=_LIMITS,
        )
        options = HttpOptions(httpx_client=self.http, httpx_async_client=self.async_http)
        try:
            cast("Any", super()).__init__(http_options=options)
        except ValueError as error:
            hint = "Set GEMINI_API_KEY or GOOGLE_API_KEY in the environment"
            raise said(f"{hint}. {error}", 401, "UNAUTHENTICATED") from error


def _limit(request: httpx2.Request) -> None:
    """Set a timeout; the SDK's default of none at all replaces even an HTTP client's own."""
    if not any(request.extensions.get("timeout", {}).values()):
        request.extensions["timeout"] = _TIMEOUT.as_dict()


async def _alimit(request: httpx2.Request) -> None:
    _limit(request)


def _take(response: httpx2.Response) -> None:
    taken = _taken.get()
    if taken is None or response.status_code != _OK:
        return
    taken.append(
        httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
            extensions=response.extensions,
        )
    )
    response.stream = httpx2.ByteStream(b"")


async def _atake(response: httpx2.Response) -> None:
    _take(response)


@contextmanager
def _taking() -> Generator[list[httpx2.Response]]:
    taken: list[httpx2.Response] = []
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)


def _asked(arguments: Arguments) -> dict[str, Any]:
    return {
        "model": arguments["model"],
        "contents": arguments["messages"],
        "config": arguments["config"],
    }


def _models(client: Client) -> Any:
    """Return the SDK's methods; their types name classes of packages that may not be there."""
    return client.models


def _amodels(client: Client) -> Any:
    return client.aio.models


def _create(client: Client, arguments: Arguments) -> GenerateContentResponse:
    answer = _models(client).generate_content(**_asked(arguments))
    return cast("GenerateContentResponse", answer)


def _acreate(client: Client, arguments: Arguments) -> Awaitable[GenerateContentResponse]:
    answer = _amodels(client).generate_content(**_asked(arguments))
    return cast("Awaitable[GenerateContentResponse]", answer)


def _open(client: Client, arguments: Arguments) -> Source:
    """Send the request, which the SDK does when it is asked for the first item."""
    stream = _models(client).generate_content_stream(**_asked(arguments))
    items = cast("Iterator[GenerateContentResponse]", stream)
    with _taking() as taken:
        first = next(items, None)
    return ResponseSource(taken[-1]) if taken else SDKItems(first, items)


async def _aopen(client: Client, arguments: Arguments) -> AsyncSource:
    stream = await _amodels(client).generate_content_stream(**_asked(arguments))
    items = cast("AsyncIterator[GenerateContentResponse]", stream)
    with _taking() as taken:
        first = await anext(items, None)
    return AsyncResponseSource(taken[-1]) if taken else AsyncSDKItems(first, items)


PROVIDER = Provider(
    name="gemini",
    errors=ERRORS,
    client_types=(Client, Client),
    clients=DefaultClients[Client, Client](
        make=DefaultClient,
        amake=DefaultClient,
        close=lambda client: cast("DefaultClient", client).http.close(),
        aclose=lambda client: cast("DefaultClient", client).async_http.aclose(),
        env=_ENV,
    ),
    encode=encode,
    create=_create,
    acreate=_acreate,
    open=_open,
    aopen=_aopen,
    response_type=GeminiCallResponse,
    stream_type=GeminiStream,
)
