"""Keys, headers, clients and prompts stay out of errors, texts, logs and pickles."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import cohere
import httpx
import httpx2
import pytest
from anthropic import Anthropic, AnthropicBedrock, AnthropicVertex, AsyncAnthropic
from google import genai
from google.genai.types import HttpOptions
from openai import AzureOpenAI, OpenAI
from support.cases import Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI
from support.providers.openai import OPENAI

from mirascope import errors
from mirascope.core import anthropic, prompt_template
from mirascope.core.base import BaseMessageParam
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Loopback, Response

KEY = "my-one-and-only-key-123"
PROMPT = "the deepest secret of all"
SYNC = Driver(asynchronous=False)


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301  # our own bytes


COPIES = pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy])


def everything_of(error: BaseException) -> str:
    """Return all that an error shows: what a log or a debugger would show."""
    reported = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*reported, *traceback.format_exception(error)])


def get_title(title: str) -> str:
    """Tell a title.

    Args:
        title: The title.
    """
    return title


@pytest.fixture
def refusing(case: Case, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A server that rejects the request, and repeats the API key."""
    monkeypatch.setenv(case.key_variable, KEY)
    body = case.error_body(f"Incorrect API key provided: {KEY}. Or was it sk-proj-123456789?")
    server.default = lambda: Response.of_json(body, 401, set_cookie="session=the-cookie")
    return server


def failed(driver: Driver, function: Callable[[str], Any]) -> errors.StreamError:
    with pytest.raises(errors.StreamError) as caught:
        driver.call(function)
    return caught.value


def test_the_api_key_of_a_user_supplied_client_is_redacted_too(
    case: Case, driver: Driver, refusing: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(case.key_variable)
    url = case.url(refusing.url)

    async def ask() -> errors.StreamError:
        async with case.async_client(url, KEY) as client:
            stream = await driver.function(case, client=client)("fantasy")
            with pytest.raises(errors.AuthenticationFailed) as caught:
                [item async for item in stream]
            return caught.value

    if driver.asynchronous:
        error: Any = driver.run(ask)
    else:
        with case.client(url, KEY) as client:
            error = driver.attempt(driver.function(case, client=client)).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "***" in str(error)
    assert KEY not in everything_of(error)


OTHER_CLIENTS: dict[str, tuple[Case, Callable[[str], Any]]] = {
    "azure-token": (
        OPENAI,
        lambda url: AzureOpenAI(azure_endpoint=url, api_version="1", azure_ad_token=KEY),
    ),
    "azure-key": (
        OPENAI,
        lambda url: AzureOpenAI(azure_endpoint=url, api_version="1", api_key=KEY),
    ),
    "key-function": (OPENAI, lambda url: OpenAI(base_url=url, api_key=lambda: KEY)),
    "headers": (
        OPENAI,
        lambda url: OpenAI(base_url=url, api_key="-", default_headers={"X-Gateway-Token": KEY}),
    ),
    "vertex": (
        ANTHROPIC,
        lambda url: AnthropicVertex(
            region="us", project_id="p", access_token=KEY, base_url=f"{url}/v1"
        ),
    ),
    "auth-token": (ANTHROPIC, lambda url: Anthropic(base_url=url, auth_token=KEY)),
    "gemini-headers": (
        GEMINI,
        lambda url: genai.Client(
            api_key="another-key",
            http_options=HttpOptions(base_url=url, headers={"Authorization": f"Bearer {KEY}"}),
        ),
    ),
    "http-client": (
        OPENAI,
        lambda url: OpenAI(
            base_url=url, api_key="-", http_client=httpx2.Client(headers={"X-Token": KEY})
        ),
    ),
    "cohere-headers": (
        COHERE,
        lambda url: cohere.ClientV2(
            "another-key", base_url=url, httpx_client=httpx.Client(headers={"X-Token": KEY})
        ),
    ),
}


@pytest.mark.parametrize("name", OTHER_CLIENTS)
def test_nor_are_the_tokens_of_an_sdks_other_clients(name: str) -> None:
    case, make = OTHER_CLIENTS[name]
    with Loopback() as server:
        server.default = lambda: Response.of_json(case.error_body(f"Wrong: {KEY}."), 401)
        with make(server.url) as client:
            error = SYNC.attempt(SYNC.function(case, client=client)).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "***" in str(error)
    assert KEY not in everything_of(error)


def test_nor_are_those_that_sign_a_request() -> None:
    keys = {f"aws_{name}": f"made-up-{name}" for name in ("secret_key", "session_token")}
    with AnthropicBedrock(aws_region="us-east-1", aws_access_key="made-up-id", **keys) as client:
        assert {*keys.values()} <= {*anthropic.call._provider.api.secrets(client)}


CALL_HEADERS: dict[str, dict[str, Any]] = {
    "anthropic": {"extra_headers": {"Authorization": f"Bearer {KEY}"}},
    "cohere": {"request_options": {"additional_headers": {"X-Api-Key": KEY}}},
    "gemini": {"http_options": HttpOptions(headers={"x-goog-api-key": KEY})},
    "groq": {"extra_headers": {"Authorization": f"Bearer {KEY}"}},
    "mistral": {"http_headers": {"Authorization": f"Bearer {KEY}"}},
    "openai": {"extra_headers": {"Authorization": f"Bearer {KEY}"}},
    "openai_responses": {"extra_headers": {"Authorization": f"Bearer {KEY}"}},
}


def test_nor_are_those_in_the_headers_of_a_call(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.default = lambda: Response.of_json(case.error_body(f"Wrong: {KEY}."), 401)
    if case.family not in CALL_HEADERS:
        pytest.skip("its calls have no headers")
    params = CALL_HEADERS[case.family]
    error = driver.attempt(driver.function(case, call_params=params)).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert "***" in str(error)
    assert KEY not in everything_of(error)


@pytest.mark.parametrize("key", [f"\u201c{KEY}\u201d", f"{KEY[:9]}\n{KEY[9:]}"])
def test_an_api_key_that_cannot_be_a_header_is_an_authentication_error(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(case.key_variable, key)
    server.default = lambda: Response.of_json(
        case.error_body("No such key."), 401
    )  # Anthropic's SDK
    function = driver.function(case, max_retries=0)
    error = driver.attempt(function).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, case.sdk_error)
    assert not error.retryable
    reported = everything_of(error)
    assert KEY not in reported
    assert KEY[9:] not in reported


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_half_a_character_in_a_prompt_is_a_bad_request(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    server.default = lambda: Response.of_json(case.error_body("No."), 400)  # where it can be sent
    function = driver.function(case, stream=stream, max_retries=0)

    def ask(_: str) -> Any:
        return function(f"{PROMPT} \ud83d")

    async def aask(_: str) -> Any:
        return await function(f"{PROMPT} \ud83d")

    asking = aask if driver.asynchronous else ask
    error = driver.attempt(asking).error if stream else failed(driver, asking)
    assert isinstance(error, errors.BadRequest)
    assert PROMPT not in everything_of(error)


@pytest.mark.parametrize("read", [True, False], ids=["read", "pending"])
def test_a_stream_cannot_be_pickled(
    case: Case, driver: Driver, server: Loopback, *, read: bool
) -> None:
    server.queue = [Response(case.response("Hello"))]
    function = driver.function(case)
    stream = driver.call_and_read(function)[0] if read else driver.call(function)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"construct_call_response\(\)"):
            pickle.dumps(stream, protocol)
    with pytest.raises(TypeError, match="partial"):
        copy.deepcopy(stream)


def test_a_structured_stream_cannot_be_pickled(case: Case) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(case.key_variable, KEY)
        patch.setenv(case.url_variable, "http://127.0.0.1:9")
        stream = SYNC.function(case, response_model=list[str], json_mode=True)("fantasy")
    for each in (stream, stream.elements):
        with pytest.raises(TypeError, match="use its last item"):
            pickle.dumps(each)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_response_is_kept_without_client_key_and_headers(
    case: Case, server: Loopback, *, stream: bool
) -> None:
    answer = Response(case.response("Hello")) if stream else Response.of_json(case.plain("Hello"))
    answer.headers |= {"set-cookie": "session=the-cookie"}
    server.queue = [answer]
    with case.client(case.url(server.url), KEY) as client:

        @case.call("requested-model", stream=stream)
        @prompt_template("Recommend a {genre} book")
        def recommend(genre: str, api_key: str) -> Any:  # noqa: ARG001  # the template reads them
            return {"client": client, "computed_fields": {"tenant_client": client}}

        asked = recommend(PROMPT, api_key=KEY)
        if stream:
            list(asked)
            asked = asked.construct_call_response()
        assert asked.dynamic_config["client"] is client
        kept = pickled(asked)
        assert asked.dynamic_config["client"] is client
    assert (kept.content, kept.model) == (asked.content, asked.model)
    assert kept.messages == asked.messages
    assert kept.usage == asked.usage
    assert kept.message_param == asked.message_param
    assert kept.fn_args == {"genre": PROMPT}
    for written in (pickle.dumps(asked), asked.model_dump_json().encode()):
        assert PROMPT.encode() in written
        for hidden in (KEY, "the-cookie", "tenant_client"):
            assert hidden.encode() not in written
    assert "client" not in asked.model_dump()["dynamic_config"]


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_headers_of_a_call_are_not_kept(server: Loopback, case: Case) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    params = {"extra_headers": {"Authorization": f"Bearer {KEY}"}, "temperature": 0.5}
    response = SYNC.call(SYNC.function(case, stream=False, call_params=params))
    assert case.key_of(server.requests[0]) == KEY
    kept = pickled(response)
    assert kept.call_params == {"temperature": 0.5}
    assert "extra_headers" not in kept.call_kwargs
    assert KEY.encode() not in pickle.dumps(response)
    assert KEY not in response.model_dump_json()


def test_content_is_kept_whatever_its_field_is_called(server: Loopback, case: Case) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]

    @case.call("requested-model")
    def ask(client: str) -> list[Any]:
        return [BaseMessageParam(role="user", content=f"Who is {client}?")]

    kept = pickled(ask("Emma"))
    assert kept.fn_args == {"client": "Emma"}
    assert kept.messages == kept.call_kwargs["messages"]
    assert "Who is Emma?" in kept.model_dump_json()


@COPIES
@pytest.mark.usefixtures("refusing")
def test_an_error_survives_being_copied(case: Case, copied: Callable[[Any], Any]) -> None:
    error: Any = SYNC.attempt(SYNC.function(case)).error
    again = copied(error)
    assert type(again) is type(error)
    assert isinstance(again, errors.AuthenticationFailed)
    assert isinstance(again, case.sdk_error)
    assert (str(again), repr(again)) == (str(error), repr(error))
    for name in ("provider", "phase", "status_code", "request_id", "retryable", "partial"):
        assert getattr(again, name) == getattr(error, name)
    for name in ("response", "raw_response", "request", "headers"):
        kept = getattr(again, name, None)
        assert kept is None or isinstance(kept, dict)  # botocore's report, without headers
    assert b"the-cookie" not in pickle.dumps(error)


def test_an_error_of_a_tool_call_is_pickled_with_its_arguments(
    case: Case, server: Loopback
) -> None:
    steps = one_after_another(("get_title", '{"title": []}'), ("get_author", "{}"))
    server.queue = [Response(case.tool_call_response(*steps))]
    error: Any = SYNC.attempt(SYNC.function(case, tools=[get_title])).error
    again = pickled(error)
    assert isinstance(again, errors.ToolCallError)
    assert (again.tool_name, json.loads(again.arguments)) == ("get_title", {"title": []})
    assert [other.tool_name for other in again.others] == ["get_author"]
    assert again.partial.content == ""


@COPIES
def test_the_other_errors_survive_too(copied: Callable[[Any], Any]) -> None:
    missing = copied(errors.MissingSDKError("openai", "openai"))
    assert isinstance(missing, ImportError)
    assert (missing.package, missing.extra) == ("openai", "openai")
    assert "pip install" in str(missing)
    template = copied(errors.TemplateError("no such name"))
    assert (str(template), isinstance(template, KeyError)) == ("no such name", True)


def test_an_invalid_gemini_api_key_is_an_authentication_error(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    said = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}
    with Loopback() as server:
        monkeypatch.setenv(GEMINI.key_variable, KEY)
        monkeypatch.setenv(GEMINI.url_variable, server.url)
        server.queue = [
            Response.of_json({"error": {**said, "details": [reason]}}, 400),
            Response.of_json({"error": {**said, "details": [{"reason": "OTHER"}, 7]}}, 400),
        ]
        function = driver.function(GEMINI)
        about_key = driver.attempt(function).error
        other = driver.attempt(function).error
    assert isinstance(about_key, errors.AuthenticationFailed)
    assert (about_key.status_code, about_key.retryable) == (400, False)
    assert isinstance(other, errors.BadRequest)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_an_anthropic_client_without_an_api_key_is_an_error_that_names_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    client = (AsyncAnthropic if driver.asynchronous else Anthropic)(base_url="http://127.0.0.1:9")
    function = driver.function(ANTHROPIC, stream=stream, client=client)
    error = driver.attempt(function).error if stream else failed(driver, function)
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, ANTHROPIC.sdk_error)
    assert "api_key" in str(error)
