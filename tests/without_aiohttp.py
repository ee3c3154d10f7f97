"""A plugin of pytest under which aiohttp cannot be imported, as if it were not installed."""

import sys

sys.modules["aiohttp"] = None  # type: ignore[assignment]  # the documented way to forbid an import
