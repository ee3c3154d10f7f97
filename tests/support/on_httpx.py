"""A plugin of pytest under which HTTP clients are on their libraries' own transports.

Those that users bring are, and all async ones where aiohttp is not installed.
"""

import sys

from mirascope.core._transports import synchronous

sys.modules["aiohttp"] = None  # type: ignore[assignment]  # the documented way to forbid an import
synchronous.sync_http_client = lambda make, http: make()  # noqa: ARG005
