"""OpenAI: its Chat Completions, through its SDK."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import openai
from openai import AsyncOpenAI, OpenAI, OpenAIError
from openai.types.chat import ChatCompletion

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Provider
from mirascope.core._calls.servers import key_advice
from mirascope.core._dialects.chat_completions.encoder import encode
from mirascope.core._dialects.chat_completions.errors import plain_failure
from mirascope.core._dialects.chat_completions.tools import supports_format
from mirascope.core._dialects.stainless import StainlessAPI, forces_tools, stainless_errors
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream
from mirascope.core.openai.tool import OpenAITool

_ENV = (
    "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_CUSTOM_HEADERS",
)


def _client() -> OpenAI:
    return OpenAI(http_client=sync_http_client(openai.DefaultHttpxClient, httpx2))


def _async_client() -> AsyncOpenAI:
    return AsyncOpenAI(http_client=async_http_client(openai.DefaultAsyncHttpxClient, httpx2))


PROVIDER = Provider(
    name="openai",
    errors=replace(stainless_errors(OpenAIError, openai, httpx2), key_advice=key_advice),
    client_types=(OpenAI, AsyncOpenAI),
    clients=DefaultClients(
        make=_client, amake=_async_client, close=OpenAI.close, aclose=AsyncOpenAI.close, env=_ENV
    ),
    api=StainlessAPI[OpenAI, AsyncOpenAI, ChatCompletion](
        openai, lambda client: client.chat.completions.create
    ),
    encode=encode,
    supports_format=supports_format,
    forces_tools=forces_tools,
    failure=plain_failure,
    tool_type=OpenAITool,
    response_type=OpenAICallResponse,
    stream_type=OpenAIStream,
    name_of_client=lambda client: getattr(type(client), "server_name", ""),
)
