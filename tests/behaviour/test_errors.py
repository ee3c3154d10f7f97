"""Whatever goes wrong is an error of both trees, and what was received before stays readable."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from mistralai.client import Mistral
from pydantic import ValidationError
from support.cases import Case, Driver
from support.fixtures import built_in, every_case
from support.providers.anthropic import ANTHROPIC
from support.providers.mistral import MISTRAL

from mirascope import errors
from mirascope.core import prompt_template
from mirascope.core._wire.sse import MAX_EVENT_BYTES
from mirascope.testing.loopback import Loopback, Response, Stall

case = every_case


def failing(
    case: Case, driver: Driver, *, stream: bool = True, **options: Any
) -> tuple[Any, errors.StreamError, list[str]]:
    """Request what fails; return the stream, the error and the texts that were received before.

    Args:
        case: The provider.
        driver: Sync or async.
        stream: Whether to stream.
        options: Further options of the call.
    """
    function = driver.function(case, stream=stream, max_retries=0, **options)
    asked: Any = None
    texts: list[str] = []

    async def ask_and_read() -> None:
        nonlocal asked
        asked = await function("fantasy")
        async for chunk, _ in asked:
            texts.append(chunk.content)

    with pytest.raises(errors.StreamError) as caught:
        if driver.asynchronous:
            driver.run(ask_and_read)
        asked = function("fantasy")
        for chunk, _ in asked:
            texts.append(chunk.content)
    error = caught.value
    assert isinstance(error, case.sdk_error)
    assert error.provider == case.name
    assert "a-secret-key" not in f"{error!r} {error} {vars(error)}"
    return asked, error, [text for text in texts if text]


def test_an_sdk_s_own_timeout_is_a_stream_timeout(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
    stream, error, _ = failing(case, driver, call_params=case.timeout(0.2))
    assert isinstance(error, errors.StreamTimeout)
    assert (stream.state, stream.content, error.retryable) == ("failed", "Hello", True)


def test_an_event_without_bounds_is_an_error(case: Case, driver: Driver, server: Loopback) -> None:
    def script() -> Iterator[bytes]:
        yield from case.begin
        yield case.text("Hello")
        yield case.unbounded
        for _ in range(50):
            yield b"x" * 2**20

    server.queue = [Response(script())]
    stream, error, _ = failing(case, driver)
    assert isinstance(error, errors.StreamDataError)
    assert f"{MAX_EVENT_BYTES:,}" in str(error)
    assert stream.content == "Hello"
    assert server.connections[0].disconnected.wait(0.5)


def test_a_body_that_its_encoding_does_not_fit_is_an_error(
    case: Case, driver: Driver, server: Loopback
) -> None:
    packed = gzip.compress(case.text("Hello"))
    server.queue = [Response([packed[:-12] + b"garbage" * 9], headers={"content-encoding": "gzip"})]
    _, error, _ = failing(case, driver)
    assert isinstance(error, errors.StreamDataError | errors.StreamTruncated)


def test_a_compressed_response_that_is_cut_off_is_truncated(
    case: Case, driver: Driver, server: Loopback
) -> None:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    pieces = [packer.compress(event) for event in (*case.begin, case.text("Hello"))]
    pieces.append(packer.flush(zlib.Z_SYNC_FLUSH))
    server.queue = [Response(pieces, headers={"content-encoding": "gzip"})]
    stream, error, texts = failing(case, driver)
    assert isinstance(error, errors.StreamTruncated)
    assert (stream.state, texts) == ("truncated", ["Hello"])


@built_in  # which have an SDK
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_what_the_sdk_rejects_before_sending_is_a_bad_request(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    wrong: dict[str, Any] = {
        "cohere": {"documents": [object()]},
        "gemini": {"audio_timestamp": True},  # which only Vertex has
        "mistral": {"stop": object()},
        "vertex": {"store": True},  # which only Gemini's own API has
    }
    params = wrong.get(case.name, {"metadata": {"a": object()}})
    _, error, _ = failing(case, driver, stream=stream, call_params=params)
    assert type(error) is not errors.BadRequest
    assert isinstance(error, errors.BadRequest)
    assert isinstance(error, case.sdk_error)
    assert (error.phase, error.retryable) == ("open", False)
    assert "the SDK rejects the request" in str(error)
    assert server.requests == []


@pytest.mark.parametrize("case", [ANTHROPIC], ids=["anthropic"])
def test_a_plain_response_that_may_be_long_has_to_be_streamed(
    case: Case, driver: Driver, server: Loopback
) -> None:
    options: dict[str, Any] = {"call_params": {"max_tokens": 100_000}}
    _, error, _ = failing(case, driver, stream=False, **options)
    assert isinstance(error, errors.BadRequest)
    assert "`stream=True`" in str(error)
    server.queue = [Response(case.response("Hello"))]
    assert driver.call_and_read(driver.function(case, **options))[0].content == "Hello"


@built_in  # the same
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_parameter_that_the_sdk_does_not_have_is_a_type_error(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    function = driver.function(case, stream=stream, call_params={"nonsense": 1})
    rejects = (TypeError, ValidationError)
    expected = errors.BadRequest if case.name == "bedrock" else rejects  # which validates itself
    with pytest.raises(expected, match="nonsense"):
        driver.call_and_read(function) if stream else driver.call(function)
    assert server.requests == []


@pytest.mark.parametrize("case", [MISTRAL], ids=["mistral"])
def test_an_error_of_the_user_s_own_code_is_not_translated(case: Case, server: Loopback) -> None:
    def hook(_: object) -> None:
        raise ValueError("mine")

    http = httpx2.Client(event_hooks={"request": [hook]})
    client = Mistral(server_url=server.url, api_key="a-secret-key", client=http)
    function = Driver(asynchronous=False).function(case, client=client)
    with http, pytest.raises(ValueError, match="mine") as raised:
        list(function("fantasy"))
    assert type(raised.value) is ValueError


def test_an_invalid_base_url_is_an_error_that_names_it(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(case.url_variable, "http://host:port")
    _, error, _ = failing(case, driver, stream=False)
    assert isinstance(error, errors.StreamConnectionError)
    assert server.requests == []


def test_a_template_s_unknown_variable_is_an_error_at_the_call(case: Case) -> None:
    @case.call("requested-model", stream=True)
    @prompt_template("Recommend a {genre} book")
    def recommend(topic: str, language: str) -> None: ...

    with pytest.raises(KeyError) as caught:
        recommend("fantasy", "en")
    assert isinstance(caught.value, errors.TemplateError)
    assert str(caught.value) == (
        "the template of recommend has {genre}, but its variables are: topic, language"
    )


def test_a_description_names_streams_responses_and_errors(
    case: Case, driver: Driver, server: Loopback
) -> None:
    named = replace(case, provider=replace(case.provider, name="someone"))
    server.queue = [
        Response(case.response("Hello")),
        Response.of_json(case.plain("Hello")),
        case.refusal(401),
        Response([*case.begin, case.text("Hel")]),
    ]
    stream, _ = driver.call_and_read(driver.function(named))
    response = driver.call(driver.function(named, stream=False))
    for answer in (stream, stream.construct_call_response(), response):
        assert (answer.provider, answer.content, answer.cost) == ("someone", "Hello", None)
    for kind in (errors.AuthenticationFailed, errors.StreamTruncated):
        tried = driver.attempt(driver.function(named, max_retries=0))
        assert isinstance(tried.error, kind)
        assert isinstance(tried.error, case.sdk_error)
        assert tried.error.provider == "someone"
    assert tried.error.partial.provider == "someone"
