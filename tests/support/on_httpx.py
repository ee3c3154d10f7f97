"""A plugin of pytest under which HTTP clients are on their libraries' own transports.

Those that users bring are, and all async ones that do not run on asyncio.
"""

from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._transports import async_transport, sync_transport

async_transport.async_transport = lambda http: None  # noqa: ARG005
sync_transport.sync_http_client = lambda make, http: make(headers=ACCEPT_ENCODING)  # noqa: ARG005
