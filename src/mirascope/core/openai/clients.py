"""Clients of named servers that speak Chat Completions, for ``openai.call(client=...)``."""

from __future__ import annotations

from openai import AsyncOpenAI, OpenAI

from mirascope.core._calls.provider import load_provider
from mirascope.core._calls.servers import named_server


def client(server: str, *, api_key: str | None = None) -> OpenAI:
    """Return a new client of a named server.

    Streams, responses and errors of a call with it have the server's name as ``provider``. Its
    ``with_options`` returns another client of the same server.

    Args:
        server: The name of the server, such as ``"deepseek"``; see `mirascope.llm.Server`.
        api_key: The API key; by default that of the environment.

    Raises:
        ValueError: There is no such server.
        AuthenticationFailed: There is no API key, or a variable in the base URL is not set; the
            message names the variable.
    """
    provider = load_provider(named_server(server).name)
    with provider.making_a_client():
        return provider.clients.make(api_key=api_key)


def async_client(server: str, *, api_key: str | None = None) -> AsyncOpenAI:
    """Return a new async client of a named server; see `client`."""
    provider = load_provider(named_server(server).name)
    with provider.making_a_client():
        return provider.clients.amake(api_key=api_key)
