"""Proxies of the environment, read as ``httpx`` does."""

from __future__ import annotations

from urllib.request import getproxies

_SCHEMES = ("http", "https", "all")


def proxies() -> dict[str, str]:
    """Return the URLs of the proxies, by the scheme of the URLs that they are for."""
    configured = getproxies()
    urls = {scheme: configured[scheme] for scheme in _SCHEMES if configured.get(scheme)}
    return {scheme: url if "://" in url else f"http://{url}" for scheme, url in urls.items()}
