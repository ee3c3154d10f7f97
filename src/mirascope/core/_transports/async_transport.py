"""Choice of the transport of default async clients: aiohttp where it can be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from typing_extensions import TypeVar

from mirascope.core._calls.default_clients import on_asyncio
from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._transports.proxies import proxies

T = TypeVar("T")


def async_transport(http: Any) -> Any | None:
    """Return a transport for the running event loop with less overhead than the library's own.

    Args:
        http: The HTTP library, ``httpx`` or ``httpx2``.

    Returns:
        The transport; ``None`` if the library's own must be used: without aiohttp or asyncio, and
        for a proxy that is not an HTTP proxy.
    """
    if not find_spec("aiohttp") or not on_asyncio():
        return None
    if any(not proxy.startswith(("http://", "https://")) for proxy in proxies().values()):
        return None
    from mirascope.core._transports.aiohttp_transport import AiohttpTransport  # noqa: PLC0415  # optional

    return AiohttpTransport(http)


def async_http_client(make: Callable[..., T], http: Any) -> T:
    """Return an HTTP client on that transport, or on the library's own.

    Args:
        make: Returns a client, given ``headers`` and perhaps ``transport``.
        http: The HTTP library, ``httpx`` or ``httpx2``.
    """
    transport = async_transport(http)
    if transport is None:
        return make(headers=ACCEPT_ENCODING)
    return make(transport=transport, headers=ACCEPT_ENCODING)
