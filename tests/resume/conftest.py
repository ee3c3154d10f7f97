"""The fixtures of the tests of `mirascope.resume`: one store after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis_server import RedisServer
from resume_support import LEASE, Mode, Workers
from support.fixtures import frozen, known_authority, trust

from mirascope import resume
from mirascope.resume import StreamLog
from mirascope.resume._memory import MemoryLog

__all__ = ["frozen", "known_authority", "trust"]


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that all tests of a process share."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(params=["memory", "sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., resume.Store]:
    """What makes a store for a worker: in one place, of each kind."""
    if request.param == "sqlite":
        return partial(resume.SQLite, tmp_path / "streams.db")
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return partial(resume.Redis, url, prefix=f"{uuid4().hex}:")
    shared = MemoryLog()
    return lambda **settings: resume.Store(lambda: shared, **settings)


@pytest.fixture
def workers(place: Callable[..., resume.Store]) -> Iterator[Workers]:
    with ExitStack() as stores:

        def worker(**settings: Any) -> resume.Store:
            return stores.enter_context(place(**{"lease": LEASE, "grace": 0.0, **settings}))

        yield worker


@pytest.fixture
def log(workers: Workers) -> StreamLog:
    """The log of one worker."""
    return workers()._log("any")[0]


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    return Mode(asynchronous=request.param)
