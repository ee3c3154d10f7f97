"""Cohere: the second version of its Chat API, through its SDK.

Clients for the first version work too: each has one for the second. The SDK retries plain requests
and never streams; here it retries nothing, and the engine retries both.

An async stream of the SDK is two nested async generators, which the end of an event loop may close
in the wrong order. So the HTTP client of the default client exposes the HTTP response, and the
generators end before the body is read.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

import httpx
from cohere import AsyncClient, AsyncClientV2, Client, ClientV2, V2ChatResponse
from cohere.core import RequestOptions
from typing_extensions import override

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import ChatAPI, Provider
from mirascope.core._engine.response_source import (
    AsyncResponseSource,
    ResponseSource,
    acapture_response,
    capturing,
)
from mirascope.core._engine.source import AsyncSource, HTTPResponse, Source
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.cohere._encoder import encode, supports_format
from mirascope.core.cohere._errors import ERRORS, failure
from mirascope.core.cohere.call_response import CohereCallResponse, fields_of
from mirascope.core.cohere.stream import CohereStream
from mirascope.core.cohere.tool import CohereTool

_URL = "CO_API_URL"
_SECONDS = 300
"""The timeout of each step, as in the clients that the SDK makes itself."""

_HTTP_CLIENT = partial(httpx.Client, timeout=_SECONDS, follow_redirects=True)
_ASYNC_HTTP_CLIENT = partial(
    httpx.AsyncClient,
    timeout=_SECONDS,
    follow_redirects=True,
    event_hooks={"response": [acapture_response]},
)


def _client() -> Client:
    """Return a client; the SDK itself reads the URL only once, when it is imported."""
    http = sync_http_client(_HTTP_CLIENT, httpx)
    return ClientV2(base_url=os.environ.get(_URL), timeout=_SECONDS, httpx_client=http)


def _async_client() -> AsyncClient:
    """Return a client; some versions of the SDK make one that ignores proxies."""
    http = async_http_client(_ASYNC_HTTP_CLIENT, httpx)
    return AsyncClientV2(base_url=os.environ.get(_URL), timeout=_SECONDS, httpx_client=http)


def _close(client: contextlib.AbstractContextManager[object]) -> None:
    client.__exit__(None, None, None)


async def _aclose(client: contextlib.AbstractAsyncContextManager[object]) -> None:
    await client.__aexit__(None, None, None)


class _CohereAPI(ChatAPI[Client, AsyncClient, V2ChatResponse]):
    @override
    def create(self, client: Client, arguments: dict[str, Any]) -> V2ChatResponse:
        chat = client.chat if isinstance(client, ClientV2) else client.v2.chat
        return chat(**arguments)

    @override
    async def acreate(self, client: AsyncClient, arguments: dict[str, Any]) -> V2ChatResponse:
        chat = client.chat if isinstance(client, AsyncClientV2) else client.v2.chat
        return await chat(**arguments)

    @override
    def open(self, client: Client, arguments: dict[str, Any]) -> Source:
        stack = contextlib.ExitStack()
        http = stack.enter_context(client.v2.with_raw_response.chat_stream(**arguments))
        return ResponseSource(cast("HTTPResponse", http.response), stack.close)

    @override
    async def aopen(self, client: AsyncClient, arguments: dict[str, Any]) -> AsyncSource:
        stack = contextlib.AsyncExitStack()
        opening = client.v2.with_raw_response.chat_stream(**arguments)
        with capturing() as captured:
            http = await stack.enter_async_context(opening)
        if not captured:
            return AsyncResponseSource(cast("HTTPResponse", http.response), stack.aclose)
        await stack.aclose()
        return AsyncResponseSource(captured[-1])

    @override
    def secrets(self, client: Any) -> Iterable[str]:
        """Return the token and the headers, which the SDK has no public attributes for."""
        wrapper = getattr(client, "_client_wrapper", None)
        http = getattr(getattr(wrapper, "httpx_client", None), "httpx_client", None)
        return credentials_in(wrapper, getattr(http, "headers", None))

    @override
    def own_timeout(self, arguments: dict[str, Any]) -> float | None:
        options = _options(arguments)
        return options.get("timeout", options.get("timeout_in_seconds"))

    @override
    def set_timeout(self, arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
        return {**arguments, "request_options": {**_options(arguments), "timeout": seconds}}

    @override
    def without_retries(self, client: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return client, {**arguments, "request_options": {**_options(arguments), "max_retries": 0}}


def _options(arguments: dict[str, Any]) -> RequestOptions:
    return cast("RequestOptions", arguments.get("request_options") or {})


PROVIDER = Provider(
    name="cohere",
    errors=ERRORS,
    client_types=(Client, AsyncClient),
    clients=DefaultClients(
        make=_client,
        amake=_async_client,
        close=_close,
        aclose=_aclose,
        env=("CO_API_KEY", "COHERE_API_KEY", _URL),
    ),
    api=_CohereAPI(),
    encode=encode,
    supports_format=supports_format,
    failure=lambda response: failure(fields_of(response)),
    tool_type=CohereTool,
    response_type=CohereCallResponse,
    stream_type=CohereStream,
)
