"""Decorated functions that are sent to another process, as Ray, Dask and Spark do."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from programs.run_pickled_calls import outcomes
from support.cases import Case, Driver
from support.fixtures import few

from mirascope import llm
from mirascope.core import openai, prompt_template
from mirascope.retries import fallback
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Loopback, Request, Response

FUNCTIONS = """
from contextlib import contextmanager
from pydantic import BaseModel, Field
from mirascope import errors, llm, BaseTool, Timeout
from mirascope.core import PROVIDER, BaseToolKit, FromCallArgs, Messages
from mirascope.core import metadata, prompt_template, toolkit_tool
from mirascope.core.PROVIDER import call
from mirascope.integrations import middleware_factory
from mirascope.retries import fallback
from typing import Annotated

class Book(BaseModel):
    title: str
    genre: Annotated[str, FromCallArgs()] = ""

class Shelve(BaseTool):
    "Shelves a book."
    title: str = Field(description="Its title")

    def call(self) -> str:
        return f"{self.title} is on the shelf"

def lend(title: str) -> str:
    "Lends a book."
    return f"{title} is lent"

class Desk(BaseToolKit):
    __namespace__ = "PROVIDER_MODE"
    reader: str

    @toolkit_tool
    def renew(self, title: str) -> str:
        "Renews a book."
        return f"{title} is renewed for {self.reader}"

retried, watched = [], []

def parse(response):
    return Book(title=response.content, genre="parsed")

@contextmanager
def around(fn):
    watched.append(fn.__name__)
    yield

watch = middleware_factory(custom_context_manager=around)
templated = prompt_template("Recommend a {genre} book")

@call("m")
@templated
DEF plain(genre: str): ...

@call("m", stream=True, timeout=Timeout(total=60), max_retries=1, on_retry=retried.append)
@metadata({"tags": {"a"}})
DEF streamed(genre: str):
    return Messages.User(f"Recommend a {genre} book")

@PROVIDER.call("m", tools=[Shelve, lend, Desk(reader="Ada")], call_params={"temperature": 0.5})
@templated
DEF with_tools(genre: str): ...

@PROVIDER.call("m", tools=[Shelve, lend, Desk(reader="Ada")], stream=True)
@templated
DEF with_streamed_tools(genre: str): ...

@call("m", response_model=Book)
@templated
DEF structured(genre: str): ...

@call("m", response_model=Book, stream=True)
@templated
DEF structured_stream(genre: str): ...

@call("m", response_model=list[str])
@templated
DEF a_list(genre: str): ...

@call("m", output_parser=parse)
@templated
DEF parsed(genre: str): ...

@watch
@call("m", stream=True)
@templated
DEF watched_stream(genre: str): ...

@llm.call("PROVIDER:m")
@templated
DEF common(genre: str): ...

overridden = llm.override(watch(common), provider="PROVIDER", model="m", stream=True)

@fallback(errors.StreamError, [{"catch": errors.StreamError, "provider": "PROVIDER", "model": "m"}])
@llm.call("PROVIDER:refused", stream=True, max_retries=0, local_files=False)
@templated
DEF falls_back(genre: str): ...
"""
KINDS = (
    *("plain", "streamed", "with_tools", "with_streamed_tools", "structured", "structured_stream"),
    *("a_list", "parsed", "watched_stream", "common", "overridden", "falls_back"),
)


def answer(case: Case, request: Request) -> Response:
    """Respond with a call of each tool, or with a text; one model is rejected."""
    asked = request.body.decode()
    if "refused" in request.path + asked:
        return case.refusal(400)
    if '"list"' in asked:
        return Response.of_json(case.called_plain("list", json.dumps({"value": ["Emma"]})))
    streams = "stream" in request.path or request.json.get("stream")
    names = [name for name in ("Shelve", "lend", "Book") if f'"{name}"' in asked]
    names += [name for name in (f"{case.name}_{mode}_renew" for mode in MODES) if name in asked]
    reported = json.dumps({"title": "Emma"})
    if streams:
        calls = one_after_another(*((name, reported) for name in names))
        return Response(case.tool_call_response(*calls) if names else case.response("Hello"))
    return Response.of_json(case.called_plain(names[0], reported) if names else case.plain("Hello"))


MODES = ("sync", "async")


def functions(case: Case) -> dict[str, Callable[[str], Any]]:
    """Return decorated functions as a program has them that is run as a script, sync and async."""
    found: dict[str, Callable[[str], Any]] = {}
    for mode, define in zip(MODES, ("def", "async def"), strict=True):
        source = FUNCTIONS.replace("PROVIDER_MODE", f"{case.name}_{mode}")
        source = source.replace("PROVIDER", case.name).replace("DEF", define)
        program: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(source, "<a script>", "exec", dont_inherit=True), program)  # noqa: S102  # ours
        found |= {f"{kind} {mode}": program[kind] for kind in KINDS}
    return found


def elsewhere(*pickles: Path) -> list[dict[str, Any]]:
    """Return the results of functions in another process."""
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "programs.run_pickled_calls"),
            *map(str, pickles),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


@few
def test_calls_are_pickled_by_value_before_and_after_they_were_used(
    case: Case, server: Loopback, tmp_path: Path
) -> None:
    server.respond = lambda request: answer(case, request)
    own = functions(case)
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(cloudpickle.dumps(own))
    here = outcomes(own)
    after.write_bytes(cloudpickle.dumps(own))
    book = {"title": "Emma", "genre": "fantasy"}
    shelved, lent, renewed = (
        "Emma is on the shelf",
        "Emma is lent",
        "Emma is renewed for Ada",
    )
    expected: dict[str, Any] = {
        **dict.fromkeys(KINDS, f"{case.name} says Hello"),
        "with_tools": [shelved],
        "with_streamed_tools": [shelved, lent, renewed],
        "structured": book,
        "structured_stream": book,
        "a_list": ["Emma"],
        "parsed": {"title": "Hello", "genre": "parsed"},
    }
    assert here == {
        f"{kind} {mode}": [mode == "async", expected[kind]] for kind in KINDS for mode in MODES
    }
    assert elsewhere(before, after) == [here, here]


def in_this_process(function: Any) -> Any:
    """Return what another process would get."""
    return pickle.loads(cloudpickle.dumps(function))  # noqa: S301  # the test has made it


def test_what_is_unpickled_shares_the_default_client(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.default = lambda: Response.of_json(case.plain("Hello"))
    function = driver.function(case, stream=False)
    other = in_this_process(function)
    assert other is not function

    async def ask_both() -> None:
        await function("fantasy")
        await other("fantasy")

    if driver.asynchronous:
        driver.run(ask_both)
    else:
        function("fantasy")
        other("fantasy")
    assert len(server.connections) == 1


def test_a_user_supplied_description_is_pickled_by_value(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]
    named = replace(case, provider=replace(case.provider, name="someone"))
    stream, _ = driver.call_and_read(in_this_process(driver.function(named)))
    assert (stream.provider, stream.content) == ("someone", "Hello")


@openai.call("m")
@prompt_template("Recommend a {genre} book")
def recommend(genre: str) -> None: ...


@llm.call("openai:m")
@prompt_template("Recommend a {genre} book")
def recommend_in_common(genre: str) -> None: ...


@pytest.mark.parametrize("function", [recommend, recommend_in_common])
def test_a_function_of_a_module_is_pickled_by_reference_and_copied_as_itself(function: Any) -> None:
    for pickler in (pickle, cloudpickle):
        assert pickle.loads(pickler.dumps(function)) is function  # noqa: S301  # the same
    assert copy.copy(function) is copy.deepcopy(function) is function


def test_an_override_of_a_function_of_a_module_stays_one(server: Loopback, case: Case) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    overridden = llm.override(recommend_in_common, provider=case.name, model="another")
    response = in_this_process(overridden)("fantasy")
    assert (response.provider, response.content) == (case.name, "Hello")


def test_a_client_cannot_be_pickled(case: Case) -> None:
    with case.client("http://127.0.0.1:1", "key") as client:
        own = Driver(asynchronous=False).function(case, client=client)
        common = llm.call(case.name, "m", client=client)(lambda genre: genre)
        overridden = llm.override(recommend_in_common, provider=case.name, model="m", client=client)
        other: Any = {"catch": ValueError, "provider": case.name, "model": "m", "client": client}
        falling_back = fallback(ValueError, [other])(recommend_in_common)
        for function in (own, common, overridden, falling_back):
            with pytest.raises(TypeError, match=r"`client=` cannot be pickled.* remove `client`"):
                cloudpickle.dumps(function)
