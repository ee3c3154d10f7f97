"""Scripted providers, as the tests of other people's code use them: through the real SDKs."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.providers.openai_responses import OPENAI_RESPONSES

from mirascope import Timeout, errors, testing
from mirascope.core import prompt_template
from mirascope.testing import ScriptedProvider, UnexpectedRequestError, call


class Book(BaseModel):
    title: str
    author: str


def get_author(title: str) -> str:
    """Return the author of a book."""
    return f"the author of {title}"


@pytest.fixture(autouse=True)
def keys_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real keys are in the environment, which no test may use."""
    for name in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "a-real-key")


def contents(items: list[tuple[Any, Any]]) -> list[str]:
    return [chunk.content for chunk, _ in items if chunk.content]


def test_a_text_arrives_in_its_pieces(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.reply("The Name of the Wind", by=4)
    llm.reply(" Die  unendliche\nGeschichte \n")
    recommend = driver.function(case)
    assert contents(driver.call_and_read(recommend)[1]) == ["The ", "Name", " of ", "the ", "Wind"]
    stream, items = driver.call_and_read(recommend)
    assert contents(items) == [" Die", "  unendliche", "\nGeschichte \n"]
    assert stream.state == "finished"
    assert stream.model == "requested-model"
    assert llm.requests[0].messages[-1] == ("user", "Recommend a fantasy book")
    assert [(one.provider, one.stream) for one in llm.requests] == [(case.name, True)] * 2
    assert llm.replies_left == 0


@pytest.mark.parametrize("stream", [False, True])
def test_all_of_a_reply(case: Case, driver: Driver, llm: ScriptedProvider, *, stream: bool) -> None:
    calls = [call("get_author", title="Emma"), call("get_author", title="Ulysses")]
    llm.reply("Let me see.", reasoning="Hm, well.", tools=calls, usage=(12, 5))
    recommend = driver.function(case, stream=stream, tools=[get_author])
    if stream:
        answer, items = driver.call_and_read(recommend)
        tools = [tool for _, tool in items if tool]
    else:
        answer = driver.call(recommend)
        tools = answer.tools
    assert (answer.reasoning, answer.content) == ("Hm, well.", "Let me see.")
    assert [tool.call() for tool in tools] == ["the author of Emma", "the author of Ulysses"]
    assert (answer.input_tokens, answer.output_tokens) == (12, 5)
    assert llm.requests[0].tools == ["get_author"]
    assert answer.common_finish_reasons == ["tool_calls"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_finish_reasons(
    case: Case, driver: Driver, llm: ScriptedProvider, reason: str, *, stream: bool
) -> None:
    if (case.name, reason) in {("cohere", "content_filter"), ("mistral", "content_filter")}:
        pytest.skip("this provider has no such finish reason")
    llm.reply("Emma", finish_reason=reason)
    recommend = driver.function(case, stream=stream)
    answer = driver.call_and_read(recommend)[0] if stream else driver.call(recommend)
    assert answer.common_finish_reasons == [reason]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("json_mode", [False, True])
def test_a_value_is_sent_as_the_request_wants_it(
    case: Case, driver: Driver, llm: ScriptedProvider, *, stream: bool, json_mode: bool
) -> None:
    emma = Book(title="Emma", author="Austen")
    for model, value in ((Book, emma), (Book, emma.model_dump()), (list[Book], [emma, emma])):
        llm.reply(value=value, by=3)
        recommend = driver.function(case, stream=stream, response_model=model, json_mode=json_mode)
        answer = driver.call_and_read(recommend)[1][-1] if stream else driver.call(recommend)
        assert answer == ([emma, emma] if isinstance(value, list) else emma)


def test_a_background_response_is_cancelled(driver: Driver, llm: ScriptedProvider) -> None:
    llm.stall("The Name of the Wind")
    options: dict[str, Any] = {"call_params": {"background": True}, "cancel_on_close": True}
    function = driver.function(OPENAI_RESPONSES, **options)

    async def leave() -> None:
        async with await function("fantasy") as stream:
            assert (await anext(aiter(stream)))[0].id == "resp_1"

    if driver.asynchronous:
        driver.run(leave)
    else:
        with function("fantasy") as stream:
            assert next(iter(stream))[0].id == "resp_1"
    assert llm.cancelled == ["resp_1"]
    assert len(llm.requests) == 1


def test_a_failure_is_retried(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.fail(429, retry_after=0.01)
    llm.reply("Emma")
    assert driver.call_and_read(driver.function(case))[0].content == "Emma"
    llm.fail(401, "No such key")
    attempt = driver.attempt(driver.function(case))
    assert isinstance(attempt.error, errors.AuthenticationFailed)
    assert isinstance(attempt.error, case.sdk_error)
    assert len(llm.requests) == 3


def test_a_stall_is_a_timeout(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.stall(after="The")
    attempt = driver.attempt(driver.function(case, timeout=Timeout(idle=0.1)))
    assert isinstance(attempt.error, errors.StreamTimeout)
    assert attempt.stream.content == "The"


def test_a_cut_is_noticed(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.cut(after="The Na", by=3)
    attempt = driver.attempt(driver.function(case))
    assert isinstance(attempt.error, errors.StreamConnectionError)
    assert (attempt.stream.state, attempt.stream.content) == ("failed", "The Na")
    llm.cut()
    llm.reply("Emma")
    assert driver.call(driver.function(case, stream=False)).content == "Emma"


def test_an_error_event(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.error_event("overloaded", after="The")
    attempt = driver.attempt(driver.function(case))
    assert isinstance(attempt.error, errors.StreamAPIError)
    assert "overloaded" in str(attempt.error)
    assert attempt.stream.content == "The"
    llm.error_event("overloaded")
    llm.reply("Emma")
    assert driver.call(driver.function(case, stream=False)).content == "Emma"


def test_a_request_without_a_reply_fails_with_what_was_requested(
    case: Case, driver: Driver
) -> None:
    recommend = driver.function(case)
    with (
        pytest.raises(UnexpectedRequestError, match="user: 'Recommend a fantasy book'"),
        testing.provider() as llm,
    ):
        assert isinstance(driver.attempt(recommend).error, errors.BadRequest)
    assert len(llm.requests) == 1
    with (
        pytest.raises(errors.BadRequest, match="no reply was written for") as raised,
        testing.provider(),
    ):
        driver.call_and_read(recommend)
    assert "Recommend a fantasy book" in raised.value.__notes__[0]


def test_replies_to_concurrent_requests(llm: ScriptedProvider) -> None:
    from mirascope.core import openai  # noqa: PLC0415  # only here

    @openai.call("gpt-4o-mini", stream=True)
    @prompt_template("Write {n} only")
    def count(n: int) -> None: ...

    for n in range(50):
        llm.reply(f"It is {n}", to=f" {n} ")

    def read(n: int) -> str:
        return "".join(chunk.content for chunk, _ in count(n))

    backwards = range(49, -1, -1)
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(read, backwards)) == [f"It is {n}" for n in backwards]


def test_the_messages_of_a_conversation(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    template = prompt_template(
        """
        SYSTEM: You are a librarian
        MESSAGES: {history}
        USER: {question}
        """
    )
    decorate = case.call("requested-model", tools=[get_author])

    @decorate
    @template
    def ask(history: list[Any], question: str) -> None: ...

    @decorate
    @template
    async def aask(history: list[Any], question: str) -> None: ...

    def answer(history: list[Any], question: str) -> Any:
        return (
            driver.run(lambda: aask(history, question))
            if driver.asynchronous
            else ask(history, question)
        )

    llm.reply("Looking.", tools=[call("get_author", title="Emma")])
    llm.reply("Jane Austen")
    first = answer([], "Who wrote Emma?")
    outputs = [(tool, tool.call()) for tool in first.tools]
    history = [first.user_message_param, first.message_param, *first.tool_message_params(outputs)]
    answer(history, "Well?")
    assert llm.requests[1].messages == [
        ("system", "You are a librarian"),
        ("user", "Who wrote Emma?"),
        ("assistant", "Looking."),
        ("tool", "the author of Emma"),
        ("user", "Well?"),
    ]


def test_the_environment_is_restored(case: Case, driver: Driver) -> None:
    before = dict(os.environ)
    with pytest.raises(KeyError), testing.provider():
        assert os.environ[case.url_variable].startswith("http://127.0.0.1:")
        assert "GEMINI_API_KEY" not in os.environ
        raise KeyError
    assert dict(os.environ) == before
    del driver


def test_providers_side_by_side_have_servers_of_their_own(driver: Driver, case: Case) -> None:
    recommend = driver.function(case)
    with testing.provider() as outer:
        outer.reply("outer")
        with testing.provider() as inner:
            inner.reply("inner")
            assert inner.url(case.name) != outer.url(case.name)
            assert driver.call_and_read(recommend)[0].content == "inner"
        assert driver.call_and_read(recommend)[0].content == "outer"


def test_a_live_pace_has_gaps(case: Case, driver: Driver) -> None:
    with testing.provider(pace="live") as llm:
        llm.reply("a b c")
        stream, _ = driver.call_and_read(driver.function(case))
    assert stream.time_to_first_chunk >= 0.3
    assert stream.end_time - stream.start_time >= 1000 * (0.3 + 3 * 0.03)


def test_a_client_of_ones_own(llm: ScriptedProvider, case: Case) -> None:
    llm.reply("Emma")
    with case.client(llm.url(case.name), "a-key") as client:
        recommend = Driver(asynchronous=False).function(case, client=client)
        assert "".join(chunk.content for chunk, _ in recommend("fantasy")) == "Emma"


def test_connections_end_with_the_test(case: Case) -> None:
    recommend = Driver(asynchronous=False).function(case)
    with testing.provider() as llm:
        llm.stall(after="The")
        items: Iterator[Any] = iter(recommend("fantasy"))
        assert next(chunk.content for chunk, _ in items if chunk.content) == "The"
    with pytest.raises(errors.StreamConnectionError):
        list(items)


def test_mistakes_are_named(llm: ScriptedProvider) -> None:
    with pytest.raises(ValueError, match="`by` is 0; it must be"):
        llm.reply("Emma", by=0)
    with pytest.raises(TypeError, match="JSON cannot represent this"):
        llm.reply(value={"title": object()})
    with pytest.raises(TypeError, match="JSON cannot represent this"):
        llm.reply(tools=[call("f", x=object())])
    for status in (42, 200, "429"):
        with pytest.raises(ValueError, match="400 to 599"):
            llm.fail(cast("Any", status))
    for wrong in (None, b"x"):
        with pytest.raises(TypeError, match="`text` must be a str, not "):
            llm.reply(cast("Any", wrong))
    with pytest.raises(ValueError, match='it must be "fast" or "live"'):
        llm.reply("Emma", pace=cast("Any", "slow"))
    with pytest.raises(RuntimeError, match="there is no URL outside of the block"):
        testing.provider().url("openai")
    with pytest.raises(ValueError, match="no provider 'opanai'; it has: openai, openai_responses"):
        llm.url("opanai")
    assert llm.replies_left == 0


@pytest.mark.parametrize("path", ["/models", "/openai/v1/embeddings", "/cohere/v1/chat"])
def test_a_path_for_which_no_reply_can_be_written_fails_the_test(path: str) -> None:
    with (
        pytest.raises(UnexpectedRequestError, match=f"no reply can be written for POST {path}"),
        testing.provider() as llm,
    ):
        llm.reply("Emma")
        host = llm.url("groq").removeprefix("http://").partition("/")[0]
        connection = http.client.HTTPConnection(host)
        connection.request("POST", path, "{}")
        assert connection.getresponse().status == 404
        connection.close()
    assert llm.replies_left == 1


def test_values_of_many_kinds(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    class Loan(BaseModel):
        book: Book | None
        until: date
        fee: Decimal

    loan = Loan(book=None, until=date(2026, 1, 2), fee=Decimal("1.5"))
    llm.reply(value=loan)
    llm.reply(value=None)
    assert driver.call(driver.function(case, stream=False, response_model=Loan)) == loan
    optional: Any = Book | None
    assert driver.call(driver.function(case, stream=False, response_model=optional)) is None


def test_blocks_that_overlap_restore_the_environment(case: Case) -> None:
    before = dict(os.environ)
    first, second = testing.provider(), testing.provider()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert os.environ[case.url_variable] == second.url(case.name)
    second.__exit__(None, None, None)
    assert dict(os.environ) == before
