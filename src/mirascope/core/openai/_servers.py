"""The named servers: a client of each, and its description, which is OpenAI's with other values.

An attribute of this module with a server's name is its description. Nothing of OpenAI's environment
reaches them: `OpenAI` reads its variables again for each copy of a client, so the clients are of
classes of their own, one for each server, which is also how a client is recognized.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any, ClassVar, TypeAlias

import httpx2
import openai
from openai import AsyncOpenAI, Omit, OpenAI, OpenAIError
from openai.types.chat import ChatCompletion
from typing_extensions import override

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.provider import Provider
from mirascope.core._calls.servers import SERVERS, Server, ServerSettingError
from mirascope.core._dialects.chat_completions.tools import supports_format
from mirascope.core._dialects.stainless import forces_tools
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client
from mirascope.core.openai._encoder import encode
from mirascope.core.openai._errors import ERRORS
from mirascope.core.openai._provider import PROVIDER
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream

ServerProvider: TypeAlias = Provider[
    OpenAI, AsyncOpenAI, ChatCompletion, OpenAICallResponse, OpenAIStream
]

_Headers: TypeAlias = Mapping[str, str]
_OF_OPENAI = ("admin_api_key", "organization", "project")


class _Client(OpenAI):
    server_name: ClassVar[str] = ""

    def __init__(self, *, default_headers: _Headers | None = None, **options: Any) -> None:
        super().__init__(default_headers=default_headers, **_without_environment(options))
        self._custom_headers = {**default_headers} if default_headers else {}

    @property
    @override
    def default_headers(self) -> dict[str, str | Omit]:
        return {name: value for name, value in super().default_headers.items() if value != ""}


class _AsyncClient(AsyncOpenAI):
    server_name: ClassVar[str] = ""

    def __init__(self, *, default_headers: _Headers | None = None, **options: Any) -> None:
        super().__init__(default_headers=default_headers, **_without_environment(options))
        self._custom_headers = {**default_headers} if default_headers else {}

    @property
    @override
    def default_headers(self) -> dict[str, str | Omit]:
        return {name: value for name, value in super().default_headers.items() if value != ""}


def _without_environment(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a client with ``""`` for those that it would read from variables."""
    return {**options, **{name: options.get(name) or "" for name in _OF_OPENAI}}


@cache
def _client_types(name: str) -> tuple[type[_Client], type[_AsyncClient]]:
    of_server = {"server_name": name}
    return type("OpenAI", (_Client,), of_server), type("AsyncOpenAI", (_AsyncClient,), of_server)


def _settings(server: Server, api_key: str | None) -> dict[str, Any]:
    try:
        return {"base_url": server.url(), "api_key": api_key or server.key()}
    except ServerSettingError as error:
        raise OpenAIError(str(error)) from None


def _new_client(server: Server, api_key: str | None = None) -> OpenAI:
    http_client = sync_http_client(openai.DefaultHttpxClient, httpx2)
    return _client_types(server.name)[0](http_client=http_client, **_settings(server, api_key))


def _new_async_client(server: Server, api_key: str | None = None) -> AsyncOpenAI:
    http_client = async_http_client(openai.DefaultAsyncHttpxClient, httpx2)
    return _client_types(server.name)[1](http_client=http_client, **_settings(server, api_key))


def client(server: str, *, api_key: str | None = None) -> OpenAI:
    """Return a new client of a named server, for ``openai.call(client=...)``.

    Streams, responses and errors of a call with it have the server's name as ``provider``. Its
    ``with_options`` returns a client of the same server.

    Args:
        server: The name of the server, such as ``"deepseek"``; see `mirascope.llm.Server`.
        api_key: The API key; by default that of the environment.

    Raises:
        ValueError: There is no such server.
        AuthenticationFailed: There is no API key, or a variable in the base URL is not set; the
            message names the variable.
    """
    with _named(server).making_a_client():
        return _new_client(SERVERS[server], api_key)


def async_client(server: str, *, api_key: str | None = None) -> AsyncOpenAI:
    """Return a new async client of a named server; see `client`."""
    with _named(server).making_a_client():
        return _new_async_client(SERVERS[server], api_key)


def _named(name: str) -> ServerProvider:
    if name not in SERVERS:
        raise ValueError(f"there is no server {name!r}; there are: {', '.join(SERVERS)}")
    return _provider(SERVERS[name])


@cache
def _provider(server: Server) -> ServerProvider:
    """Return the description of a server."""
    clients = DefaultClients(
        make=partial(_new_client, server),
        amake=partial(_new_async_client, server),
        close=OpenAI.close,
        aclose=AsyncOpenAI.close,
        env=server.variables,
    )
    return replace(
        PROVIDER,
        name=server.name,
        errors=replace(ERRORS, key_advice=server.key_advice),
        clients=clients,
        encode=partial(encode, server=server),
        supports_format=partial(supports_format, formats=server.formats),
        forces_tools=partial(_forces_tools, server),
    )


def _forces_tools(server: Server, call_params: Mapping[str, object]) -> bool:
    thinks = "disabled" if server.forces_tools == "always" else "enabled"
    return server.forces_tools != "never" and forces_tools(call_params, thinks)


def __getattr__(name: str) -> ServerProvider:
    if name not in SERVERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _named(name)
