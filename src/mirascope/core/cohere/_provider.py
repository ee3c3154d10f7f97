"""Cohere: how its Chat API, in its second version, is reached through its SDK.

Clients for the first version serve as well: each has one for the second. The SDK retries plain
requests and never streams; here it retries nothing, and the engine both.

An async stream of the SDK's is two async generators, one in the other, which the end of an event
loop may close in the wrong order. So the HTTP client of the default client hands the HTTP response
over, and they end before the answer is read.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import Any, cast

import httpx
from cohere import AsyncClient, AsyncClientV2, Client, ClientV2, V2ChatResponse
from cohere.core import RequestOptions

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Provider
from mirascope.core._engine.response_source import (
    AsyncResponseSource,
    ResponseSource,
    acapture_response,
    capturing,
)
from mirascope.core._engine.source import AsyncSource, HTTPResponse, Source
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.cohere._encoder import encode, supports_format
from mirascope.core.cohere._errors import ERRORS, failure
from mirascope.core.cohere.call_response import CohereCallResponse, fields_of
from mirascope.core.cohere.stream import CohereStream
from mirascope.core.cohere.tool import CohereTool

_URL = "CO_API_URL"
_SECONDS = 300
"""How long each step may take, as in the clients that the SDK makes by itself."""

_HTTP_CLIENT = partial(httpx.Client, timeout=_SECONDS, follow_redirects=True)
_ASYNC_HTTP_CLIENT = partial(
    httpx.AsyncClient,
    timeout=_SECONDS,
    follow_redirects=True,
    event_hooks={"response": [acapture_response]},
)


def _client() -> Client:
    """Make a client; the SDK itself reads the URL only once, when it is imported."""
    http = sync_http_client(_HTTP_CLIENT, httpx)
    return ClientV2(base_url=os.environ.get(_URL), timeout=_SECONDS, httpx_client=http)


def _async_client() -> AsyncClient:
    """Make a client; some versions of the SDK make one that heeds no proxies."""
    http = async_http_client(_ASYNC_HTTP_CLIENT, httpx)
    return AsyncClientV2(base_url=os.environ.get(_URL), timeout=_SECONDS, httpx_client=http)


def _close(client: contextlib.AbstractContextManager[object]) -> None:
    client.__exit__(None, None, None)


async def _aclose(client: contextlib.AbstractAsyncContextManager[object]) -> None:
    await client.__aexit__(None, None, None)


def _create(client: Client, arguments: dict[str, Any]) -> V2ChatResponse:
    chat = client.chat if isinstance(client, ClientV2) else client.v2.chat
    return chat(**arguments)


async def _acreate(client: AsyncClient, arguments: dict[str, Any]) -> V2ChatResponse:
    chat = client.chat if isinstance(client, AsyncClientV2) else client.v2.chat
    return await chat(**arguments)


def _once(client: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return client, {**arguments, "request_options": {**_options(arguments), "max_retries": 0}}


def _options(arguments: dict[str, Any]) -> RequestOptions:
    return cast("RequestOptions", arguments.get("request_options") or {})


def _own_timeout(arguments: dict[str, Any]) -> float | None:
    options = _options(arguments)
    return options.get("timeout", options.get("timeout_in_seconds"))


def _set_timeout(arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**arguments, "request_options": {**_options(arguments), "timeout": seconds}}


def _open(client: Client, arguments: dict[str, Any]) -> Source:
    leaving = contextlib.ExitStack()
    http = leaving.enter_context(client.v2.with_raw_response.chat_stream(**arguments))
    return ResponseSource(cast("HTTPResponse", http.response), leaving.close)


async def _aopen(client: AsyncClient, arguments: dict[str, Any]) -> AsyncSource:
    leaving = contextlib.AsyncExitStack()
    opening = client.v2.with_raw_response.chat_stream(**arguments)
    with capturing() as taken:
        http = await leaving.enter_async_context(opening)
    if not taken:
        return AsyncResponseSource(cast("HTTPResponse", http.response), leaving.aclose)
    await leaving.aclose()
    return AsyncResponseSource(taken[-1])


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
    without_retries=_once,
    own_retries=lambda _, __: None,
    encode=encode,
    supports_format=supports_format,
    create=_create,
    acreate=_acreate,
    open=_open,
    aopen=_aopen,
    failure=lambda response: failure(fields_of(response)),
    own_timeout=_own_timeout,
    set_timeout=_set_timeout,
    tool_type=CohereTool,
    response_type=CohereCallResponse,
    stream_type=CohereStream,
)
