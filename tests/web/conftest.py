"""The fixtures of the tests of `mirascope.web`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fixtures import case, driver, frozen, known_authority, server, trust
from web_support import EXAMPLE, OPENAI, Case, Driver, Loopback, Streams, needs

__all__ = ["case", "driver", "frozen", "known_authority", "server", "trust"]


@pytest.fixture
def streams(case: Case, driver: Driver, server: Loopback) -> Streams:
    return Streams(case, driver, server)


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, "a-secret-key")
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        yield server


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of the example's page."""
    modules = EXAMPLE / "node_modules"
    needs(modules.exists() and shutil.which("node"), "Node, with the packages of examples/web,")
    return modules


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the example anew, as a fresh process would."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setenv("MODEL", "openai:the-model")
    before = set(sys.modules)

    def load(name: str) -> Any:
        __import__(name)
        return sys.modules[name]

    yield load
    for name in {"answers", "fastapi_app", "flask_app"} & (set(sys.modules) - before):
        del sys.modules[name]
