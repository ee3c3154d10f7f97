"""A plugin of pytest under which HTTP clients are on their libraries' own transports.

Those that users bring are, and all async ones where aiohttp is not installed.
"""

import sys

from mirascope.core._engine.content_encoding import ACCEPT_ENCODING
from mirascope.core._transports import sync_transport

sys.modules["aiohttp"] = None  # type: ignore[assignment]  # the documented way to forbid an import
sync_transport.sync_http_client = lambda make, http: make(headers=ACCEPT_ENCODING)  # noqa: ARG005
