"""Servers with a name of their own: one table, through OpenAI's SDK and its implementation."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import anyio
import openai as sdk
import pytest
from pydantic import BaseModel
from support.cases import Driver, event
from support.recordings import Recording, recordings

from mirascope import errors, llm
from mirascope._cli import models
from mirascope.core import openai
from mirascope.core._calls import registry
from mirascope.core._calls.provider import load_provider
from mirascope.core._calls.servers import SERVERS, Server
from mirascope.testing import ScriptedProvider, call
from mirascope.testing.loopback import Loopback, Response, in_pieces

KEY: Final = "a-key-for-tests"
OF_OPENAI: Final = {
    "OPENAI_API_KEY": "sk-openai-own-key",
    "OPENAI_ADMIN_KEY": "sk-openai-admin",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_ORG_ID": "org-of-openai",
    "OPENAI_PROJECT_ID": "project-of-openai",
    "OPENAI_CUSTOM_HEADERS": "X-Of-Openai: header-of-openai",
}
TOOL: Final = "required"
NAMED: Final = {"type": "function", "function": {"name": "Book"}}
REQUESTED: Final[Mapping[str, tuple[object, str | None]]] = {
    "deepseek": (None, "json_object"),
    "minimax": (None, None),
    "moonshot": (None, "json_object"),
    "ollama": (None, "json_schema"),
    "perplexity": (None, "json_schema"),
    "qwen": (None, "json_object"),
    "zai": (None, "json_object"),
    "zhipu": (None, "json_object"),
}
"""How a response model is requested of servers that force no tool: the choice, and the format."""

WITH_KEYS: Final = [row for row in SERVERS.values() if row.needs_key]
BUILT_IN: Final = [*SERVERS.values()]


class Book(BaseModel):
    title: str


def function(driver: Driver, decorate: Callable[..., Any]) -> Any:
    """Return a prompt function with a decorator."""

    def recommend(genre: str) -> str:
        return f"Recommend a {genre} book"

    async def arecommend(genre: str) -> str:
        return recommend(genre)

    return decorate(arecommend if driver.asynchronous else recommend)


def client_of(driver: Driver, name: str, **settings: Any) -> Any:
    make = openai.async_client if driver.asynchronous else openai.client
    return make(name, **settings)


def streamed(
    driver: Driver, name: str, **options: Any
) -> tuple[openai.OpenAIStream, Exception | None]:
    """Read a stream of a new client, or of a copy of it; return the stream and its error."""

    def stream(client: Any) -> Any:
        assert isinstance(client, sdk.AsyncOpenAI if driver.asynchronous else sdk.OpenAI)
        given = client.with_options(**options) if options else client
        decorate: Any = openai.call("a-model", client=given, stream=True, max_retries=1)
        return function(driver, decorate)("fantasy")

    async def read() -> Any:
        async with openai.async_client(name) as client:
            made = await stream(client)
            try:
                async for _ in made:
                    pass
            except errors.StreamError as error:
                return made, error
            return made, None

    if driver.asynchronous:
        return anyio.run(read)
    with openai.client(name) as client:
        made = stream(client)
        try:
            list(made)
        except errors.StreamError as error:
            return made, error
        return made, None


@pytest.fixture(params=BUILT_IN, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Server:
    return request.param


@pytest.fixture
def env(llm: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> ScriptedProvider:
    """A server in the place of all, and OpenAI's variables for another."""
    for name, value in OF_OPENAI.items():
        monkeypatch.setenv(name, value)
    return llm


@pytest.fixture
def registered() -> Iterator[Callable[[Server], None]]:
    """Registers servers for one test."""
    before = {*SERVERS}
    yield llm.register_server
    for name in SERVERS.keys() - before:
        del SERVERS[name], registry.BUILT_IN[name]


def sent(env: ScriptedProvider, row: Server) -> Any:
    """Return the last request, which is the server's and has nothing of OpenAI's environment."""
    request = env.requests[-1]
    assert request.provider == row.name
    assert request.headers["authorization"] == f"Bearer {KEY}"
    everything = json.dumps([request.headers, request.json])
    assert "of-openai" not in everything
    assert "sk-openai" not in everything
    assert not [name for name in request.headers if name.startswith("openai-")]
    return request


# What is requested, and what is read.


def test_a_stream(row: Server, driver: Driver, env: ScriptedProvider) -> None:
    env.reply("The Name of the Wind", reasoning="Hm, well.", usage=(12, 5))
    recommend = function(driver, llm.call(f"{row.name}:a-model", stream=True))
    stream, items = driver.call_and_read(recommend)
    request = sent(env, row)
    assert request.model == "a-model"
    assert request.json.get("stream_options") == (
        None if row.name == "databricks" else {"include_usage": True}
    )
    assert stream.provider == row.name
    assert (stream.state, stream.finish_reasons) == ("finished", ["stop"])
    assert (stream.input_tokens, stream.output_tokens) == (12, 5)
    assert items[-1][0].usage.output_tokens == 5
    assert items[-1][0].finish_reasons == ["stop"]
    in_text = row.name in {"minimax", "perplexity"}
    assert stream.reasoning == ("" if in_text else "Hm, well.")
    thought = "<think>Hm, well.</think>" if in_text else ""
    assert stream.content == f"{thought}The Name of the Wind"
    assert stream.construct_call_response().usage.output_tokens == 5


def test_a_plain_response_and_a_value(row: Server, driver: Driver, env: ScriptedProvider) -> None:
    env.reply("Emma")
    response = driver.call(function(driver, llm.call(row.name, "a-model")))
    assert "stream_options" not in sent(env, row).json
    assert (response.provider, response.content) == (row.name, "Emma")
    for stream in (False, True):
        env.reply(value=Book(title="Emma"))
        decorate: Any = llm.call(row.name, "a-model", response_model=Book, stream=stream)
        recommend = function(driver, decorate)
        value = driver.call_and_read(recommend)[1][-1] if stream else driver.call(recommend)
        assert value == Book(title="Emma")
        body = sent(env, row).json
        choice, kind = REQUESTED.get(row.name, (TOOL, None))
        assert body.get("tool_choice") == choice
        assert ("tools" in body) == (choice is not None)
        assert body.get("response_format", {}).get("type") == kind
        described = "JSON schema" in json.dumps(body["messages"])
        assert described == (choice is None and kind != "json_schema")


@pytest.mark.parametrize("options", [{}, {"timeout": 9.0}, {"max_retries": 0}])
def test_a_client_is_known_as_its_servers(
    row: Server, driver: Driver, env: ScriptedProvider, options: dict[str, Any]
) -> None:
    """Copies of it too, such as the one without retries that sends a request."""
    env.reply("Emma")
    stream, _ = streamed(driver, row.name, **options)
    assert (sent(env, row).provider, stream.provider) == (row.name, row.name)
    assert stream.construct_call_response().provider == row.name
    env.fail(404, "There is no such model")
    _, error = streamed(driver, row.name, **options)
    assert isinstance(error, errors.NotFound)
    assert error.provider == row.name


def test_a_wrong_key_names_the_variable(row: Server, driver: Driver, env: ScriptedProvider) -> None:
    env.fail(401, f"The key {KEY} is invalid.")
    tried = driver.attempt(function(driver, llm.call(row.name, "a-model", stream=True)))
    assert isinstance(tried.error, errors.AuthenticationFailed)
    assert isinstance(tried.error, sdk.AuthenticationError)
    assert tried.error.provider == row.name
    assert f"the key of '{row.name}' is read from {row.api_keys[0]}" in str(tried.error)
    assert KEY not in str(tried.error)
    assert str(pickle.loads(pickle.dumps(tried.error))) == str(tried.error)  # noqa: S301  # our own


def test_it_is_pickled_as_its_name(row: Server) -> None:
    provider = load_provider(row.name)
    assert provider.name == provider.errors.provider == row.name
    assert pickle.loads(pickle.dumps(provider)) is provider  # noqa: S301  # our own bytes


# Keys and URLs.


@pytest.mark.parametrize("row", WITH_KEYS, ids=lambda row: row.name)
def test_a_missing_key_names_the_variables(
    row: Server, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in row.variables:
        monkeypatch.delenv(name, raising=False)
    for name, value in OF_OPENAI.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(row.url_variable, "http://127.0.0.1:9")
    says = f"there is no API key for '{row.name}': set {' or '.join(row.api_keys)}"
    tried = driver.attempt(function(driver, llm.call(row.name, "a-model", stream=True)))
    with pytest.raises(errors.AuthenticationFailed) as caught:
        client_of(driver, row.name)
    for error in (tried.error, caught.value):
        assert isinstance(error, errors.AuthenticationFailed)
        assert isinstance(error, sdk.OpenAIError)
        assert (str(error), error.provider) == (says, row.name)
    for name in row.api_keys:
        with monkeypatch.context() as patch:
            patch.setenv(name, "another-key")
            assert client_of(driver, row.name).api_key == "another-key"
    assert client_of(driver, row.name, api_key="given").api_key == "given"


@pytest.mark.parametrize("name", ["litellm", "llamacpp", "lmstudio", "ollama", "vllm"])
def test_a_local_server_needs_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SERVERS[name].variables:
        monkeypatch.delenv(variable, raising=False)
    client = openai.client(name)
    assert (client.api_key, client.base_url.host) == (name, "localhost")
    monkeypatch.setenv(SERVERS[name].url_variable, "http://127.0.0.1:9/below")
    assert str(openai.client(name).base_url) == "http://127.0.0.1:9/below/"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:9", "http://127.0.0.1:9/v1"),
        ("gpu.example", "http://gpu.example:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("[::1]:9", "http://[::1]:9/v1"),
        ("https://gpu.example", "https://gpu.example:443/v1"),
        ("http://gpu.example/ollama/", "http://gpu.example:80/ollama/v1"),
        (":9", "http://localhost:9/v1"),
    ],
)
def test_ollamas_own_variable_is_an_address(
    host: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OLLAMA_BASE_URL", raising=False)
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert SERVERS["ollama"].url() == url
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:8/v1")
    assert SERVERS["ollama"].url() == "http://127.0.0.1:8/v1"


@pytest.mark.parametrize(
    ("name", "variable", "value", "url"),
    [
        (
            "cloudflare",
            "CLOUDFLARE_ACCOUNT_ID",
            "abc",
            "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1",
        ),
        (
            "databricks",
            "DATABRICKS_HOST",
            "https://x.cloud.databricks.com/",
            "https://x.cloud.databricks.com/serving-endpoints",
        ),
        ("databricks", "DATABRICKS_HOST", "x.example", "https://x.example/serving-endpoints"),
    ],
)
def test_an_account_in_the_url_is_a_variable(
    name: str, variable: str, value: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in SERVERS[name].variables:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(SERVERS[name].api_keys[0], KEY)
    says = f"{variable} is not set; .* URL of '{name}': set it, or {name.upper()}_BASE_URL"
    with pytest.raises(errors.AuthenticationFailed, match=says):
        openai.client(name)
    monkeypatch.setenv(variable, value)
    assert str(openai.client(name).base_url) == f"{url}/"


def test_a_default_client_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = load_provider("cloudflare").clients
    monkeypatch.delenv("CLOUDFLARE_BASE_URL", raising=False)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "one")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "abc")
    first = clients.get()
    assert clients.get() is first
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert clients.get() is not first
        first = clients.get()


def test_no_key_of_theirs_is_chosen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in registry.BUILT_IN.values():
        for name in each.api_keys:
            monkeypatch.delenv(name, raising=False)
    for name in ("GITHUB_TOKEN", "HF_TOKEN", "DEEPSEEK_API_KEY"):
        monkeypatch.setenv(name, KEY)
    assert models.provider_and_model(None)[0] == models.LOCAL
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    assert models.provider_and_model(None)[0] == "mistral"


def test_an_unknown_server_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no server 'groq'; there are: openrouter, deepseek, xai"):
        openai.client("groq")


# The differences.


def test_reasoning_goes_back_where_it_is_wanted(
    row: Server, driver: Driver, env: ScriptedProvider
) -> None:
    env.reply("Emma", reasoning="Hm.")
    env.reply("Emma", reasoning="Hm.", tools=[call("shelve", title="Emma")])
    for with_tools in (False, True):
        stream, _ = streamed(driver, row.name)
        fields = stream.message_param.keys() & {"reasoning_content", "reasoning"}
        always = row.name in {"zai", "zhipu"}
        in_text = row.name in {"minimax", "perplexity"}
        assert bool(fields) == ((with_tools or always) and not in_text)
        assert ("<think>" in stream.message_param["content"]) == in_text


@pytest.mark.parametrize(
    ("name", "params", "forced"),
    [
        ("deepseek", {}, None),
        ("deepseek", {"extra_body": {"thinking": {"type": "disabled"}}}, TOOL),
        ("deepseek", {"extra_body": {"thinking": {"type": "enabled"}}}, None),
        ("qwen", {}, None),
        ("qwen", {"extra_body": {"enable_thinking": False}}, NAMED),
        ("qwen", {"extra_body": {"enable_thinking": True}}, None),
        ("zai", {"extra_body": {"thinking": {"type": "disabled"}}}, None),
        ("xai", {}, TOOL),
    ],
)
def test_a_tool_is_forced_where_models_do_not_think(
    name: str, params: dict[str, Any], forced: object, env: ScriptedProvider
) -> None:
    @llm.call(name, "a-model", response_model=Book, call_params=params)
    def recommend() -> str:
        return "Recommend a book"

    env.reply(value=Book(title="Emma"))
    assert recommend() == Book(title="Emma")
    assert env.requests[-1].json.get("tool_choice") == forced


def test_stream_options_of_the_user_are_sent_wherever(env: ScriptedProvider) -> None:
    params = {"stream_options": {"include_usage": False}}

    @llm.call("databricks", "a-model", stream=True, call_params=params)
    def recommend() -> str:
        return "Recommend a book"

    env.reply("Emma")
    list(recommend())
    assert env.requests[-1].json["stream_options"] == {"include_usage": False}


def test_json_mode_without_a_model_is_an_instruction_where_there_is_no_format(
    env: ScriptedProvider,
) -> None:
    @llm.call("perplexity", "a-model", json_mode=True)
    def recommend() -> str:
        return "Recommend a book"

    env.reply("{}")
    recommend()
    assert "response_format" not in env.requests[-1].json
    assert "JSON object" in env.requests[-1].last


# Recorded answers of the servers.

HOSTS: Final = {
    "openrouter.ai": "openrouter",
    "api.deepseek.com": "deepseek",
    "deepseek.invalid": "deepseek",
    "api.x.ai": "xai",
    "api.z.ai": "zai",
    "api.cerebras.ai": "cerebras",
    "api.perplexity.ai": "perplexity",
    "perplexity.invalid": "perplexity",
    "dashscope.aliyuncs.com": "qwen",
    "llamacpp.invalid": "llamacpp",
    "<OLLAMA_API_BASE>": "ollama",
}
_EACH: Final = 4


def recorded() -> Iterator[tuple[str, Recording]]:
    """Yield some recordings of each server, with usage."""
    counts: dict[str, int] = {}
    for recording in recordings("openai-compat"):
        request = json.loads(recording.path.with_suffix(".json").read_text())["request"]
        name = HOSTS.get(request["host"] or request["path"].partition("/")[0], "")
        if request["path"] == "/serving-endpoints/chat/completions":
            name = "databricks"
        ok = name and recording.status == 200 and recording.expected["ok"]
        if not ok or not recording.expected["usage"] or counts.get(name, 0) == _EACH:
            continue
        if name != "databricks" and not (request["json"] or {}).get("stream_options"):
            continue
        counts[name] = counts.get(name, 0) + 1
        yield name, recording


RECORDED: Final = [*recorded()]


@pytest.mark.skipif(not RECORDED, reason="the recordings are not here")
@pytest.mark.parametrize(
    ("name", "recording"), RECORDED, ids=[f"{name}-{r.path.stem}" for name, r in RECORDED]
)
def test_a_recorded_answer_has_what_the_row_claims(
    name: str, recording: Recording, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = SERVERS[name]
    with Loopback() as server:
        monkeypatch.setenv(row.api_keys[0], KEY)
        monkeypatch.setenv(row.url_variable, server.url)
        server.queue = [Response(in_pieces(recording.body, 61))]
        decorate: Any = llm.call(name, "a-model", stream=True)
        stream, _ = driver.call_and_read(function(driver, decorate))
    expected = recording.expected
    assert (stream.content, stream.reasoning) == (expected["text"], expected["reasoning"])
    assert (stream.provider, stream.state) == (name, "finished")
    assert stream.output_tokens == expected["usage"]["completion_tokens"]
    records = [*records_of(recording.body)]
    if stream.reasoning:
        assert any(row.reasoning in delta for record in records for delta in deltas(record))
    with_usage = [record for record in records if record.get("usage")]
    place = "last choice's record" if with_usage[-1].get("choices") else "own record"
    assert place == row.usage


def records_of(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.decode().splitlines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def deltas(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [choice.get("delta") or {} for choice in record.get("choices") or ()]


def test_moonshots_usage_is_in_the_choice_and_once_more(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebuilt: nested in the last choice, and in a record of its own if that is requested."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "kimi"}
    text = {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage}
    body = event({**head, "choices": [text]}) + event({**head, "choices": [last]})
    again = event({**head, "choices": [], "usage": {**usage, "cached_tokens": 1}})
    for end in (b"", again):
        with Loopback() as server:
            monkeypatch.setenv("MOONSHOT_API_KEY", KEY)
            monkeypatch.setenv("MOONSHOT_BASE_URL", server.url)
            server.queue = [Response([body + end + b"data: [DONE]\n\n"])]
            stream, items = driver.call_and_read(
                function(driver, llm.call("moonshot:kimi", stream=True))
            )
        assert (stream.content, stream.input_tokens, stream.output_tokens) == ("Hi", 3, 2)
        assert len(items) == 2
        assert items[-1][0].usage.total_tokens == 5
        assert stream.construct_call_response().usage.total_tokens == 5


# Servers of the user.

OWN: Final = Server(
    name="own-server",
    base_url="http://127.0.0.1:9/{OWN_TENANT}/v1",
    api_keys=("OWN_KEY",),
    stream_options=False,
    formats=(),
    forces_tools="never",
    reasoning="reasoning",
    reasoning_back="always",
    usage="last choice",
)


def test_a_server_of_the_user_is_as_the_built_in_ones(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    registered: Callable[[Server], None],
    request: pytest.FixtureRequest,
) -> None:
    own = replace(OWN, name=f"own-server-{driver.asynchronous:d}")
    registered(own)
    registered(own)  # an equal one has no effect
    env: ScriptedProvider = request.getfixturevalue("env")
    env.reply("Emma", reasoning="Hm.", usage=(3, 2))
    stream, _ = driver.call_and_read(function(driver, llm.call(f"{own.name}:m", stream=True)))
    body = sent(env, own).json
    assert "stream_options" not in body
    assert (stream.content, stream.reasoning, stream.output_tokens) == ("Emma", "Hm.", 2)
    env.reply("Emma")
    assert streamed(driver, own.name)[0].provider == own.name
    env.reply(value=Book(title="Emma"))
    decorate: Any = llm.call(own.name, "m", response_model=Book)
    assert driver.call(function(driver, decorate)) == Book(title="Emma")
    assert not sent(env, own).json.keys() & {"tools", "response_format"}
    assert own.name in registry.names()
    provider = load_provider(own.name)
    assert pickle.loads(pickle.dumps(provider)) is provider  # noqa: S301  # our own bytes
    for name in own.variables:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(errors.AuthenticationFailed, match="OWN_TENANT is not set"):
        client_of(driver, own.name)
    monkeypatch.setenv("OWN_TENANT", "a-tenant")
    with pytest.raises(errors.AuthenticationFailed, match=r"no API key .*: set OWN_KEY"):
        client_of(driver, own.name)
    client = client_of(driver, own.name, api_key=KEY)
    assert str(client.base_url) == "http://127.0.0.1:9/a-tenant/v1/"


@pytest.mark.parametrize("name", ["openai", "deepseek", "google"])
def test_a_name_is_not_taken_twice(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is already a provider or server '{name}'"):
        llm.register_server(Server(name=name, base_url="http://127.0.0.1:9", needs_key=False))


@pytest.mark.parametrize("name", ["", "a:b", "Upper", "-a", "a b", "__all__"])
def test_a_name_can_be_named(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid name of a server"):
        Server(name=name, base_url="http://127.0.0.1:9", needs_key=False)


def test_a_key_that_is_needed_has_a_variable() -> None:
    with pytest.raises(ValueError, match="'acme' has no `api_keys`: pass them, or"):
        Server(name="acme", base_url="http://127.0.0.1:9")


# v1's modules.


@pytest.mark.parametrize("name", ["litellm", "xai"])
def test_v1s_modules_are_named_servers(name: str, driver: Driver, env: ScriptedProvider) -> None:
    module: Any = import_module(f"mirascope.core.{name}")
    env.reply("Emma")
    stream, _ = driver.call_and_read(function(driver, module.call("a-model", stream=True)))
    assert sent(env, SERVERS[name]).model == "a-model"
    assert (stream.content, stream.provider) == ("Emma", name)
    assert vars(module)[f"{name}_call"] is module.call


def test_the_default_client_of_a_loop_is_the_servers(env: ScriptedProvider) -> None:
    async def clients() -> list[Any]:
        provider = load_provider("vllm")
        return [await provider.clients.aget(), await provider.clients.aget()]

    first, second = anyio.run(clients)
    assert first is second
    assert str(first.base_url) == f"{env.url('vllm')}/"
    assert os.environ["VLLM_BASE_URL"] == env.url("vllm")
