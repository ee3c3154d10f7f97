from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

ABSENT = {
    *("anthropic", "cohere", "google.genai", "groq", "mistralai", "openai", "xllamacpp"),
    *("httpx", "httpx2"),
}
ALONE = not ABSENT & {*sys.modules}
"""Whether these tests run by themselves: what other folders test needs the SDKs."""


@pytest.fixture(scope="session", autouse=True)
def without_sdk() -> Iterator[None]:
    """No SDK is imported by these tests, nor by what they test."""
    yield
    imported = ABSENT & {*sys.modules}
    assert not (ALONE and imported), f"these tests import {imported}"
