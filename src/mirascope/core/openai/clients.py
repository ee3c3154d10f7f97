"""Clients of named servers that speak Chat Completions, for ``openai.call(client=...)``."""

from __future__ import annotations

from openai import AsyncOpenAI, OpenAI

from mirascope.core._calls.provider import load_provider
from mirascope.core._calls.servers import named_server


def client(server: str, *, api_key: str | None = None) -> OpenAI:
    """Return a new client of a named server, for ``openai.call(client=...)``.

    The streams, responses and errors of its calls have the server's name as ``provider``.

    Args:
        server (str): The name of the server, such as ``"deepseek"``; see `mirascope.llm.Server`.
        api_key (str | None): The API key. Default: from the environment.

    Raises:
        ValueError: There is no such server.
        AuthenticationFailed: An environment variable for the key or the URL is not set; the message
            names it.

    Example:
        >>> from mirascope.core import openai
        >>> client = openai.client("deepseek", api_key="sk-example")
        >>> @openai.call("deepseek-chat", client=client, stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
    """
    provider = load_provider(named_server(server).name)
    with provider.making_a_client():
        made: OpenAI = provider.clients.make(api_key=api_key)
    return made


def async_client(server: str, *, api_key: str | None = None) -> AsyncOpenAI:
    """Return a new async client of a named server; see `client`."""
    provider = load_provider(named_server(server).name)
    with provider.making_a_client():
        made: AsyncOpenAI = provider.clients.amake(api_key=api_key)
    return made
