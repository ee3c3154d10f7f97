"""What the environment says about how to reach a server, read as ``httpx`` does."""

from __future__ import annotations

from urllib.request import getproxies

_SCHEMES = ("http", "https", "all")


def proxies() -> dict[str, str]:
    """Return the URLs of the proxies, by the schemes of the URLs that they are for."""
    told = getproxies()
    urls = {scheme: told[scheme] for scheme in _SCHEMES if told.get(scheme)}
    return {scheme: url if "://" in url else f"http://{url}" for scheme, url in urls.items()}
