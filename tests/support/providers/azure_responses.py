"""OpenAI's Responses API on Azure, as the tests see it."""

from __future__ import annotations

from dataclasses import replace

from mirascope.core.providers import load_provider
from support.providers.azure import SERVER
from support.providers.openai_responses import OPENAI_RESPONSES

AZURE_RESPONSES = replace(
    OPENAI_RESPONSES,
    provider=load_provider("azure_responses"),
    like="openai_responses",
    **SERVER,
)
