"""Clients of OpenAI's SDK for named servers.

Nothing of OpenAI's environment reaches a server. The SDK reads its variables again for each copy of
a client (``with_options``), so the clients are of classes of their own. There is one for each
server, which is also how a client is recognized.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, ClassVar, Final, TypeAlias

import httpx2
import openai
from openai import AsyncOpenAI, Omit, OpenAI, OpenAIError
from typing_extensions import override

from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._calls.servers import Server, ServerSettingError
from mirascope.core._transports.async_transport import async_http_client
from mirascope.core._transports.sync_transport import sync_http_client

_Headers: TypeAlias = Mapping[str, str]

_OF_OPENAI: Final = ("admin_api_key", "organization", "project")
"""The settings that the SDK reads from its environment where they are ``None``."""


class _Client(OpenAI):
    server_name: ClassVar[str] = ""

    def __init__(self, *, default_headers: _Headers | None = None, **options: Any) -> None:
        super().__init__(default_headers=default_headers, **_without_environment(options))
        self._custom_headers = {**default_headers} if default_headers else {}

    @property
    @override
    def default_headers(self) -> dict[str, str | Omit]:
        return _without_empty(super().default_headers)


class _AsyncClient(AsyncOpenAI):
    server_name: ClassVar[str] = ""

    def __init__(self, *, default_headers: _Headers | None = None, **options: Any) -> None:
        super().__init__(default_headers=default_headers, **_without_environment(options))
        self._custom_headers = {**default_headers} if default_headers else {}

    @property
    @override
    def default_headers(self) -> dict[str, str | Omit]:
        return _without_empty(super().default_headers)


def _without_environment(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, **{name: options.get(name) or "" for name in _OF_OPENAI}}


def _without_empty(headers: Mapping[str, str | Omit]) -> dict[str, str | Omit]:
    return {name: value for name, value in headers.items() if value != ""}


@cache
def _client_types(name: str) -> tuple[type[_Client], type[_AsyncClient]]:
    of_server = {"server_name": name}
    return type("OpenAI", (_Client,), of_server), type("AsyncOpenAI", (_AsyncClient,), of_server)


def clients_of(server: Server) -> DefaultClients[OpenAI, AsyncOpenAI]:
    """Return the default clients of a server; a new one may be given an ``api_key``."""
    return DefaultClients(
        make=partial(_new_client, server),
        amake=partial(_new_async_client, server),
        close=OpenAI.close,
        aclose=AsyncOpenAI.close,
        env=server.variables,
    )


def _new_client(server: Server, api_key: str | None = None) -> OpenAI:
    http_client = sync_http_client(openai.DefaultHttpxClient, httpx2)
    return _client_types(server.name)[0](http_client=http_client, **_settings(server, api_key))


def _new_async_client(server: Server, api_key: str | None = None) -> AsyncOpenAI:
    http_client = async_http_client(openai.DefaultAsyncHttpxClient, httpx2)
    return _client_types(server.name)[1](http_client=http_client, **_settings(server, api_key))


def _settings(server: Server, api_key: str | None) -> dict[str, Any]:
    """Return the settings of a client.

    Raises:
        OpenAIError: A variable is not set.
    """
    try:
        return {"base_url": server.url(), "api_key": api_key or server.key()}
    except ServerSettingError as error:
        raise OpenAIError(str(error)) from None
