"""What is peculiar to Vertex AI: Gemini's models with a project, and Claude there."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anthropic import AnthropicVertex, AsyncAnthropicVertex
from google.auth.exceptions import GoogleAuthError
from google.genai import errors as sdk
from google.oauth2.credentials import Credentials
from support.cases import Attempt, Case, Driver
from support.fixtures import only_everywhere
from support.providers.anthropic import ANTHROPIC
from support.providers.vertex import VERTEX

from mirascope import errors, llm
from mirascope.core import anthropic, gemini, google, vertex
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.testing.conformance import Conformance
from mirascope.testing.loopback import Loopback, Response

TOKEN = "ya29.a-token-of-google"
PROJECT = "/v1beta1/projects/my-project/locations/europe-west1/publishers/google/models"


@pytest.fixture(params=[VERTEX], ids=["vertex"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let Google's SDK find neither a file of credentials nor a server of metadata."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def with_client(case: Case, driver: Driver, url: str, key: str, **options: Any) -> Attempt:
    """Call and read with a user-supplied client, which has a project and a token."""
    tried = Attempt()

    async def ask() -> None:
        async with case.async_client(url, key) as client:
            found = await attempt_in_loop(driver.function(case, client=client, **options))
            vars(tried).update(vars(found))

    if driver.asynchronous:
        driver.run(ask)
        return tried
    with case.client(url, key) as client:
        return driver.attempt(driver.function(case, client=client, **options))


async def attempt_in_loop(function: Any) -> Attempt:
    tried = Attempt()
    try:
        tried.stream = await function("fantasy")
        async for item in tried.stream:
            tried.items.append(item)
    except Exception as error:  # noqa: BLE001  # the test checks which it is
        tried.error = error
    return tried


# Gemini's models.


def test_an_api_key_needs_no_project(driver: Driver, server: Loopback) -> None:
    server.queue = [Response(VERTEX.response("Hello"))]
    stream, _ = driver.call_and_read(driver.function(VERTEX))
    assert (stream.content, stream.provider) == ("Hello", "vertex")
    [request] = server.requests
    path = "/v1beta1/publishers/google/models/requested-model:streamGenerateContent?alt=sse"
    assert request.path == path
    assert request.headers["x-goog-api-key"] == "a-secret-key"


@pytest.mark.parametrize("module", [vertex, gemini, google], ids=["vertex", "gemini", "google"])
def test_a_client_with_a_project_works_with_each_name(
    driver: Driver, server: Loopback, module: Any
) -> None:
    case = replace(VERTEX, provider=module.call._provider)
    server.queue = [Response(VERTEX.response("Hello"))]
    tried = with_client(case, driver, server.url, TOKEN)
    assert (tried.text, tried.error, tried.stream.state) == ("Hello", None, "finished")
    assert tried.stream.provider == module.call._provider.name
    [request] = server.requests
    assert request.path == f"{PROJECT}/requested-model:streamGenerateContent?alt=sse"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_token_is_redacted(driver: Driver, server: Loopback) -> None:
    server.default = lambda: VERTEX.refusal(401, "my-own-token-1 and ya29.another-token are wrong")
    error = with_client(VERTEX, driver, server.url, "my-own-token-1").error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "*** and *** are wrong" in str(error)
    assert "my-own-token" not in repr(error) + repr(error.args) + repr(vars(error))


@pytest.mark.usefixtures("no_credentials")
def test_what_is_missing_in_the_environment_is_named(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", VERTEX.url_variable):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        driver.call(driver.function(VERTEX))
    assert isinstance(caught.value, sdk.APIError)
    assert "Set GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION and cred" in str(caught.value)
    assert "or GOOGLE_API_KEY in the environment" in str(caught.value)


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_project_without_credentials_is_an_authentication_error(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", VERTEX.url_variable):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "my-project")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
    function = driver.function(VERTEX, stream=stream, max_retries=0)
    error = driver.attempt(function, stream=stream).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, sdk.APIError)
    assert isinstance(error.__cause__.__cause__, GoogleAuthError)
    assert (error.provider, error.phase, error.retryable) == ("vertex", "open", False)


def test_a_token_that_cannot_be_refreshed_is_an_authentication_error(
    driver: Driver, server: Loopback
) -> None:
    error = with_client(VERTEX, driver, server.url, "", max_retries=0).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "refresh" in str(error)
    assert server.requests == []


def test_its_classes_are_gemini_s(server: Loopback) -> None:
    server.queue = [Response.of_json(VERTEX.plain("Hello"))]

    @vertex.call("requested-model")
    def recommend(genre: str) -> str:
        return genre

    response = recommend("fantasy")
    assert type(response) is vertex.VertexCallResponse is gemini.GeminiCallResponse
    assert (response.provider, response.content) == ("vertex", "Hello")


def test_llm_calls_it_by_its_name(server: Loopback) -> None:
    server.queue = [Response(VERTEX.response("Hello"))]

    @llm.call("vertex:requested-model", stream=True)
    def recommend(genre: str) -> str:
        return genre

    stream = recommend("fantasy")
    assert "".join(chunk.content for chunk, _ in stream) == "Hello"
    assert stream.provider == "vertex"


# Claude.


def claude(kind: Any) -> Any:
    return kind(
        region="europe-west1",
        project_id="my-project",
        credentials=Credentials(token=os.environ["CLAUDE_TOKEN"]),
    )


CLAUDE = replace(
    ANTHROPIC,
    provider=replace(
        anthropic.call._provider,
        clients=DefaultClients(
            make=lambda: claude(AnthropicVertex),
            amake=lambda: claude(AsyncAnthropicVertex),
            close=AnthropicVertex.close,
            aclose=AsyncAnthropicVertex.close,
            env=("ANTHROPIC_VERTEX_BASE_URL", "CLAUDE_TOKEN"),
        ),
    ),
    key_variable="CLAUDE_TOKEN",
    url_variable="ANTHROPIC_VERTEX_BASE_URL",
    url_path="/v1",
    needs_key=False,
    client=lambda url, key, **options: AnthropicVertex(
        region="us", project_id="p", access_token=key, base_url=url, **options
    ),
    async_client=lambda url, key, **options: AsyncAnthropicVertex(
        region="us", project_id="p", access_token=key, base_url=url, **options
    ),
)


@only_everywhere  # as TestAnthropic, but for the client
class TestClaudeOnVertex(Conformance):
    case = CLAUDE


def test_claude_s_url_names_the_model(driver: Driver) -> None:
    with Loopback() as server:
        server.queue = [Response(CLAUDE.response("Hello"))]
        tried = with_client(CLAUDE, driver, f"{server.url}/v1", TOKEN)
        [request] = server.requests
    assert (tried.text, tried.error) == ("Hello", None)
    path = "/v1/projects/p/locations/us/publishers/anthropic/models/requested-model"
    assert request.path == f"{path}:streamRawPredict"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "model" not in request.json


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_client_of_the_other_kind_is_an_error_that_names_it(*, asynchronous: bool) -> None:
    driver = Driver(asynchronous=asynchronous)
    kind: Any = AnthropicVertex if asynchronous else AsyncAnthropicVertex
    client = kind(region="us", project_id="p", access_token=TOKEN)
    with pytest.raises(TypeError, match=kind.__name__):
        driver.call(driver.function(ANTHROPIC, client=client))
    if asynchronous:
        client.close()


@pytest.mark.usefixtures("no_credentials")
def test_claude_without_credentials_is_an_authentication_error(driver: Driver) -> None:
    def client() -> Any:
        kind = AsyncAnthropicVertex if driver.asynchronous else AnthropicVertex
        return kind(region="us", project_id="p", base_url="http://127.0.0.1:9/v1")

    def read(stream: Any) -> Iterator[Any]:
        with made:
            yield from stream

    async def aread(stream: Any) -> AsyncIterator[Any]:
        async with made:
            async for item in stream:
                yield item

    made = client()
    function = driver.function(ANTHROPIC, client=made, max_retries=0)
    error = driver.attempt(function, aread if driver.asynchronous else read).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, ANTHROPIC.sdk_error)
    assert (error.provider, error.phase, error.retryable) == ("anthropic", "open", False)
