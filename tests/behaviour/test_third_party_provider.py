"""A provider of another package: the example in ``examples/provider``, installed and used by name.

It runs the tests of any provider by its own case, and asserts what a package adds: the entry point,
the errors of a broken one, and that it needs public names only.
"""

from __future__ import annotations

import ast
import os
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, TypeGuard

import mirascope_ollama as example
import pytest
import test_mirascope_ollama as its_tests
from pydantic import BaseModel
from support.base_install import SOURCES
from support.cases import Driver
from support.providers.ollama_native import EXAMPLE, OLLAMA_NATIVE, PATHS, write_metadata
from support.spans import attributes, outcome, traced

from mirascope import BaseMessageParam, ImagePart, TextPart, errors, llm
from mirascope._cli import models
from mirascope.core import providers
from mirascope.core._calls import registry
from mirascope.core._calls.servers import SERVERS
from mirascope.retries import fallback
from mirascope.testing.conformance import Case, one_after_another
from mirascope.testing.loopback import Loopback, Response, in_pieces

NAME = "ollama-native"
SYNC = Driver(asynchronous=False)


class TestOllama(its_tests.TestOllama):
    """The example's own tests."""


@pytest.fixture(params=[OLLAMA_NATIVE], ids=[NAME])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def install(patch: pytest.MonkeyPatch, folder: Path, name: str, target: str) -> None:
    """Write the metadata of a package that registers a provider, and put it on the path."""
    write_metadata(folder, f"made-{name}", {name: target})
    patch.syspath_prepend(folder)


# By its name.


def get_author(title: str) -> str:
    """Return the author of a book.

    Args:
        title: The title.
    """
    return f"the author of {title}"


def by_name(driver: Driver, **options: Any) -> Any:
    def recommend(genre: str) -> str:
        return genre

    async def arecommend(genre: str) -> str:
        return genre

    decorate = llm.call(f"{NAME}:requested-model", **options)
    return decorate(arecommend if driver.asynchronous else recommend)


def test_it_is_called_by_its_name(case: Case, driver: Driver, server: Loopback) -> None:
    steps = one_after_another(("get_author", '{"title": "Emma"}'))
    server.queue = [
        Response([case.reasoning("Hm"), *case.tool_call_response(*steps)]),
        Response.of_json(case.plain("Hello")),
    ]
    stream, items = driver.call_and_read(by_name(driver, stream=True, tools=[get_author]))
    assert isinstance(stream, llm.Stream)
    [tool] = [tool for _, tool in items if tool]
    assert tool.call() == "the author of Emma"
    assert (stream.provider, stream.reasoning, stream.common_finish_reasons) == (
        NAME,
        "Hm",
        ["stop"],
    )
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)
    [result] = stream.tool_message_params([(tool, "Jane Austen")])
    assert [*example.encode_message(result)] == [
        {
            "role": "tool",
            "tool_name": "get_author",
            "tool_call_id": tool.tool_call.id,
            "content": "Jane Austen",
        }
    ]
    response = driver.call(by_name(driver))
    assert (response.content, response.provider, response.input_tokens) == ("Hello", NAME, 3)
    body = server.requests[0].json
    assert (body["model"], body["stream"]) == ("requested-model", True)
    assert body["tools"][0]["function"]["name"] == "get_author"


class Book(BaseModel):
    title: str


def test_a_response_model_is_its_format(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain('{"title": "Emma"}'))]
    assert driver.call(driver.function(case, stream=False, response_model=Book)) == Book(
        title="Emma"
    )
    body = server.requests[0].json
    assert body["format"]["properties"]["title"]["type"] == "string"
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_other_providers_calls_can_be_sent_to_it(case: Case, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Hello"))

    @llm.call("openai:gpt-4o-mini", stream=True)
    def recommend() -> str:
        return "Recommend a book"

    with llm.context(provider=NAME, model="llama3.2"):
        assert "".join(chunk.content for chunk, _ in recommend()) == "Hello"
    overridden = llm.override(recommend, provider=NAME, model="llama3.2")
    assert "".join(chunk.content for chunk, _ in overridden()) == "Hello"
    protected = fallback(
        errors.StreamError, [{"catch": errors.StreamError, "provider": NAME, "model": "m"}]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "k")
        patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
        failing = llm.call("openai:gpt-4o-mini", stream=True, max_retries=0)(recommend.__wrapped__)
        assert "".join(chunk.content for chunk, _ in protected(failing)()) == "Hello"
    assert [request.json["model"] for request in server.requests] == ["llama3.2", "llama3.2", "m"]


def test_a_conversation_goes_on_with_it(case: Case, server: Loopback) -> None:
    steps = one_after_another(("get_author", '{"title": "Emma"}'))
    server.queue = [
        Response(case.tool_call_response(*steps)),
        Response.of_json(case.plain("Hello")),
    ]
    stream, items = SYNC.call_and_read(SYNC.function(case, tools=[get_author]))
    tools = [(tool, "Jane Austen") for _, tool in items if tool]
    for history in (
        [*stream.messages, stream.message_param, *stream.tool_message_params(tools)],
        [
            *stream.common_messages,
            stream.common_message_param,
            *llm.Stream.tool_message_params(tools),
        ],
    ):
        server.queue = [Response.of_json(case.plain("Hello"))]
        assert case.call("requested-model")(lambda history=history: history)().content == "Hello"
        sent = server.requests[-1].json["messages"]
        assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
        [call] = sent[1]["tool_calls"]
        assert call["function"] == {"name": "get_author", "arguments": {"title": "Emma"}}
        assert sent[2]["tool_call_id"] == call["id"] != ""


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_what_is_no_json_is_an_error_of_both_trees(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    server.default = lambda: Response([b"<html>Log in</html>"])
    with pytest.raises(errors.StreamDataError) as caught:
        function = driver.function(case, stream=stream, max_retries=0)
        driver.call_and_read(function) if stream else driver.call(function)
    assert isinstance(caught.value, example.OllamaError)


def test_its_calls_are_traced(case: Case, driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Mistborn"))
    with traced(capture_content=True) as spans:
        driver.call_and_read(driver.function(case))
    found = attributes(spans.one)
    assert found["gen_ai.provider.name"] == NAME
    assert (found["gen_ai.usage.output_tokens"], outcome(spans.one)[2]) == (2, "finished")
    assert "fantasy" in found["gen_ai.input.messages"]
    assert "Mistborn" in found["gen_ai.output.messages"]


def test_the_command_line_knows_it(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("Mist", "born"))]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "mirascope", "-m", f"{NAME}:llama3.2", "Hi"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*PATHS, SOURCES])},
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("Mistborn\n", "")


@pytest.mark.parametrize("name", [NAME, "ollama"])
def test_the_command_line_needs_the_model_of_a_provider_without_a_default(
    case: Case, name: str
) -> None:
    assert case.name == NAME
    with pytest.raises(
        errors.MirascopeError, match=f"'{name}' has no default model: use {name}:MODEL"
    ):
        models.provider_and_model(name)
    assert models.provider_and_model(f"{name}:m") == (name, "m")


def test_it_is_pickled_as_its_name(case: Case) -> None:
    assert case.name in providers.provider_names()
    provider = providers.load_provider(NAME)
    assert provider is example.PROVIDER
    assert pickle.loads(pickle.dumps(provider)) is provider  # noqa: S301  # our own bytes
    assert NAME.encode() in pickle.dumps(provider)


def test_what_json_cannot_hold_is_a_bad_request(case: Case, driver: Driver) -> None:
    params = {"options": {"stop": object()}}
    tried = driver.attempt(driver.function(case, call_params=params))
    assert isinstance(tried.error, errors.BadRequest)
    assert isinstance(tried.error, example.OllamaError)
    assert "not JSON serializable" in str(tried.error)


# What the API has.


def test_its_statistics_are_the_usage(case: Case, driver: Driver, server: Loopback) -> None:
    durations = {
        "total_duration": 5_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_duration": 2_000_000,
        "eval_duration": 2_000_000,
    }
    last = its_tests.ended(its_tests.chat(), 3, 2) | durations
    server.queue = [
        Response([case.text("Hello"), its_tests.line(last)]),
        Response.of_json(case.plain("Hello") | durations),
    ]
    stream, items = driver.call_and_read(driver.function(case))
    counts = {"prompt_eval_count": 3, "eval_count": 2}
    usage = example.Usage(**counts, **durations)
    assert [chunk.usage for chunk, _ in items] == [None, usage]
    assert stream.construct_call_response().usage == usage
    assert driver.call(driver.function(case, stream=False)).usage == usage


def test_its_own_parameters_are_sent(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    params = {
        "max_tokens": 5,
        "options": {"num_ctx": 2048},
        "think": "high",
        "keep_alive": "5m",
    }
    driver.call_and_read(driver.function(case, call_params=params))
    body = server.requests[0].json
    assert body["options"] == {"num_predict": 5, "num_ctx": 2048}
    assert (body["think"], body["keep_alive"], "max_tokens" in body) == ("high", "5m", False)


def test_images_are_sent(case: Case, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("A pixel."))]

    @case.call("requested-model")
    def describe() -> list[BaseMessageParam]:
        image = ImagePart(media_type="image/png", image=b"\x89PNG")
        return [BaseMessageParam(role="user", content=[TextPart(text="What is it?"), image])]

    assert describe().content == "A pixel."
    [sent] = server.requests[0].json["messages"]
    assert sent == {"role": "user", "content": "What is it?", "images": ["iVBORw=="]}


def test_an_error_in_a_stream_keeps_what_was_received(
    case: Case, driver: Driver, server: Loopback
) -> None:
    failure = b'{"error": "an error was encountered while running the model"}\n'
    server.queue = [Response([case.text("Hel"), failure])]
    tried = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(tried.error, errors.StreamAPIError)
    assert isinstance(tried.error, example.OllamaError)
    assert "while running the model" in str(tried.error)
    assert (tried.stream.state, tried.stream.content) == ("failed", "Hel")


# A name that leads to no provider.


def test_the_error_for_an_unknown_name_lists_those_that_are_registered(case: Case) -> None:
    with pytest.raises(ValueError, match=f"no provider 'acme'; there are: openai, .*, {case.name}"):
        llm.call("acme:model")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("made_up_module:PROVIDER", "ModuleNotFoundError: No module named 'made_up_module'"),
        ("mirascope_ollama:MISSING", "has no attribute 'MISSING'"),
        ("mirascope_ollama:OPTIONS", "it is a dict, not a Provider"),
    ],
)
def test_a_broken_entry_point_is_named(
    target: str, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path, "acme", target)

    @llm.call("acme:model")
    def recommend() -> str:
        return "Recommend a book"

    with pytest.raises(errors.ProviderLoadError) as caught:
        recommend()
    said = f"the provider 'acme', which made-acme 0.1.0 registers as '{target}', cannot be loaded"
    assert str(caught.value).startswith(said)
    assert problem in str(caught.value)
    assert isinstance(caught.value, ImportError)


def test_a_built_in_name_stays_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "openai", "made_up_module:PROVIDER")
    assert providers.load_provider("openai").name == "openai"
    assert providers.provider_names().count("openai") == 1


# The package.


def test_it_needs_public_names_only() -> None:
    tree = ast.parse((EXAMPLE / "mirascope_ollama.py").read_text())
    modules = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
        )
        if name.partition(".")[0] == "mirascope"
    }
    assert modules == {"mirascope.core"}
    used = {node.attr for node in ast.walk(tree) if is_of_providers(node)}
    assert used <= set(providers.__all__)
    assert len(used) > 20


def is_of_providers(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "p"
    )


def test_it_is_short() -> None:
    tree = ast.parse((EXAMPLE / "mirascope_ollama.py").read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in [node for node in ast.walk(tree) if isinstance(node, documented)]:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    assert len(ast.unparse(tree).split("\n")) < 150


def test_its_metadata_is_what_the_tests_install() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {registry.GROUP: {NAME: "mirascope_ollama:PROVIDER"}}


def test_the_built_in_names_are_listed_once() -> None:
    with_keys = {name for name, row in registry.BUILT_IN.items() if row.api_keys} - {"google"}
    own = with_keys - SERVERS.keys()
    assert lists_of(own) == ["mirascope/core/_calls/registry.py", "mirascope/core/_types.py"]
    assert lists_of({*SERVERS}) == ["mirascope/core/_calls/servers.py"]


def lists_of(names: set[str]) -> list[str]:
    return sorted(
        str(path.relative_to(SOURCES))
        for path in Path(SOURCES, "mirascope").rglob("*.py")
        if names <= {*re.findall(r'"(\w+)"', path.read_text())}
    )


# The framing.


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_are_records_however_they_are_cut(size: int) -> None:
    body = b'\n{"a": "\xc3\xa4"}\r\n\n{"b": 2}\n{"c": 3}'
    decoder = providers.NDJSONDecoder()
    records = [record for piece in in_pieces(body, size) for record in decoder.feed(piece)]
    records += decoder.feed(decoder.missing_terminator())
    assert records == [b'{"a": "\xc3\xa4"}', b'{"b": 2}', b'{"c": 3}']
    assert (decoder.is_text, decoder.unread) == (False, b"")


def test_a_line_that_is_cut_off_is_no_record() -> None:
    decoder = providers.NDJSONDecoder()
    assert [*decoder.feed(b'{"a": 1}\n{"b"')] == [b'{"a": 1}']
    assert (decoder.missing_terminator(), decoder.cut_off) == (b"", b'{"b"')


def test_text_is_no_record() -> None:
    decoder = providers.NDJSONDecoder()
    assert [*decoder.feed(b"<html>\n{}\n")] == []
    assert (decoder.is_text, decoder.unread) == (True, b"<html>\n{}\n")


def test_a_line_has_a_maximum_size() -> None:
    decoder = providers.NDJSONDecoder(max_record_bytes=10)
    assert [*decoder.feed(b"{}\n" + b"{" * 11)] == [b"{}"]
    with pytest.raises(ValueError, match="more than 10 bytes"):
        decoder.feed(b"{")
