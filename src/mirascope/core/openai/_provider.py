"""OpenAI: how its Chat Completions are reached through its SDK."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

import openai
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from mirascope.core._dialects import stainless
from mirascope.core.base._clients import DefaultClients
from mirascope.core.base._provider import Provider
from mirascope.core.base._source import AsyncSource, Source
from mirascope.core.openai._encoder import encode
from mirascope.core.openai._errors import ERRORS
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream

_ENV = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_CUSTOM_HEADERS",
)


def _async_client() -> AsyncOpenAI:
    return stainless.async_client(AsyncOpenAI, openai.DefaultAioHttpClient)


def _create(client: OpenAI, arguments: dict[str, Any]) -> ChatCompletion:
    return cast("ChatCompletion", client.chat.completions.create(**arguments))


def _acreate(client: AsyncOpenAI, arguments: dict[str, Any]) -> Awaitable[ChatCompletion]:
    return cast("Awaitable[ChatCompletion]", client.chat.completions.create(**arguments))


def _open(client: OpenAI, arguments: dict[str, Any]) -> Source:
    return stainless.source(client.chat.completions.create(**arguments), openai)


async def _aopen(client: AsyncOpenAI, arguments: dict[str, Any]) -> AsyncSource:
    return stainless.async_source(await client.chat.completions.create(**arguments), openai)


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
