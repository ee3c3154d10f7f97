"""Failures that a server reports in a response with status 200, in whatever form it does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from importlib import import_module
from typing import Any

import pytest
from support.cases import Attempt, Case, Driver, event
from support.fixtures import OFTEN
from support.providers import CASES
from support.providers.anthropic import ANTHROPIC
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI, HEADER, parts
from support.providers.gemini import usage as gemini_usage
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI, completion_chunk
from support.providers.openai import usage as chat_usage

from mirascope import BaseTool, errors, llm
from mirascope.core._wire.error_reports import provider_error
from mirascope.testing.conformance import CallEnd, CallStart
from mirascope.testing.loopback import Loopback, Response, in_pieces

SYNC = Driver(asynchronous=False)
DONE = b"data: [DONE]\n\n"


@pytest.fixture(
    params=[case for case in CASES if case.server_sent and case in OFTEN],
    ids=lambda case: case.name,
)
def case(request: pytest.FixtureRequest) -> Case:
    """Return a provider whose streams are server-sent events, with which the reports come."""
    return request.param


def read(case: Case, driver: Driver, server: Loopback, *script: bytes, **options: Any) -> Attempt:
    """Return a stream that was read as far as it went, from blocks of a size."""
    size = options.pop("size", 100_000)
    server.queue = [Response(in_pieces(b"".join(script), size))]
    return driver.attempt(driver.function(case, **{"max_retries": 0, **options}))


REPORTS: list[tuple[bytes, str, int | None]] = [
    (b'event: error\ndata: {"message": "oops", "code": 500}', "oops", 500),
    (b'event:error\ndata: {"message": "oops", "status": 429}', "oops", 429),
    (b'data: {"message": "oops"}\nevent: error', "oops", None),
    (b"event: error\ndata: oops, it is\ndata: broken", "oops, it is\nbroken", None),
    (b'event: error\ndata: "oops"', "oops", None),
    (b'event: error\ndata: {"strange": "oops"}', "oops", None),
    (b'event: error\ndata: {"errors": [{"msg": "a"}, {"msg": "b"}]}', "a; b", None),
    (b'data: {"detail": "Not here"}', "Not here", None),
    (b'data: {"detail": [{"loc": ["body", 0], "msg": "bad"}]}', "body.0: bad", None),
    (b'data: {"detail": {"error": "Slow down", "code": 429}}', "Slow down", 429),
    (b'data: {"message": "oops", "statusCode": 403}', "oops", 403),
    (b'data: {"error": "oops"}', "oops", None),
    (b'data: {"error": "Too Many Requests", "message": "x", "status": 429}', "Requests: x", 429),
    (b'data: {"errors": ["a", "b"]}', "a; b", None),
    (b'data: {"errors": [{"message": "a", "code": "503"}]}', "a", 503),
    (b'data: {"type": "error", "message": "oops", "code": 404}', "oops", 404),
    (b'data: {"type": "error", "error": {"message": "x", "type": "api_error"}}', "x", 500),
    (b'data: {"object": "error", "message": "x", "type": "BadRequestError"}', "x", 400),
    (b'{"code": 401, "msg": "Who are you?"}', "Who are you?", 401),
    (b'{"error": {"code": 503, "message": "Later"}}', "Later", 503),
]


@pytest.mark.parametrize("reported", REPORTS, ids=range(len(REPORTS)))
def test_a_report_in_any_form_is_an_error(
    case: Case, driver: Driver, server: Loopback, reported: tuple[bytes, str, int | None]
) -> None:
    report, text, status = reported
    for begun in (case.begin, [*case.begin, case.text("Hello")]):
        for size in (1, 100_000):
            tried = read(case, driver, server, *begun, report + b"\n\n", size=size)
            error = tried.error
            assert isinstance(error, errors.StreamAPIError)
            assert isinstance(error, case.sdk_error)
            assert text in str(error) or json.dumps(text)[1:-1] in str(error)
            assert tried.stream.state == "failed"
            if status is not None:
                assert error.status_code == status
                assert error.retryable is (status in {429, 500, 503})


def test_a_report_is_one_though_the_body_ends_with_it(
    case: Case, driver: Driver, server: Loopback
) -> None:
    for report in (b"event: error\ndata: oops", b'data: {"detail": "oops"}', b'{"detail": "oops"}'):
        tried = read(case, driver, server, *case.begin, report)
        assert isinstance(tried.error, errors.StreamAPIError)
        assert "oops" in str(tried.error)


def test_a_report_shows_no_key(case: Case, driver: Driver, server: Loopback) -> None:
    tried = read(case, driver, server, b'data: {"detail": "Key a-secret-key is not known"}\n\n')
    assert isinstance(tried.error, errors.StreamAPIError)
    assert "a-secret-key" not in repr(tried.error) + str(vars(tried.error))


def test_a_transient_failure_is_retried(case: Case, driver: Driver, server: Loopback) -> None:
    failure = b'event: error\ndata: {"message": "oops", "code": 503}\n\n'
    server.queue = [Response([*case.begin, failure]), Response(case.response("Hello"))]
    tried = driver.attempt(driver.function(case))
    assert (tried.error, tried.stream.content) == (None, "Hello")
    assert len(server.requests) == 2


WORDS = {
    "invalid_request_error": errors.BadRequest,
    "BadRequestError": errors.BadRequest,
    "INVALID_ARGUMENT": errors.BadRequest,
    "authentication_error": errors.AuthenticationFailed,
    "invalid_api_key": errors.AuthenticationFailed,
    "permission_error": errors.PermissionDenied,
    "not_found_error": errors.NotFound,
    "model_not_found": errors.NotFound,
    "rate_limit_exceeded": errors.RateLimited,
    "insufficient_quota": errors.RateLimited,
    "tokens": errors.RateLimited,
    "RESOURCE_EXHAUSTED": errors.RateLimited,
    "server_error": errors.Overloaded,
    "InternalServerError": errors.Overloaded,
    "overloaded_error": errors.Overloaded,
    "UNAVAILABLE": errors.Overloaded,
    "service-unavailable": errors.Overloaded,
    "over_capacity": errors.Overloaded,
}


@pytest.mark.parametrize("case", [GROQ, OPENAI, MISTRAL], ids=lambda case: case.name)
@pytest.mark.parametrize("field", ["type", "code"])
@pytest.mark.parametrize("word", WORDS)
def test_a_type_or_code_implies_the_status(
    case: Case, driver: Driver, server: Loopback, field: str, word: str
) -> None:
    report = {"error": {"message": "No.", field: word}}
    tried = read(case, driver, server, event(report, "error"))
    assert isinstance(tried.error, WORDS[word])
    assert isinstance(tried.error, case.sdk_error)
    assert tried.error.status_code


def test_a_known_type_counts_more_than_an_unknown_code() -> None:
    reported = {"error": {"code": "tool_use_failed", "type": "invalid_request_error"}}
    assert provider_error(reported).status == 400
    assert provider_error({"code": "3505", "type": "strange"}).status is None
    assert provider_error({"code": 1113, "status": "429"}).status == 429


ODD: list[tuple[bytes, str]] = [
    (b'data: {"fine": 1}\n\ndata: {"strange": "a-secret-key"}\n\n', '\'{"strange": "***"}\''),
    (b"upstream a-secret-key\n failed\n", "'upstream *** failed'"),
    (b"data: {}\n\nInternal Server Error", "'Internal Server Error'"),
]


@pytest.mark.parametrize(("odd", "shown"), ODD)
def test_a_truncated_response_quotes_unknown_records(
    case: Case, driver: Driver, server: Loopback, odd: bytes, shown: str
) -> None:
    tried = read(case, driver, server, *case.begin, case.text("Hello"), odd)
    assert isinstance(tried.error, errors.StreamTruncated)
    assert shown in str(tried.error)
    assert "a-secret-key" not in repr(tried.error) + str(vars(tried.error))
    assert tried.error.partial is not None
    assert tried.error.partial.content == "Hello"
    long = read(case, driver, server, *case.begin, case.text("Hello"), b"x" * 10_000)
    assert len(str(long.error)) < 400


def test_a_truncated_response_without_unknown_records_quotes_none(
    case: Case, driver: Driver, server: Loopback
) -> None:
    body = [*case.begin, b": a comment\n\nid: 7\nretry: 5\n\n", case.text("Hello")]
    tried = read(case, driver, server, *body)
    assert isinstance(tried.error, errors.StreamTruncated)
    assert str(tried.error).endswith("it is cut off")


# After the end.

LATE = {
    "[DONE]": DONE,
    "[DONE] twice": DONE * 2,
    "no json": b"data: {not json}\n\n",
    "an array": b"data: [1]\n\n",
    "html": b"<html>\n<p>\n\n",
    "bare json": b'{"strange": 1}\n',
    "bare json that is cut off": b'{"strange',
    "an error as text": b"event: error\ndata: too late\n\n",
    "an error without a frame": b'{"error": "too late"}',
    "a detail": b'data: {"detail": "too late"}\n\n',
    "an event that is cut off": b'data: {"strange',
    "an event without bounds": b"data: " + b"x" * 33 * 2**20,
}


@pytest.mark.parametrize("late", LATE)
def test_nothing_spoils_a_response_that_has_ended(
    case: Case, driver: Driver, server: Loopback, late: str
) -> None:
    usage_last = [each for each in case.end(3, 2) if each != DONE]
    for end in (usage_last, case.end(3, 2)):
        tried = read(case, driver, server, *case.begin, case.text("Hello"), *end, LATE[late])
        assert tried.error is None
        assert (tried.stream.state, tried.stream.content) == ("finished", "Hello")
        assert tried.stream.output_tokens == 2
        assert tried.items[-1][0].finish_reasons == [case.stop]


@pytest.mark.parametrize("late", [name for name in LATE if "bounds" not in name])
def test_nothing_spoils_an_ended_response_on_a_user_supplied_client(
    case: Case, driver: Driver, late: str
) -> None:
    body = [*case.begin, case.text("Hello"), *case.end(3, 2), LATE[late]]

    async def read_async(url: str) -> Any:
        async with case.async_client(url, "own-key") as client:
            stream = await driver.function(case, client=client)("fantasy")
            return stream, [item async for item in stream]

    with Loopback() as own:
        own.queue = [Response(body)]
        if driver.asynchronous:
            stream, _ = driver.run(lambda: read_async(case.url(own.url)))
        else:
            with case.client(case.url(own.url), "own-key") as client:
                stream, _ = driver.call_and_read(driver.function(case, client=client))
    assert (stream.state, stream.content, stream.output_tokens) == ("finished", "Hello", 2)


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_usage_that_follows_garbage_still_counts(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stop, usage, done = OPENAI.end(3, 2)
    tried = read(case, driver, server, case.text("Hi"), stop, b"data: {no\n\n", usage, done)
    assert (tried.error, tried.stream.output_tokens) == (None, 2)
    assert tried.items[-1][0].output_tokens == 2


def test_prebuilt_sdk_items_after_the_end_do_not_spoil_it_either(
    case: Case, driver: Driver, server: Loopback
) -> None:
    tried = read(case, driver, server, *case.response("Hello"))
    raw = [chunk.chunk for chunk, _ in tried.items]
    provider = import_module(f"mirascope.core.{case.name}._provider").PROVIDER
    late = next(e for e in provider.errors.undecodable if e.__name__ == "DecodingError")

    def items() -> Iterator[Any]:
        yield from raw
        raise late("late")

    async def async_items() -> AsyncIterator[Any]:
        for item in items():
            yield item

    source: Iterable[Any] | AsyncIterator[Any] = async_items() if driver.asynchronous else items()
    stream = type(tried.stream)(stream=source)
    driver.read(stream)
    assert (stream.state, stream.content) == ("finished", "Hello")


# The last chunk.


class Now(BaseTool):
    """Tells the time."""

    def call(self) -> str:
        return "now"


def test_the_last_chunk_reports_how_the_response_ended(
    case: Case, driver: Driver, server: Loopback
) -> None:
    calls = [step for call in range(2) for step in (CallStart(call, "Now"), CallEnd(call))]
    for body, reason in (
        (case.response("Hello"), case.stop),
        (case.tool_call_response(*calls), case.tool_stop),
        ([json.dumps(case.plain("Hello")).encode()], case.stop),
        ([json.dumps(case.called_plain("Now", "{}")).encode()], case.tool_stop),
    ):
        tried = read(case, driver, server, *body, tools=[Now])
        last = tried.items[-1][0]
        assert tried.error is None
        assert last.finish_reasons == [reason]
        assert (last.input_tokens, last.output_tokens) == (3, 2)
        assert last.usage is not None
        assert last.common_usage.output_tokens == 2


def test_the_last_chunk_of_a_provider_agnostic_stream_reports_how_it_ended(
    case: Case, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hello"))]

    @llm.call(provider=case.name, model="m", stream=True)  # pyright: ignore[reportArgumentType]
    def recommend() -> str:
        return "Hi"

    last = list(recommend())[-1][0]
    assert last.finish_reasons == ["stop"]
    assert last.usage is not None
    assert last.usage.output_tokens == 2


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_records_after_the_finish_reason_report_it_too(
    case: Case, driver: Driver, server: Loopback
) -> None:
    stop, usage, done = OPENAI.end(3, 2)
    empty = completion_chunk({"content": ""})
    for end in ([stop, empty, usage, done], [stop, usage, empty, done]):
        last = read(case, driver, server, case.text("Hi"), *end).items[-1][0]
        assert (last.finish_reasons, last.output_tokens) == (["stop"], 2)


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_the_last_chunk_reports_usage_that_was_received_before_it(
    case: Case, driver: Driver, server: Loopback
) -> None:
    text = completion_chunk({"content": "Hi"}, usage=chat_usage(3, 2))
    stop, _, done = OPENAI.end(3, 2)
    last = read(case, driver, server, text, stop, done).items[-1][0]
    assert (last.finish_reasons, last.output_tokens) == (["stop"], 2)
    assert last.usage.completion_tokens == 2


@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
def test_the_last_chunk_of_gemini_reports_usage_that_was_received_before_it(
    case: Case, driver: Driver, server: Loopback
) -> None:
    counts = event({"usageMetadata": gemini_usage(3, 2), **HEADER})
    end = parts({"text": "Hi"}, finishReason="STOP")
    last = read(case, driver, server, end, counts).items[-1][0]
    assert (last.finish_reasons, last.output_tokens) == (["STOP"], 2)


# Endings that are failures.

FAILED = {
    "MALFORMED_FUNCTION_CALL": None,
    "MALFORMED_RESPONSE": None,
    "MISSING_THOUGHT_SIGNATURE": 400,
    "TOO_MANY_TOOL_CALLS": None,
    "UNEXPECTED_TOOL_CALL": None,
}


def ended_in(reason: str, text: str = "") -> dict[str, Any]:
    content = {"parts": [{"text": text}] if text else [], "role": "model"}
    candidate = {"content": content, "finishReason": reason, "finishMessage": "It was: weather("}
    return {"candidates": [candidate], "usageMetadata": gemini_usage(3, 2), **HEADER}


@pytest.mark.parametrize("form", ["event", "json", "plain"])
@pytest.mark.parametrize("reason", FAILED)
def test_gemini_s_finish_reasons_that_are_failures_are_errors(
    driver: Driver, reason: str, form: str
) -> None:
    with Loopback() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv(GEMINI.key_variable, "a-secret-key")
        environment.setenv(GEMINI.url_variable, server.url)
        record = ended_in(reason, "Hel")
        server.default = lambda: Response([event(record) if form == "event" else b""])
        if form != "event":
            server.default = lambda: Response.of_json(record)
        function = driver.function(GEMINI, stream=form != "plain", max_retries=0)
        with pytest.raises(errors.StreamAPIError, match=reason) as caught:
            driver.call_and_read(function) if form != "plain" else driver.call(function)
    error = caught.value
    assert isinstance(error, GEMINI.sdk_error)
    assert ("It was: weather(" in str(error)) is (form != "plain")  # which the SDK drops
    assert (error.status_code, error.retryable) == (FAILED[reason], FAILED[reason] is None)
    assert error.partial is not None
    assert error.partial.content == "Hel"
    partial: Any = error.partial
    assert (partial.output_tokens, partial.finish_reasons, partial.partial) == (2, [reason], True)


@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_failure_before_the_first_content_is_retried(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    failed = ended_in("MALFORMED_FUNCTION_CALL")
    server.queue = [
        Response([event(failed)]) if stream else Response.of_json(failed),
        Response(case.response("Hello")) if stream else Response.of_json(case.plain("Hello")),
    ]
    function = driver.function(case, stream=stream)
    response = driver.call_and_read(function)[0] if stream else driver.call(function)
    assert response.content == "Hello"


@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
def test_a_user_supplied_gemini_client_reports_failures_too(case: Case, server: Loopback) -> None:
    server.queue = [Response([event(ended_in("UNEXPECTED_TOOL_CALL"))])]
    with case.client(server.url, "own-key") as client:
        tried = SYNC.attempt(SYNC.function(case, client=client, max_retries=0))
    assert isinstance(tried.error, errors.StreamAPIError)
    assert tried.error.partial is not None


@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
@pytest.mark.parametrize("begun", [False, True], ids=["first", "mid"])
@pytest.mark.parametrize(
    "report",
    ["oops", [{"message": "oops"}], {"message": "oops"}, {"message": "oops", "code": "429"}],
    ids=["text", "list", "no code", "code as text"],
)
def test_a_report_that_google_s_sdk_cannot_read_on_a_user_supplied_client(
    case: Case, driver: Driver, server: Loopback, report: Any, *, begun: bool
) -> None:
    said = {"error": report, "of": "a-secret-key"}
    server.queue = [Response([parts({"text": "Hi"})] * begun + [event(said)])]

    async def read_async() -> None:
        async with case.async_client(case.url(server.url), "a-secret-key") as client:
            async for _ in await driver.function(case, client=client, max_retries=0)("fantasy"):
                pass

    with pytest.raises(errors.StreamAPIError, match="oops") as raised:
        if driver.asynchronous:
            driver.run(read_async)
        else:
            with case.client(case.url(server.url), "a-secret-key") as client:
                driver.call_and_read(driver.function(case, client=client, max_retries=0))
    assert isinstance(raised.value, case.sdk_error)
    assert raised.value.status_code == (429 if "429" in str(report) else None)
    assert "a-secret-key" not in repr(raised.value) + str(vars(raised.value))


@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "LANGUAGE", "A_NEW_ONE", "NO_IMAGE"])
def test_other_finish_reasons_are_no_failures(
    case: Case, driver: Driver, server: Loopback, reason: str
) -> None:
    tried = read(case, driver, server, event(ended_in(reason)))
    assert (tried.error, tried.stream.state) == (None, "finished")
    assert tried.stream.finish_reasons == [reason]


@pytest.mark.parametrize("case", [GROQ, MISTRAL, OPENAI], ids=lambda case: case.name)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_choice_that_ends_in_an_error(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    body = case.plain("Hel")
    body["choices"][0]["finish_reason"] = "error"
    server.default = lambda: Response.of_json(body)
    function = driver.function(case, stream=stream, max_retries=0)
    with pytest.raises(errors.StreamAPIError, match="the model failed") as caught:
        driver.call_and_read(function) if stream else driver.call(function)
    assert isinstance(caught.value, case.sdk_error)
    assert caught.value.partial is not None
    assert caught.value.partial.content == "Hel"
    if case is MISTRAL and not stream:
        return  # the SDK drops what it does not know
    body["choices"][0]["error"] = {"message": "Upstream is down", "code": 502}
    with pytest.raises(errors.Overloaded, match="Upstream is down"):
        driver.call_and_read(function) if stream else driver.call(function)


@pytest.mark.parametrize("case", [GROQ, MISTRAL, OPENAI], ids=lambda case: case.name)
def test_a_chunk_that_waits_for_its_usage_comes_before_an_error(
    case: Case, driver: Driver, server: Loopback
) -> None:
    script = [
        completion_chunk({"content": "Hel"}),
        completion_chunk({"content": "lo"}, "stop"),
        completion_chunk({}, error={"message": "Upstream is down", "code": 502}),
    ]
    tried = read(case, driver, server, *script)
    assert isinstance(tried.error, errors.Overloaded)
    assert [chunk.content for chunk, _ in tried.items] == ["Hel", "lo"]
    assert tried.items[-1][0].finish_reasons == ["stop"]


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_a_chunk_without_content_does_not_come_before_an_error_that_is_retried(
    case: Case, driver: Driver, server: Loopback
) -> None:
    failed = completion_chunk({}, error={"message": "Upstream is down", "code": 502})
    server.queue = [
        Response([completion_chunk({}, "stop"), failed]),
        Response([completion_chunk({"content": "Hello"}), completion_chunk({}, "stop"), DONE]),
    ]
    tried = driver.attempt(driver.function(case, max_retries=1))
    assert tried.error is None
    finished = [chunk.content for chunk, _ in tried.items if chunk.finish_reasons]
    assert finished == [""]
    assert tried.stream.content == "Hello"


@pytest.mark.parametrize("case", [COHERE], ids=["cohere"])
def test_a_failure_in_a_plain_response_keeps_what_was_received(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(case.plain("Hel") | {"finish_reason": "TIMEOUT"})]
    with pytest.raises(errors.Overloaded) as caught:
        driver.call(driver.function(case, stream=False))
    assert caught.value.partial is not None
    assert (caught.value.partial.content, caught.value.phase) == ("Hel", "mid")


# A turn that pauses.


@pytest.mark.parametrize("case", [ANTHROPIC], ids=["anthropic"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_paused_turn_continues(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    query = {"query": "books"}
    found = [{"type": "web_search_result", "title": "A", "url": "u", "encrypted_content": "E"}]
    blocks = [
        {"type": "text", "text": "I look."},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": query},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found},
    ]
    paused = case.plain("") | {"content": blocks, "stop_reason": "pause_turn"}
    server.queue = [Response.of_json(paused), Response.of_json(case.plain("Here it is."))]
    function = driver.function(case, stream=stream)
    first = driver.call_and_read(function)[0] if stream else driver.call(function)
    assert first.finish_reasons == ["pause_turn"]

    @case.call("m", stream=stream)
    def go_on() -> Any:
        return [*first.messages, first.message_param]

    @case.call("m", stream=stream)
    async def ago_on() -> Any:
        return [*first.messages, first.message_param]

    function = (lambda _: ago_on()) if driver.asynchronous else (lambda _: go_on())
    second = driver.call_and_read(function)[0] if stream else driver.call(function)
    assert second.content == "Here it is."
    sent = server.requests[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant"]
    assert sent[1]["content"] == blocks
