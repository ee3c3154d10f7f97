"""Anthropic: how its Messages API is reached through its SDK.

The SDK makes a client without a key and refuses at the call, with a ``TypeError``. A default client
without one is refused when it is made.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar, cast

import anthropic
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import Message

from mirascope.core._dialects import stainless
from mirascope.core.anthropic._encoder import encode
from mirascope.core.anthropic._errors import ERRORS
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.stream import AnthropicStream
from mirascope.core.base._clients import DefaultClients
from mirascope.core.base._provider import Provider
from mirascope.core.base._source import AsyncSource, Source

ClientT = TypeVar("ClientT", Anthropic, AsyncAnthropic)

_ENV = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"),
    *("ANTHROPIC_BASE_URL", "ANTHROPIC_CONFIG_DIR", "ANTHROPIC_PROFILE"),
    *("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE"),
    *("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID"),
)


def _with_a_key(client: ClientT) -> ClientT:
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and headers.isdisjoint(("authorization", "x-api-key")):
        raise anthropic.AnthropicError(
            "there is no key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN in the environment"
        )
    return client


def _async_client() -> AsyncAnthropic:
    client = stainless.async_client(AsyncAnthropic, anthropic.DefaultAioHttpClient)
    return _with_a_key(client)


def _create(client: Anthropic, arguments: dict[str, Any]) -> Message:
    return cast("Message", client.messages.create(**arguments))


def _acreate(client: AsyncAnthropic, arguments: dict[str, Any]) -> Awaitable[Message]:
    return cast("Awaitable[Message]", client.messages.create(**arguments))


def _open(client: Anthropic, arguments: dict[str, Any]) -> Source:
    return stainless.source(client.messages.create(**arguments), anthropic)


async def _aopen(client: AsyncAnthropic, arguments: dict[str, Any]) -> AsyncSource:
    return stainless.async_source(await client.messages.create(**arguments), anthropic)


PROVIDER = Provider(
    name="anthropic",
    errors=ERRORS,
    client_types=(Anthropic, AsyncAnthropic),
    clients=DefaultClients(
        make=lambda: _with_a_key(Anthropic()),
        amake=_async_client,
        close=Anthropic.close,
        aclose=AsyncAnthropic.close,
        env=_ENV,
    ),
    set_max_retries=lambda client, count: client.with_options(max_retries=count),
    encode=encode,
    create=_create,
    acreate=_acreate,
    open=_open,
    aopen=_aopen,
    response_type=AnthropicCallResponse,
    stream_type=AnthropicStream,
)
