"""Groq: its Chat Completions, through its SDK."""

from __future__ import annotations

import groq
import httpx
from groq import AsyncGroq, Groq
from groq.types.chat import ChatCompletion

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Provider
from mirascope.core._dialects.chat_completions.errors import plain_failure
from mirascope.core._dialects.chat_completions.tools import supports_format
from mirascope.core._dialects.stainless import StainlessAPI
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.groq._encoder import encode
from mirascope.core.groq._errors import ERRORS
from mirascope.core.groq.call_response import GroqCallResponse
from mirascope.core.groq.stream import GroqStream
from mirascope.core.groq.tool import GroqTool


def _client() -> Groq:
    return Groq(http_client=sync_http_client(groq.DefaultHttpxClient, httpx))


def _async_client() -> AsyncGroq:
    return AsyncGroq(http_client=async_http_client(groq.DefaultAsyncHttpxClient, httpx))


PROVIDER = Provider(
    name="groq",
    errors=ERRORS,
    client_types=(Groq, AsyncGroq),
    clients=DefaultClients(
        make=_client,
        amake=_async_client,
        close=Groq.close,
        aclose=AsyncGroq.close,
        env=("GROQ_API_KEY", "GROQ_BASE_URL", "GROQ_CUSTOM_HEADERS"),
    ),
    api=StainlessAPI[Groq, AsyncGroq, ChatCompletion](
        groq, lambda client: client.chat.completions.create
    ),
    encode=encode,
    supports_format=supports_format,
    failure=plain_failure,
    tool_type=GroqTool,
    response_type=GroqCallResponse,
    stream_type=GroqStream,
)
