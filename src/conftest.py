"""The examples in docstrings run without a network: a scripted provider replies to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mirascope import testing

_STREAMED = "for chunk, _ in "
_REPLY = "The Name of the Wind"


@pytest.fixture(autouse=True)
def _scripted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Reply to an example that streams, unless it has a scripted provider of its own."""
    example = getattr(request.node, "dtest", None)
    source = "".join(each.source for each in example.examples) if example else ""
    if _STREAMED not in source or "testing.provider(" in source:
        yield
        return
    with testing.provider() as llm:
        llm.reply(_REPLY)
        yield
