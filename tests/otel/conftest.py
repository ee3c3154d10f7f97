from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.fixtures import case, driver, frozen, known_authority, server, trust
from support.spans import Spans, traced

__all__ = ["case", "driver", "frozen", "known_authority", "server", "trust"]


@pytest.fixture
def spans() -> Iterator[Spans]:
    """The spans of a test's calls."""
    with traced() as spans:
        yield spans
