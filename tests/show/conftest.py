from __future__ import annotations

import pytest
from support.fixtures import case, driver, frozen, known_authority, server, trust

__all__ = ["case", "driver", "frozen", "known_authority", "server", "trust"]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what the environment of the test run tells terminals."""
    for name in ("COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
