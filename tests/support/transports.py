"""Tests of what only the default clients' own transports do."""

import sys

import pytest


def skip_on_httpx(reason: str) -> None:
    """Skip a test if the default clients are on their libraries' own transports."""
    if "support.on_httpx" in sys.modules:
        pytest.skip(reason)
