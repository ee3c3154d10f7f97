"""Gemini models on Vertex AI, as the tests see them.

The default client has an API key, a user-supplied one a project and credentials.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import httpx2
from google import genai
from google.genai.types import HttpOptions
from google.oauth2.credentials import Credentials

from mirascope.core.providers import load_provider
from mirascope.testing.conformance._case import bearer
from support.providers.gemini import GEMINI


def made(key: str, options: HttpOptions) -> genai.Client:
    """Return a client with a project and a token."""
    return genai.Client(
        vertexai=True,
        project="my-project",
        location="europe-west1",
        credentials=Credentials(token=key),
        http_options=options,
    )


@contextmanager
def client(url: str, key: str, **options: Any) -> Iterator[genai.Client]:
    with made(key, HttpOptions(base_url=url, **options)) as client:
        yield client


@asynccontextmanager
async def async_client(url: str, key: str, **options: Any) -> AsyncIterator[genai.Client]:
    async with httpx2.AsyncClient() as http:  # on aiohttp, which is its default, the SDK warns
        yield made(key, HttpOptions(base_url=url, httpx_async_client=http, **options))


VERTEX = replace(
    GEMINI,
    provider=load_provider("vertex"),
    like="gemini",
    key_variable="GOOGLE_API_KEY",
    url_variable="GOOGLE_VERTEX_BASE_URL",
    key_of=lambda request: request.headers.get("x-goog-api-key") or bearer(request),
    client=client,
    async_client=async_client,
    recordings=(),
)
