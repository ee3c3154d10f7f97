"""OpenAI's models on Azure, as the tests see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import openai as sdk

from mirascope.core.providers import load_provider
from support.cases import event
from support.providers.openai import OPENAI

FILTERED: Final = {"hate": {"filtered": False, "severity": "safe"}}
PROMPT_FILTER: Final[dict[str, Any]] = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": FILTERED}],
}
VERSION: Final = "2024-10-21"

SERVER: Final[dict[str, Any]] = {
    "key_variable": "AZURE_OPENAI_API_KEY",
    "url_variable": "AZURE_OPENAI_ENDPOINT",
    "url_path": "",
    "key_of": lambda request: request.headers["api-key"],
    "client": lambda url, key, **options: sdk.AzureOpenAI(
        azure_endpoint=url, api_key=key, api_version=VERSION, **options
    ),
    "async_client": lambda url, key, **options: sdk.AsyncAzureOpenAI(
        azure_endpoint=url, api_key=key, api_version=VERSION, **options
    ),
    "recordings": (),
}
"""What each API there has."""

AZURE = replace(
    OPENAI,
    provider=load_provider("azure"),
    like="openai",
    begin=[event({**PROMPT_FILTER, "object": "chat.completion.chunk"})],  # as pydantic wants it
    plain=lambda text: {
        **OPENAI.plain(text),
        "prompt_filter_results": PROMPT_FILTER["prompt_filter_results"],
    },
    **SERVER,
)
