"""Anthropic: its Messages API, through its SDK.

The SDK makes a client without an API key and raises a ``TypeError`` at the call. Here a default
client without one is an error when it is made.
"""

from __future__ import annotations

from typing import TypeVar

import anthropic
import httpx2
from anthropic import Anthropic, AsyncAnthropic
from anthropic._base_client import AsyncAPIClient, SyncAPIClient
from anthropic.types import Message

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Provider
from mirascope.core._dialects.stainless import StainlessAPI, forces_tools
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.anthropic._encoder import encode, supports_format
from mirascope.core.anthropic._errors import ERRORS
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.stream import AnthropicStream
from mirascope.core.anthropic.tool import AnthropicTool

ClientT = TypeVar("ClientT", Anthropic, AsyncAnthropic)

_ENV = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"),
    *("ANTHROPIC_BASE_URL", "ANTHROPIC_CONFIG_DIR", "ANTHROPIC_PROFILE"),
    *("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE"),
    *("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID"),
)


def _client() -> Anthropic:
    http = sync_http_client(anthropic.DefaultHttpxClient, httpx2)
    return Anthropic(http_client=http)


def _async_client() -> AsyncAnthropic:
    http = async_http_client(anthropic.DefaultAsyncHttpxClient, httpx2)
    return AsyncAnthropic(http_client=http)


def _with_credentials(client: ClientT) -> ClientT:
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and headers.isdisjoint(("authorization", "x-api-key")):
        raise anthropic.AnthropicError(
            "there is no API key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN in the environment"
        )
    return client


PROVIDER = Provider(
    name="anthropic",
    errors=ERRORS,
    client_types=(SyncAPIClient, AsyncAPIClient),  # those of clouds too
    clients=DefaultClients[SyncAPIClient, AsyncAPIClient](
        make=lambda: _with_credentials(_client()),
        amake=lambda: _with_credentials(_async_client()),
        close=SyncAPIClient.close,
        aclose=AsyncAPIClient.close,
        env=_ENV,
    ),
    api=StainlessAPI[SyncAPIClient, AsyncAPIClient, Message](
        anthropic, lambda client: client.messages.create
    ),
    encode=encode,
    supports_format=supports_format,
    forces_tools=forces_tools,
    tool_type=AnthropicTool,
    response_type=AnthropicCallResponse,
    stream_type=AnthropicStream,
)
