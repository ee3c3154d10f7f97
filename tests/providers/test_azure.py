"""What is peculiar to OpenAI's models on Azure: clients, URLs, tokens and content filters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from typing import Any

import openai as sdk
import pytest
from openai.types.chat import ChatCompletionChunk
from support.cases import Attempt, Case, Driver, event
from support.providers.azure import AZURE, FILTERED, PROMPT_FILTER
from support.providers.azure_responses import AZURE_RESPONSES
from support.providers.openai import completion_chunk

from mirascope import errors, llm
from mirascope.core import azure, openai
from mirascope.core.providers import load_provider
from mirascope.testing.loopback import Loopback, Response

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhenVyZSJ9.c2lnbmVk"
KEY = "a-secret-key"


@pytest.fixture(params=[AZURE], ids=["azure"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def attempt(driver: Driver, client: Any = None, **options: Any) -> Attempt:
    """Call and read; a user-supplied client is closed after that."""

    def read(stream: Any) -> Iterator[Any]:
        with client or nullcontext():
            yield from stream

    async def aread(stream: Any) -> AsyncIterator[Any]:
        async with client or nullcontext():
            async for item in stream:
                yield item

    function = driver.function(AZURE, client=client, **options)
    return driver.attempt(function, aread if driver.asynchronous else read)


def asked(driver: Driver, server: Loopback, client: Any = None) -> Any:
    """Return the request of a call."""
    server.default = lambda: Response(AZURE.response("Hello"))
    tried = attempt(driver, client)
    assert (tried.text, tried.error, tried.stream.provider) == ("Hello", None, "azure")
    return server.requests[-1]


# Where a request goes.


def test_the_url_names_the_deployment_and_the_version(driver: Driver, server: Loopback) -> None:
    request = asked(driver, server)
    path = "/openai/deployments/requested-model/chat/completions"
    assert request.path == f"{path}?api-version=2024-10-21"
    assert request.headers["api-key"] == KEY
    assert "authorization" not in request.headers
    assert request.json["stream_options"] == {"include_usage": True}


def test_the_environment_names_another_version(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(driver, server)
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")
    assert asked(driver, server).path.endswith("?api-version=2025-04-01-preview")


@pytest.mark.parametrize("version", [None, "2026-01-01-preview"])
def test_responses_have_the_deployment_in_the_body_and_a_version_of_their_own(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    if version:
        monkeypatch.setenv("OPENAI_API_VERSION", version)
    server.queue = [Response(AZURE_RESPONSES.response("Hello"))]
    stream, _ = driver.call_and_read(driver.function(AZURE_RESPONSES))
    assert (stream.content, stream.provider) == ("Hello", "azure_responses")
    [request] = server.requests
    assert request.path == f"/openai/responses?api-version={version or '2025-04-01-preview'}"
    assert request.json["model"] == "requested-model"
    assert request.headers["api-key"] == KEY


def test_a_client_names_its_own_deployment(driver: Driver, server: Loopback) -> None:
    kind = sdk.AsyncAzureOpenAI if driver.asynchronous else sdk.AzureOpenAI
    client: Any = kind(
        azure_endpoint=server.url, azure_deployment="mine", api_version="1", api_key="another-key"
    )
    request = asked(driver, server, client)
    assert request.path == "/openai/deployments/mine/chat/completions?api-version=1"
    assert request.headers["api-key"] == "another-key"


def test_openai_s_client_serves_azure_s_newer_url(driver: Driver, server: Loopback) -> None:
    kind = sdk.AsyncOpenAI if driver.asynchronous else sdk.OpenAI
    client: Any = kind(base_url=f"{server.url}/openai/v1/", api_key=KEY)
    request = asked(driver, server, client)
    assert request.path == "/openai/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"


# With what.


def test_a_token_of_the_environment_is_sent_instead_of_a_key(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
    request = asked(driver, server)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "api-key" not in request.headers


def with_provider(url: str, tokens: list[str], *, asynchronous: bool) -> Any:
    """Return a client whose token provider returns one token after the other."""

    async def atoken() -> str:
        return tokens.pop(0)

    if asynchronous:
        return sdk.AsyncAzureOpenAI(
            azure_endpoint=url, api_version="1", azure_ad_token_provider=atoken
        )
    return sdk.AzureOpenAI(
        azure_endpoint=url, api_version="1", azure_ad_token_provider=lambda: tokens.pop(0)
    )


def test_a_token_provider_is_called_for_each_attempt(driver: Driver, server: Loopback) -> None:
    client = with_provider(server.url, ["first", "second"], asynchronous=driver.asynchronous)
    server.queue = [AZURE.refusal(429, retry_after="0"), Response(AZURE.response("Hello"))]
    assert attempt(driver, client, max_retries=1).text == "Hello"
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("way", ["variable", "client", "provider"])
def test_tokens_are_redacted(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    server.default = lambda: AZURE.refusal(401, f"The token {TOKEN} has expired")
    client: Any = None
    if way == "variable":
        monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
    elif way == "client":
        kind = sdk.AsyncAzureOpenAI if driver.asynchronous else sdk.AzureOpenAI
        client = kind(azure_endpoint=server.url, api_version="1", azure_ad_token=TOKEN)
    else:
        client = with_provider(server.url, [TOKEN] * 9, asynchronous=driver.asynchronous)
    error = attempt(driver, client).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "The token *** has expired" in str(error)
    assert TOKEN not in repr(error) + repr(error.args) + repr(vars(error))


@pytest.mark.parametrize(
    ("missing", "kind", "named"),
    [
        (
            "AZURE_OPENAI_API_KEY",
            errors.AuthenticationFailed,
            "`AZURE_OPENAI_API_KEY` or `AZURE_OPENAI_AD_TOKEN` environment variables",
        ),
        ("AZURE_OPENAI_ENDPOINT", errors.StreamConnectionError, "set AZURE_OPENAI_ENDPOINT"),
    ],
)
def test_what_is_missing_in_the_environment_is_named(
    driver: Driver,
    server: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    *,
    missing: str,
    kind: type[errors.StreamError],
    named: str,
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(kind, match=named) as caught:
        driver.call(driver.function(AZURE))
    assert isinstance(caught.value, sdk.OpenAIError)
    assert (caught.value.provider, server.requests) == ("azure", [])


# Content filters.


def test_a_prompt_that_is_filtered_is_a_bad_request(driver: Driver, server: Loopback) -> None:
    found = {"jailbreak": {"filtered": True, "detected": True}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": found}
    report = {
        "message": "The response was filtered.",
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": inner,
    }
    server.default = lambda: Response.of_json({"error": report}, 400)
    error: Any = driver.attempt(driver.function(AZURE)).error
    assert isinstance(error, errors.BadRequest)
    assert isinstance(error, sdk.BadRequestError)
    assert (error.code, error.param, error.retryable) == ("content_filter", "prompt", False)
    assert error.body["innererror"]["content_filter_result"] == found


def test_the_results_of_filters_are_kept_and_no_item_is_without_a_choice(
    driver: Driver, server: Loopback
) -> None:
    def filtered(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        choice["content_filter_results"] = FILTERED
        return completion_chunk(None, choices=[choice])

    server.queue = [
        Response(
            [
                event(PROMPT_FILTER),
                filtered({"role": "assistant", "content": ""}),
                filtered({"content": "Hello"}),
                filtered({}, "content_filter"),
                b"data: [DONE]\n\n",
            ]
        )
    ]
    stream, items = driver.call_and_read(driver.function(AZURE))
    assert [chunk.chunk.choices[0].index for chunk, _ in items] == [0, 0, 0]
    assert {type(chunk.chunk) for chunk, _ in items} == {ChatCompletionChunk}
    assert (stream.id, stream.model) == ("chatcmpl-1", "the-model-that-answers")
    assert stream.finish_reasons == stream.common_finish_reasons == ["content_filter"]
    response = stream.construct_call_response().response
    assert response.prompt_filter_results == PROMPT_FILTER["prompt_filter_results"]
    assert response.choices[0].content_filter_results == FILTERED
    assert response.choices[0].message.content == "Hello"


def test_results_that_come_later_have_no_delta(driver: Driver, server: Loopback) -> None:
    """The asynchronous filter reports on text that has been received already."""
    later = {
        "index": 0,
        "finish_reason": None,
        "content_filter_results": FILTERED,
        "content_filter_offsets": {"check_offset": 5, "start_offset": 0, "end_offset": 5},
    }
    head = {"id": "", "object": "", "created": 0, "model": ""}
    text, stop, *rest = AZURE.response("Hello")[1:]
    filtered = event({**head, "choices": [later]})
    server.queue = [Response([event(PROMPT_FILTER), text, filtered, stop, filtered, *rest])]
    stream, items = driver.call_and_read(driver.function(AZURE))
    deltas = [chunk.chunk.choices[0].delta.content for chunk, _ in items]
    assert deltas == ["Hello", None, None, None]
    assert "".join(chunk.content for chunk, _ in items) == "Hello"
    assert (stream.id, stream.finish_reasons) == ("chatcmpl-1", ["stop"])
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)
    assert items[-1][0].finish_reasons == ["stop"]
    [choice] = stream.construct_call_response().response.choices
    assert choice.content_filter_offsets == later["content_filter_offsets"]


# What it is called.


def test_its_classes_are_openai_s(server: Loopback) -> None:
    server.queue = [Response.of_json(AZURE.plain("Hello"))]

    @azure.call("requested-model")
    def recommend(genre: str) -> str:
        return genre

    response = recommend("fantasy")
    assert type(response) is azure.AzureCallResponse is openai.OpenAICallResponse
    assert (response.provider, response.content) == ("azure", "Hello")
    assert load_provider("azure").stream_type is azure.AzureStream


def test_llm_calls_it_by_its_name(server: Loopback) -> None:
    server.queue = [Response(AZURE.response("Hello"))]

    @llm.call("azure:requested-model", stream=True)
    def recommend(genre: str) -> str:
        return genre

    stream = recommend("fantasy")
    assert "".join(chunk.content for chunk, _ in stream) == "Hello"
    assert stream.provider == "azure"


@pytest.mark.parametrize(
    ("package", "module", "extra"),
    [
        ("openai", "azure", "azure"),
        ("openai", "azure_responses", "azure"),
        ("openai", "xai", "openai"),
        ("google", "vertex", "vertex"),
        ("botocore", "bedrock", "bedrock"),
    ],
)
def test_without_the_sdk_the_error_names_the_extra(package: str, module: str, extra: str) -> None:
    code = f"""
import sys
sys.modules["{package}"] = None
from mirascope import errors
try:
    import mirascope.core.{module}
except errors.MissingSDKError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert f"mirascope-streams[{extra}]" in done.stdout
