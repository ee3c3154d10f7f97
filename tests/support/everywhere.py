"""How much of the suite runs; for what imports no SDK."""

from __future__ import annotations

import os

EVERYWHERE = "MIRASCOPE_EVERY_PROVIDER" in os.environ
"""Whether all tests run for all providers, which takes CI too long: `nox -s everything`."""
