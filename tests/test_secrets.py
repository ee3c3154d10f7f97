"""Keys, headers, clients and prompts stay out of errors, texts, logs and pickles."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic
from case_anthropic import ANTHROPIC
from case_gemini import GEMINI
from case_openai import OPENAI
from cases import Case, Driver
from loopback import Abort, Answer, Loopback
from scripts import one_after_another

from mirascope import errors
from mirascope.core import prompt_template
from mirascope.core.base import BaseMessageParam

KEY = "my-one-and-only-key-123"
PROMPT = "the deepest secret of all"
SYNC = Driver(asynchronous=False)


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301  # our own bytes


COPIES = pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy])


def everything_of(error: BaseException) -> str:
    """Return all that an error says: what a log or a debugger would show."""
    told = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*told, *traceback.format_exception(error)])


def get_title(title: str) -> str:
    """Tell a title.

    Args:
        title: The title.
    """
    return title


@pytest.fixture
def refusing(case: Case, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A server that says no, and tells the key."""
    monkeypatch.setenv(case.key_variable, KEY)
    body = case.error_body(f"Incorrect API key provided: {KEY}. Or was it sk-proj-123456789?")
    server.default = lambda: Answer.of_json(body, 401, set_cookie="session=the-cookie")
    return server


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
@pytest.mark.usefixtures("refusing")
def test_a_key_that_the_provider_tells_is_told_to_nobody(
    case: Case, driver: Driver, *, stream: bool
) -> None:
    function = driver.function(case, stream=stream)
    error = driver.attempt(function).error if stream else failed(driver, function)
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, case.sdk_error)
    told = everything_of(error)
    assert "Incorrect API key provided: ***. Or was it ***?" in str(error)
    assert KEY not in told
    assert "sk-proj" not in told
    assert "the-cookie" not in repr(error) + "".join(traceback.format_exception(error))


def failed(driver: Driver, function: Callable[[str], Any]) -> errors.StreamError:
    with pytest.raises(errors.StreamError) as caught:
        driver.ask(function)
    return caught.value


def test_nor_is_the_key_of_a_client_that_the_user_brings(
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


def test_a_key_in_an_error_inside_a_stream_is_not_told(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(case.key_variable, KEY)
    failure = case.failure.replace(b"is overloaded", f"is overloaded by {KEY}".encode())
    server.queue = [Answer([*case.begin, case.text("Hello"), failure])]
    error = driver.attempt(driver.function(case)).error
    assert isinstance(error, errors.Overloaded)
    assert "is overloaded by ***" in str(error)
    assert KEY not in everything_of(error)


@pytest.mark.parametrize("key", [f"\u201c{KEY}\u201d", f"{KEY[:9]}\n{KEY[9:]}"])
def test_a_key_that_cannot_be_sent_is_a_wrong_key(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(case.key_variable, key)
    server.default = lambda: Answer.of_json(case.error_body("No such key."), 401)  # Anthropic's SDK
    function = driver.function(case, max_retries=0)
    error = driver.attempt(function).error
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, case.sdk_error)
    assert not error.retryable
    told = everything_of(error)
    assert KEY not in told
    assert KEY[9:] not in told


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_half_a_character_in_a_prompt_is_a_bad_request(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    server.default = lambda: Answer.of_json(case.error_body("No."), 400)  # where it can be sent
    function = driver.function(case, stream=stream, max_retries=0)

    def ask(_: str) -> Any:
        return function(f"{PROMPT} \ud83d")

    async def aask(_: str) -> Any:
        return await function(f"{PROMPT} \ud83d")

    asking = aask if driver.asynchronous else ask
    error = driver.attempt(asking).error if stream else failed(driver, asking)
    assert isinstance(error, errors.BadRequest)
    assert PROMPT not in everything_of(error)


def test_what_a_stream_holds_does_not_show_the_prompt(case: Case, driver: Driver) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(case.key_variable, KEY)
        function = driver.function(case)

        async def ask(_: str) -> Any:
            return await function(PROMPT)

        stream = driver.ask(ask if driver.asynchronous else lambda _: function(PROMPT))
    request = stream.stream
    for shown in (repr(stream), repr(request), repr(vars(request)), str(request)):
        assert PROMPT not in shown
        assert KEY not in shown


@pytest.mark.parametrize("read", [True, False], ids=["read", "pending"])
def test_a_stream_cannot_be_pickled(
    case: Case, driver: Driver, server: Loopback, *, read: bool
) -> None:
    server.queue = [Answer(case.answer("Hello"))]
    function = driver.function(case)
    stream = driver.both(function)[0] if read else driver.ask(function)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"construct_call_response\(\)"):
            pickle.dumps(stream, protocol)
    with pytest.raises(TypeError, match="partial"):
        copy.deepcopy(stream)


def test_a_structured_stream_cannot_be_pickled(case: Case) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(case.key_variable, KEY)
        stream = SYNC.function(case, response_model=list[str], json_mode=True)("fantasy")
    for each in (stream, stream.elements):
        with pytest.raises(TypeError, match="use its last value"):
            pickle.dumps(each)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_response_is_kept_without_client_key_and_headers(
    case: Case, server: Loopback, *, stream: bool
) -> None:
    answer = Answer(case.answer("Hello")) if stream else Answer.of_json(case.plain("Hello"))
    answer.headers |= {"set-cookie": "session=the-cookie"}
    server.queue = [answer]
    with case.client(case.url(server.url), KEY) as client:

        @case.call("asked-for", stream=stream)
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
    server.queue = [Answer.of_json(case.plain("Hello"))]
    params = {"extra_headers": {"Authorization": f"Bearer {KEY}"}, "temperature": 0.5}
    response = SYNC.ask(SYNC.function(case, stream=False, call_params=params))
    assert case.key_of(server.requests[0]) == KEY
    kept = pickled(response)
    assert kept.call_params == {"temperature": 0.5}
    assert "extra_headers" not in kept.call_kwargs
    assert KEY.encode() not in pickle.dumps(response)
    assert KEY not in response.model_dump_json()


def test_what_was_said_is_kept_whatever_its_name(server: Loopback, case: Case) -> None:
    server.queue = [Answer.of_json(case.plain("Hello"))]

    @case.call("asked-for")
    def ask(client: str) -> list[Any]:
        return [BaseMessageParam(role="user", content=f"Who is {client}?")]

    kept = pickled(ask("Emma"))
    assert kept.fn_args == {"client": "Emma"}
    assert kept.messages == kept.call_kwargs["messages"]
    assert "Who is Emma?" in kept.model_dump_json()


def test_responses_and_items_with_tools_can_be_pickled(
    case: Case, driver: Driver, server: Loopback
) -> None:
    steps = one_after_another(("get_title", '{"title": "Emma"}'))
    server.queue = [Answer(case.calling(*steps))]
    stream, items = driver.both(driver.function(case, tools=[get_title]))
    [tool] = [tool for _, tool in pickled(items) if tool]
    assert (tool.call(), type(tool)) == ("Emma", stream.tool_types[0])
    response = pickled(stream.construct_call_response())
    assert response.tool_types == stream.tool_types
    assert response.tool.call() == "Emma"
    assert response.tool_message_params([(tool, "yes")])
    assert [str(chunk) for chunk, _ in pickled(items)] == [str(chunk) for chunk, _ in items]


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
        assert getattr(again, name, None) is None
    assert b"the-cookie" not in pickle.dumps(error)


def test_an_error_in_mid_answer_is_pickled_with_what_had_come(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Answer([*case.begin, case.text("Hel"), Abort()])]
    error: Any = driver.attempt(driver.function(case)).error
    again = pickled(error)
    assert isinstance(again, errors.StreamConnectionError)
    assert isinstance(again, case.sdk_error)
    assert (again.phase, again.retryable, again.partial.content) == ("mid", True, "Hel")


def test_an_error_of_a_tool_call_is_pickled_with_its_arguments(
    case: Case, server: Loopback
) -> None:
    steps = one_after_another(("get_title", '{"title": []}'), ("get_author", "{}"))
    server.queue = [Answer(case.calling(*steps))]
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


def test_a_wrong_gemini_key_is_a_wrong_key(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    said = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}
    with Loopback() as server:
        monkeypatch.setenv(GEMINI.key_variable, KEY)
        monkeypatch.setenv(GEMINI.url_variable, server.url)
        server.queue = [
            Answer.of_json({"error": {**said, "details": [reason]}}, 400),
            Answer.of_json({"error": {**said, "details": [{"reason": "OTHER"}, 7]}}, 400),
        ]
        function = driver.function(GEMINI)
        about_key = driver.attempt(function).error
        other = driver.attempt(function).error
    assert isinstance(about_key, errors.AuthenticationFailed)
    assert (about_key.status_code, about_key.retryable) == (400, False)
    assert isinstance(other, errors.BadRequest)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_an_anthropic_client_without_a_key_is_told_as_that(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    client = (AsyncAnthropic if driver.asynchronous else Anthropic)(base_url="http://127.0.0.1:9")
    function = driver.function(ANTHROPIC, stream=stream, client=client)
    error = driver.attempt(function).error if stream else failed(driver, function)
    assert isinstance(error, errors.AuthenticationFailed)
    assert isinstance(error, ANTHROPIC.sdk_error)
    assert "api_key" in str(error)
