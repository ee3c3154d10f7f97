"""What most tests take: a provider, a way to read its streams, and a server for its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.cases import Case, Driver
from support.loopback import Loopback
from support.providers import CASES


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return Driver(asynchronous=request.param)


@pytest.fixture
def server(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server that the provider's default client talks to."""
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        yield server
