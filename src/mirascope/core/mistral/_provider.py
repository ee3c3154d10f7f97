"""Mistral: how its Chat Completions are reached through its SDK.

The default client takes its key from ``MISTRAL_API_KEY``, or leaves it to the SDK to read a token
from the file that ``MISTRAL_SA_TOKEN_PATH`` names, and its server from ``MISTRAL_BASE_URL``
(without ``/v1``), for which the SDK has no variable. It has HTTP clients of ours, because the SDK
closes its own ones at the whim of the garbage collector, in whatever event loop runs then, and lets
no more than a hundred streams run at once. A response that is not declared as a stream of events
the SDK reads to its end and refuses; it is read here like any other.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable
from functools import partial
from math import ceil
from typing import Any

import httpx2
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from mistralai.client.models import ChatCompletionResponse
from mistralai.client.utils import RetryConfig
from mistralai.client.utils.eventstreaming import EventStream, EventStreamAsync

from mirascope import errors
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Arguments, Provider
from mirascope.core._dialects.chat_completions.errors import plain_failure
from mirascope.core._dialects.chat_completions.tools import supports_format
from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._engine.response_source import (
    AsyncBodySource,
    AsyncResponseSource,
    BodySource,
    ResponseSource,
)
from mirascope.core._engine.source import AsyncItemSource, AsyncSource, ItemSource, Source
from mirascope.core._errors.retry import MAX_RETRIES
from mirascope.core._transports.async_transport import async_transport
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.mistral._encoder import encode
from mirascope.core.mistral._errors import ERRORS
from mirascope.core.mistral.call_response import MistralCallResponse
from mirascope.core.mistral.stream import MistralStream
from mirascope.core.mistral.tool import MistralTool

_KEY, _TOKEN_PATH, _URL = "MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"
_OK = 200
_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
_HTTP_CLIENT = partial(httpx2.Client, limits=_LIMITS, follow_redirects=True)


def _client(transport: Any = None) -> Mistral:
    key, token_path = os.environ.get(_KEY), os.environ.get(_TOKEN_PATH)
    if not key and not token_path:
        raise ERRORS.make_sdk_error(
            errors.AuthenticationFailed, f"there is no key: set {_KEY}", None, None
        )
    tls = httpx2.create_ssl_context()
    return Mistral(
        api_key=None if token_path else key,
        server_url=os.environ.get(_URL) or None,
        client=sync_http_client(_HTTP_CLIENT, httpx2),
        async_client=httpx2.AsyncClient(
            verify=tls,
            limits=_LIMITS,
            follow_redirects=True,
            transport=transport,
            headers=ACCEPT_ENCODING,
        ),
    )


def _close(client: Mistral) -> None:
    http = client.sdk_configuration.client
    if http is not None:
        http.close()


async def _aclose(client: Mistral) -> None:
    http = client.sdk_configuration.async_client
    if http is not None:
        await http.aclose()


def _create(client: Mistral, arguments: dict[str, Any]) -> ChatCompletionResponse:
    return client.chat.complete(**arguments)


def _acreate(client: Mistral, arguments: dict[str, Any]) -> Awaitable[ChatCompletionResponse]:
    return client.chat.complete_async(**arguments)


def _open(client: Mistral, arguments: dict[str, Any]) -> Source:
    """Take the bytes of the SDK's stream; what instrumentation makes of it is read as it is."""
    try:
        stream = client.chat.stream(**arguments)
    except SDKError as error:
        return BodySource(error.raw_response, _body_of(error))
    return ResponseSource(stream.response) if type(stream) is EventStream else ItemSource(stream)


async def _aopen(client: Mistral, arguments: dict[str, Any]) -> AsyncSource:
    try:
        stream = await client.chat.stream_async(**arguments)
    except SDKError as error:
        return AsyncBodySource(error.raw_response, _body_of(error))
    if type(stream) is EventStreamAsync:
        return AsyncResponseSource(stream.response)
    return AsyncItemSource(stream)


def _body_of(error: SDKError) -> bytes:
    """Return the body of a response that the SDK refuses, having read it, for its content type."""
    if error.status_code != _OK:
        raise error
    return error.body.encode()


def _own_timeout(arguments: dict[str, Any]) -> float | None:
    milliseconds: int | None = arguments.get("timeout_ms")
    return None if milliseconds is None else milliseconds / 1000


def _set_timeout(arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**arguments, "timeout_ms": ceil(seconds * 1000)}


def _once(client: Mistral, arguments: Arguments) -> tuple[Mistral, Arguments]:
    return client, {**arguments, "retries": None}


def _own_retries(client: Mistral, arguments: Arguments) -> int | None:
    """Return how often the SDK retries: it is configured by time, so the default stands in."""
    config = arguments.get("retries", client.sdk_configuration.retry_config)
    if not isinstance(config, RetryConfig):
        return None
    return MAX_RETRIES if config.strategy == "backoff" else 0


PROVIDER = Provider(
    name="mistral",
    errors=ERRORS,
    client_types=(Mistral, Mistral),
    clients=DefaultClients(
        make=_client,
        amake=lambda: _client(async_transport(httpx2)),
        close=_close,
        aclose=_aclose,
        env=(_KEY, _TOKEN_PATH, _URL),
    ),
    without_retries=_once,
    own_retries=_own_retries,
    encode=encode,
    supports_format=supports_format,
    create=_create,
    acreate=_acreate,
    open=_open,
    aopen=_aopen,
    failure=plain_failure,
    own_timeout=_own_timeout,
    set_timeout=_set_timeout,
    tool_type=MistralTool,
    response_type=MistralCallResponse,
    stream_type=MistralStream,
)
