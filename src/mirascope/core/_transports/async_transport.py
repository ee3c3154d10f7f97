"""Which transport the HTTP clients of default async clients are on."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from typing_extensions import TypeVar

from mirascope.core._calls.default_clients import on_asyncio
from mirascope.core._transports.proxies import proxies

T = TypeVar("T")


def async_transport(http: Any) -> Any | None:
    """Return a transport for the running event loop that needs less time than a library's own.

    Args:
        http: The library, ``httpx`` or ``httpx2``.

    Returns:
        The transport; ``None`` where the library's own has to do: without aiohttp or asyncio, and
        for a proxy that does not speak HTTP.
    """
    if not find_spec("aiohttp") or not on_asyncio():
        return None
    if any(not proxy.startswith(("http://", "https://")) for proxy in proxies().values()):
        return None
    from mirascope.core._transports.aiohttp_transport import AiohttpTransport  # noqa: PLC0415  # if there

    return AiohttpTransport(http)


def async_http_client(make: Callable[..., T], http: Any) -> T | None:
    """Return an HTTP client on such a transport; ``None`` where the SDK's own has to do.

    Args:
        make: Makes the client, given ``transport``.
        http: The library that it is of.
    """
    transport = async_transport(http)
    return None if transport is None else make(transport=transport)
