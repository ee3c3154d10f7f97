"""The pytest plugin: the fixture `llm`."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from mirascope.testing._scripted import ScriptedProvider


@pytest.fixture
def llm() -> Iterator[ScriptedProvider]:
    """A provider whose replies the test writes, whichever SDK the code under test uses.
    `llm.reply("Hello")` writes a reply; `llm.fail(429)`, `llm.stall(after="He")`,
    `llm.cut(after="He")` and `llm.error_event()` write failures; `llm.requests` has the requests.
    A request that no reply was written for fails the test. See `mirascope.testing`.
    """  # noqa: D205  # `pytest --fixtures` shows the first paragraph
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test in which a request came that no reply was written for."""
    scripted = getattr(item, "funcargs", {}).get("llm")
    try:
        yield
    except BaseException as error:
        if isinstance(scripted, ScriptedProvider):
            scripted.check(error)
        raise
    if isinstance(scripted, ScriptedProvider):
        scripted.check()
