"""Anthropic: how its Messages API is reached through its SDK.

The SDK makes a client without a key and refuses at the call, with a ``TypeError``. A default client
without one is refused when it is made.
"""

from __future__ import annotations

from collections.abc import Awaitable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

from anthropic import (
    Anthropic,
    AnthropicError,
    AsyncAnthropic,
    AsyncStream,
    DefaultAioHttpClient,
    Stream,
)
from anthropic.types import Message, RawMessageStreamEvent

from mirascope.core.anthropic._encoder import encode
from mirascope.core.anthropic._errors import ERRORS
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.stream import AnthropicStream
from mirascope.core.base._clients import DefaultClients, on_asyncio
from mirascope.core.base._provider import Provider
from mirascope.core.base._source import (
    AsyncItemSource,
    AsyncResponseSource,
    AsyncSource,
    HTTPResponse,
    ItemSource,
    ResponseSource,
    Source,
)

ClientT = TypeVar("ClientT", Anthropic, AsyncAnthropic)

_ENV = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_CONFIG_DIR",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_FEDERATION_RULE_ID",
    "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
    "ANTHROPIC_ORGANIZATION_ID",
)
_KEY_HEADERS = frozenset({"authorization", "x-api-key"})


def _with_a_key(client: ClientT) -> ClientT:
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and headers.isdisjoint(_KEY_HEADERS):
        raise AnthropicError(
            "there is no key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN in the environment"
        )
    return client


def _client() -> Anthropic:
    return _with_a_key(Anthropic())


def _async_client() -> AsyncAnthropic:
    """Make a client on aiohttp, which needs a third of the time, where that and asyncio run."""
    if find_spec("aiohttp") and on_asyncio():
        return _with_a_key(AsyncAnthropic(http_client=DefaultAioHttpClient()))
    return _with_a_key(AsyncAnthropic())


def _create(client: Anthropic, arguments: dict[str, Any]) -> Message:
    return cast("Message", client.messages.create(**arguments))


def _acreate(client: AsyncAnthropic, arguments: dict[str, Any]) -> Awaitable[Message]:
    return cast("Awaitable[Message]", client.messages.create(**arguments))


def _open(client: Anthropic, arguments: dict[str, Any]) -> Source:
    """Take the bytes of the SDK's stream; what instrumentation makes of it is read as it is."""
    stream = cast("Stream[RawMessageStreamEvent]", client.messages.create(**arguments))
    if type(stream) is Stream and _is_text(stream.response):
        return ResponseSource(stream.response)
    return ItemSource(stream)


async def _aopen(client: AsyncAnthropic, arguments: dict[str, Any]) -> AsyncSource:
    stream = cast("AsyncStream[RawMessageStreamEvent]", await client.messages.create(**arguments))
    if type(stream) is AsyncStream and _is_text(stream.response):
        return AsyncResponseSource(stream.response)
    return AsyncItemSource(stream)


def _is_text(response: HTTPResponse) -> bool:
    """Tell server-sent events from the binary ones of Amazon Bedrock, which the SDK decodes."""
    return "amazon.eventstream" not in response.headers.get("content-type", "")


PROVIDER = Provider(
    name="anthropic",
    errors=ERRORS,
    client_types=(Anthropic, AsyncAnthropic),
    clients=DefaultClients(
        make=_client,
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
