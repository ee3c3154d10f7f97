from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import Case, Driver
from hypothesis import settings
from loopback import Loopback
from providers import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator


collect_ignore = ["on_httpx.py"]  # to look into it for examples would be to use it

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


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
