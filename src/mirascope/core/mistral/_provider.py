"""Mistral: its Chat Completions, through its SDK.

The default client has its API key from ``MISTRAL_API_KEY``, or lets the SDK read a token from the
file that ``MISTRAL_SA_TOKEN_PATH`` names, and its server from ``MISTRAL_BASE_URL`` (without
``/v1``), for which the SDK has no variable. It has our HTTP clients, because the SDK closes its own
ones when the garbage collector finds them, in the event loop that runs then, and limits the streams
at one time to a hundred. A response that is not declared as a stream of events is read to its end
and rejected by the SDK; here it is read like any other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from math import ceil
from typing import Any

import httpx2
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from mistralai.client.models import ChatCompletionResponse
from mistralai.client.utils import RetryConfig
from mistralai.client.utils.eventstreaming import EventStream, EventStreamAsync
from typing_extensions import override

from mirascope import errors
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Arguments, ChatAPI, Provider
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
from mirascope.core._errors.redaction import credentials_in
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
            errors.AuthenticationFailed,
            f"there is no API key: set {_KEY} in the environment",
            None,
            None,
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
            headers=ACCEPT_ENCODING,
            transport=transport,
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


class _MistralAPI(ChatAPI[Mistral, Mistral, ChatCompletionResponse]):
    @override
    def create(self, client: Mistral, arguments: dict[str, Any]) -> ChatCompletionResponse:
        return client.chat.complete(**arguments)

    @override
    async def acreate(self, client: Mistral, arguments: dict[str, Any]) -> ChatCompletionResponse:
        return await client.chat.complete_async(**arguments)

    @override
    def open(self, client: Mistral, arguments: dict[str, Any]) -> Source:
        """Return the bytes of the SDK's stream, or the items of one that instrumentation wraps."""
        try:
            stream = client.chat.stream(**arguments)
        except SDKError as error:
            return BodySource(error.raw_response, _body_of(error))
        if type(stream) is EventStream:
            return ResponseSource(stream.response)
        return ItemSource(stream)

    @override
    async def aopen(self, client: Mistral, arguments: dict[str, Any]) -> AsyncSource:
        try:
            stream = await client.chat.stream_async(**arguments)
        except SDKError as error:
            return AsyncBodySource(error.raw_response, _body_of(error))
        if type(stream) is EventStreamAsync:
            return AsyncResponseSource(stream.response)
        return AsyncItemSource(stream)

    @override
    def secrets(self, client: Mistral) -> Iterable[str]:
        config = client.sdk_configuration
        http = (config.client, config.async_client)
        headers = (getattr(each, "headers", None) for each in http)
        return credentials_in(config.security, *headers)

    @override
    def own_timeout(self, arguments: dict[str, Any]) -> float | None:
        milliseconds: int | None = arguments.get("timeout_ms")
        return None if milliseconds is None else milliseconds / 1000

    @override
    def set_timeout(self, arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
        return {**arguments, "timeout_ms": ceil(seconds * 1000)}

    @override
    def without_retries(self, client: Mistral, arguments: Arguments) -> tuple[Mistral, Arguments]:
        return client, {**arguments, "retries": None}

    @override
    def own_retries(self, client: Mistral, arguments: Arguments) -> int | None:
        """Return our default where the SDK retries: its own limit is a time, not a number."""
        config = arguments.get("retries", client.sdk_configuration.retry_config)
        if not isinstance(config, RetryConfig):
            return None
        return MAX_RETRIES if config.strategy == "backoff" else 0


def _body_of(error: SDKError) -> bytes:
    """Return the body of a response that the SDK has read and rejects for its content type."""
    if error.status_code != _OK:
        raise error
    return error.body.encode()


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
    api=_MistralAPI(),
    encode=encode,
    supports_format=supports_format,
    failure=plain_failure,
    tool_type=MistralTool,
    response_type=MistralCallResponse,
    stream_type=MistralStream,
)
