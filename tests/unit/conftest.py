from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

SDKS = {"anthropic", "cohere", "google.genai", "groq", "mistralai", "openai"}
HTTP = {"aiohttp", "httpx", "httpx2"}


@pytest.fixture(scope="module", autouse=True)
def without_sdk() -> Iterator[None]:
    before = {*sys.modules}
    yield
    imported = ({*sys.modules} - before) & (SDKS | HTTP)
    assert not imported, f"a test of this module imports {imported}: it belongs to behaviour/"
