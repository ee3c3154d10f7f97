"""The pytest plugin: the fixture `llm`, the marker `recorded` and the option `--record`."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from mirascope.testing._scripted import ScriptedProvider
from mirascope.testing.recording import recorded
from mirascope.testing.recording._paths import recording_name
from mirascope.testing.recording._recording import RECORD_VARIABLE

_MARKER = """\
recorded(path=..., *, pace="fast", fault=None, ignore=()): replay the responses of the providers \
from a recording, or make one with --record. The path is relative to the folder of the test; by \
default recordings/<test file>/<test>.yaml. mirascope.testing.recorded explains the arguments."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--record`."""
    group = parser.getgroup("mirascope", "recordings of LLM providers")
    with suppress(ValueError):  # another plugin has that option: the variable remains
        group.addoption(
            "--record",
            action="store_true",
            dest="mirascope_record",
            help="send the requests of tests with the marker `recorded`, and of"
            " mirascope.testing.recorded, to the real providers, and record the responses;"
            f" as {RECORD_VARIABLE}=1 in the environment does.",
        )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and let recordings be made if the option is given."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("mirascope_record", default=False):
        patch = pytest.MonkeyPatch()
        patch.setenv(RECORD_VARIABLE, "1")
        config.add_cleanup(patch.undo)


@pytest.fixture
def llm() -> Iterator[ScriptedProvider]:
    """A provider whose replies the test writes, for any SDK that the code under test uses.
    `llm.reply("Hello")` writes a reply; `llm.fail(429)`, `llm.stall(after="He")`,
    `llm.cut(after="He")` and `llm.error_event()` write failures; `llm.requests` has the requests.
    A request without a reply fails the test. See `mirascope.testing`.
    """  # noqa: D205  # `pytest --fixtures` shows the first paragraph
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Replay or make a recording around a test that is marked so, and check the fixture `llm`."""
    with suppress(_TestCaseError), _recording_of(item):
        yield from _checked(item)


def _recording_of(item: pytest.Item) -> AbstractContextManager[object]:
    marker = item.get_closest_marker("recorded")
    if marker is None:
        return nullcontext()
    return _recorded_beside(item, *marker.args, **marker.kwargs)


def _recorded_beside(
    item: pytest.Item, path: str | os.PathLike[str] | None = None, **options: Any
) -> AbstractContextManager[object]:
    if path is None:
        names = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
        name = recording_name(".".join([*names, item.name]))
        path = Path("recordings", recording_name(item.path.stem), f"{name}.yaml")
    return recorded(item.path.parent / path, **options)


def _checked(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test in which a request came that no reply was written for."""
    scripted = getattr(item, "funcargs", {}).get("llm")
    try:
        yield
    except BaseException as error:
        if isinstance(scripted, ScriptedProvider):
            scripted.check(error)
        raise
    if failures := getattr(item, "_excinfo", None):  # of a unittest.TestCase, which raises none
        if isinstance(scripted, ScriptedProvider):
            scripted.check(failures[0].value)
        raise _TestCaseError
    if isinstance(scripted, ScriptedProvider):
        scripted.check()


class _TestCaseError(Exception):
    """A test of a `unittest.TestCase` failed, which pytest knows already."""
