"""Azure: OpenAI's models there, through the clients that OpenAI's SDK has for it.

A client puts the name of the model, which is that of a deployment, into the URL, and the version of
the API into the query. All else is the provider `openai`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import httpx2
import openai
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI
from typing_extensions import TypeVar

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.openai._provider import PROVIDER as OPENAI

ClientT = TypeVar("ClientT", AzureOpenAI, AsyncAzureOpenAI)

_ENV = (
    *("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT"),
    *("OPENAI_API_VERSION", "OPENAI_ADMIN_KEY", "OPENAI_CUSTOM_HEADERS"),
    *("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
)
_CHAT_COMPLETIONS: Final = "2024-10-21"
"""The newest version of the API that is no preview; ``stream_options`` came with it."""


def azure_clients(api_version: str) -> DefaultClients[OpenAI, AsyncOpenAI]:
    """Return default clients of Azure.

    Args:
        api_version: The version of the API where ``OPENAI_API_VERSION`` is not set.
    """

    def make() -> AzureOpenAI:
        http = sync_http_client(openai.DefaultHttpxClient, httpx2)
        return _with_endpoint(lambda: AzureOpenAI(api_version=version(), http_client=http))

    def amake() -> AsyncAzureOpenAI:
        http = async_http_client(openai.DefaultAsyncHttpxClient, httpx2)
        return _with_endpoint(lambda: AsyncAzureOpenAI(api_version=version(), http_client=http))

    def version() -> str:
        return os.environ.get("OPENAI_API_VERSION") or api_version

    return DefaultClients[OpenAI, AsyncOpenAI](
        make=make, amake=amake, close=OpenAI.close, aclose=AsyncOpenAI.close, env=_ENV
    )


def _with_endpoint(make: Callable[[], ClientT]) -> ClientT:
    try:
        return make()
    except ValueError as error:
        hint = "there is no endpoint: set AZURE_OPENAI_ENDPOINT in the environment"
        raise httpx2.InvalidURL(hint) from error


PROVIDER = replace(OPENAI, name="azure", clients=azure_clients(_CHAT_COMPLETIONS))
