"""OpenAI's Chat Completions."""

from __future__ import annotations

from typing import ClassVar

from mirascope.testing._formats.chat_completions import ChatCompletions


class OpenAI(ChatCompletions):
    """The API."""

    name = "openai"
    key_variable = "OPENAI_API_KEY"
    url_variable = "OPENAI_BASE_URL"
    url_path = "/v1"
    path = "/chat/completions"
    upstream = "https://api.openai.com/v1"
    other_variables: ClassVar[tuple[str, ...]] = (
        "OPENAI_ADMIN_KEY",
        "OPENAI_CUSTOM_HEADERS",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
    )


FORMAT = OpenAI()
