"""OpenAI: how its Chat Completions are reached through its SDK."""

from __future__ import annotations

from collections.abc import Awaitable
from importlib.util import find_spec
from typing import Any, cast

from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient, OpenAI, Stream
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from mirascope.core.base._clients import DefaultClients, on_asyncio
from mirascope.core.base._provider import Provider
from mirascope.core.base._source import (
    AsyncItemSource,
    AsyncResponseSource,
    AsyncSource,
    ItemSource,
    ResponseSource,
    Source,
)
from mirascope.core.openai._encoder import encode
from mirascope.core.openai._errors import ERRORS
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream

_ENV = (
    "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_CUSTOM_HEADERS",
)


def _async_client() -> AsyncOpenAI:
    """Make a client on aiohttp, which needs a third of the time, where that and asyncio run."""
    if find_spec("aiohttp") and on_asyncio():
        return AsyncOpenAI(http_client=DefaultAioHttpClient())
    return AsyncOpenAI()


def _create(client: OpenAI, arguments: dict[str, Any]) -> ChatCompletion:
    return cast("ChatCompletion", client.chat.completions.create(**arguments))


def _acreate(client: AsyncOpenAI, arguments: dict[str, Any]) -> Awaitable[ChatCompletion]:
    return cast("Awaitable[ChatCompletion]", client.chat.completions.create(**arguments))


def _open(client: OpenAI, arguments: dict[str, Any]) -> Source:
    """Take the bytes of the SDK's stream; what instrumentation makes of it is read as it is."""
    stream = cast("Stream[ChatCompletionChunk]", client.chat.completions.create(**arguments))
    return ResponseSource(stream.response) if type(stream) is Stream else ItemSource(stream)


async def _aopen(client: AsyncOpenAI, arguments: dict[str, Any]) -> AsyncSource:
    stream = cast(
        "AsyncStream[ChatCompletionChunk]", await client.chat.completions.create(**arguments)
    )
    if type(stream) is AsyncStream:
        return AsyncResponseSource(stream.response)
    return AsyncItemSource(stream)


PROVIDER = Provider(
    name="openai",
    errors=ERRORS,
    client_types=(OpenAI, AsyncOpenAI),
    clients=DefaultClients(
        make=OpenAI, amake=_async_client, close=OpenAI.close, aclose=AsyncOpenAI.close, env=_ENV
    ),
    set_max_retries=lambda client, count: client.with_options(max_retries=count),
    encode=encode,
    create=_create,
    acreate=_acreate,
    open=_open,
    aopen=_aopen,
    response_type=OpenAICallResponse,
    stream_type=OpenAIStream,
)
