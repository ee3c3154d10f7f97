"""What only the Responses API does, and what servers that speak it leave out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.responses import (
    Response as SDKResponse,
)
from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseTextDeltaEvent,
)
from support.cases import Driver
from support.providers.openai_responses import (
    OPENAI_RESPONSES as CASE,
)
from support.providers.openai_responses import (
    begun,
    ended,
    event,
    function_call,
    item_added,
    item_done,
    message,
    part_added,
    response,
    text_delta,
    usage,
)

from mirascope import errors
from mirascope.core.openai_responses import OpenAIResponsesTool
from mirascope.testing.loopback import Loopback, Response

REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm."}],
    "encrypted_content": "hidden",
    "status": "completed",
}
SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "Emma"},
}
CITATION = {"type": "url_citation", "url": "https://host.invalid", "index": 0}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return Driver(asynchronous=request.param)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with Loopback() as server:
        monkeypatch.setenv(CASE.key_variable, "a-secret-key")
        monkeypatch.setenv(CASE.url_variable, CASE.url(server.url))
        yield server


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return title.upper()


class Query(OpenAIResponsesTool):
    """Runs a query."""

    tool_config = {"format": {"type": "text"}}  # type: ignore[typeddict-unknown-key]  # noqa: RUF012  # as a user writes it
    input: str

    def call(self) -> str:
        return self.input


def read(driver: Driver, server: Loopback, *events: bytes, **options: Any) -> tuple[Any, Any]:
    """Return a stream that has read some events, and its items."""
    server.queue = [Response(list(events))]
    return driver.call_and_read(driver.function(CASE, max_retries=0, **options))


def failing(driver: Driver, server: Loopback, *events: bytes, **options: Any) -> Any:
    """Return the error of a stream that reads some events."""
    server.queue = [Response(list(events))]
    return driver.attempt(driver.function(CASE, max_retries=0, **options)).error


def output_of(stream: Any) -> list[dict[str, Any]]:
    items = stream.construct_call_response().response.output
    return [item.model_dump(mode="json", exclude_unset=True) for item in items]


def whole(output: list[Any], **fields: object) -> bytes:
    """Return the last event of a server that repeats the output in it."""
    return event("response.completed", response=response(output, **fields))


def test_events_are_typed(driver: Driver, server: Loopback) -> None:
    stream, items = read(driver, server, *CASE.response("Hello"))
    chunks = [chunk.chunk for chunk, _ in items]
    assert any(type(chunk) is ResponseTextDeltaEvent for chunk in chunks)
    assert type(chunks[-1]) is ResponseCompletedEvent
    assert type(stream.construct_call_response().response) is SDKResponse


def test_the_last_event_has_the_response(driver: Driver, server: Loopback) -> None:
    output = [REASONING, SEARCH, message("Hello")]
    start = [begun(), item_added(0, REASONING), item_added(1, SEARCH), item_added(2, message(""))]
    stream, items = read(driver, server, *start, text_delta("Hello", 2), whole(output))
    assert output_of(stream) == output
    assert stream.message_param == {"role": "assistant", "output": output}
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Hello"
    assert stream.reasoning == "Hm."


@pytest.mark.parametrize(
    "events",
    [
        [whole([REASONING, message("Hello")])],
        [begun(), item_done(0, REASONING), item_done(1, message("Hello")), ended()],
        [
            event("response.reasoning_summary_text.done", output_index=0, text="Hm."),
            event("response.output_text.done", output_index=1, text="Hello"),
            ended(),
        ],
        [item_added(1, message("Hello")), whole([REASONING, message("Hello")])],
        [text_delta("Hello", 5), whole([REASONING, message("Hello")])],
        [text_delta("Hello", 1), item_done(0, REASONING), item_done(1, message("Hello")), ended()],
        [json.dumps(response([REASONING, message("Hello")])).encode()],
    ],
    ids=["last", "items", "parts", "opened", "renumbered", "mixed", "plain"],
)
def test_text_is_received_once_whichever_events_have_it(
    driver: Driver, server: Loopback, events: list[bytes]
) -> None:
    stream, items = read(driver, server, *events)
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Hello"
    assert "".join(chunk.reasoning for chunk, _ in items) == stream.reasoning == "Hm."
    built = stream.construct_call_response()
    assert (built.content, built.reasoning) == ("Hello", "Hm.")


CALL = function_call(0, "get_author", '{"title": "Emma"}')
OPENED = function_call(0, "get_author", "")


def arguments(kind: str, **fields: object) -> bytes:
    return event(f"response.function_call_arguments.{kind}", output_index=0, **fields)


@pytest.mark.parametrize(
    "events",
    [
        [whole([CALL])],
        [item_added(0, OPENED), whole([CALL])],
        [item_added(0, CALL), item_done(0, CALL), whole([CALL])],
        [item_added(0, OPENED), item_done(0, CALL), ended()],
        [item_done(0, CALL), ended()],
        [item_added(0, OPENED), arguments("done", arguments=CALL["arguments"]), ended()],
        [item_added(0, OPENED), arguments("delta", delta=CALL["arguments"]), whole([CALL])],
        [item_added(7, CALL), whole([REASONING, CALL])],
    ],
    ids=["last", "opened", "whole", "done", "only done", "arguments", "deltas", "renumbered"],
)
def test_a_call_is_received_once_whichever_events_have_it(
    driver: Driver, server: Loopback, events: list[bytes]
) -> None:
    stream, items = read(driver, server, *events, tools=[get_author])
    (tool,) = (tool for _, tool in items if tool)
    assert tool.call() == "EMMA"
    assert type(tool.tool_call) is ResponseFunctionToolCall
    assert (tool.tool_call.call_id, tool.tool_call.id) == ("call_0", "fc_0")
    (call,) = (item for item in output_of(stream) if item["type"] == "function_call")
    assert (call["call_id"], call["arguments"]) == ("call_0", CALL["arguments"])
    assert stream.common_finish_reasons == ["tool_calls"]
    assert items[-1][0].common_finish_reasons == ["tool_calls"]
    assert stream.construct_call_response().common_finish_reasons == ["tool_calls"]


def event_of(record: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(record).encode() + b"\n\n"


def of_llama_cpp(item: dict[str, Any], *pieces: str) -> list[bytes]:
    """Return the events of an item as llama.cpp sends them: no numbers, ids only."""
    kind, field = ("output_text", "content") if "content" in item else (None, "arguments")
    opened = {**item, field: [] if kind else ""}
    delta = f"response.{kind or 'function_call_arguments'}.delta"
    return [
        event_of({"type": "response.output_item.added", "item": opened}),
        *(event_of({"type": delta, "item_id": item["id"], "delta": piece}) for piece in pieces),
        event_of({"type": "response.output_item.done", "item": item}),
    ]


def test_a_server_may_number_nothing(driver: Driver, server: Loopback) -> None:
    second = function_call(1, "get_author", '{"title": "Wind"}')
    output = [message("Hello"), CALL, second]
    stream, items = read(
        driver,
        server,
        *of_llama_cpp(message("Hello"), "Hel", "lo"),
        *of_llama_cpp(CALL, '{"title": ', '"Emma"}'),
        *of_llama_cpp(second, second["arguments"]),
        whole(output),
        b"data: [DONE]\n\n",
        tools=[get_author],
    )
    assert [tool.call() for _, tool in items if tool] == ["EMMA", "WIND"]
    assert "".join(chunk.content for chunk, _ in items) == "Hello"
    assert output_of(stream) == output


def test_calls_may_interleave_and_are_kept_apart(driver: Driver, server: Loopback) -> None:
    pieces = [(0, '{"title": '), (1, '{"title'), (0, '"Emma"}'), (1, '": "Wind"}')]
    deltas = [
        event("response.function_call_arguments.delta", output_index=index, delta=piece)
        for index, piece in pieces
    ]
    opened = [item_added(call, function_call(call, "get_author", "")) for call in (0, 1)]
    stream, items = read(driver, server, *opened, *deltas, ended(), tools=[get_author])
    assert [tool.call() for _, tool in items if tool] == ["EMMA", "WIND"]
    assert [item["arguments"] for item in output_of(stream)] == [
        '{"title": "Emma"}',
        '{"title": "Wind"}',
    ]


def custom_call(**fields: object) -> dict[str, Any]:
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "input": ""}
    return {**item, **fields}


def input_events(name: str) -> list[bytes]:
    delta = "response.custom_tool_call_input.delta"
    return [
        item_added(0, custom_call(name=name)),
        *(event(delta, output_index=0, delta=piece) for piece in ('SELECT "', "a\\n\n", '"}')),
        item_done(0, custom_call(name=name, input='SELECT "a\\n\n"}')),
    ]


@pytest.mark.parametrize("done", [True, False], ids=["done", "never done"])
def test_a_custom_tool_has_free_text(driver: Driver, server: Loopback, *, done: bool) -> None:
    events = input_events("Query")
    stream, items = read(driver, server, *(events if done else events[:-1]), ended(), tools=[Query])
    (tool,) = (tool for _, tool in items if tool)
    assert tool.call() == 'SELECT "a\\n\n"}'
    assert stream.common_finish_reasons == ["tool_calls"]
    (call,) = output_of(stream)
    assert (call["input"], call["call_id"]) == ('SELECT "a\\n\n"}', "call_1")
    (sent,) = stream.tool_message_params([(tool, "1")])
    assert sent == {"type": "custom_tool_call_output", "call_id": "call_1", "output": "1"}


def test_custom_tools_of_the_server_are_not_the_user_s(driver: Driver, server: Loopback) -> None:
    events = [*input_events("x_search"), text_delta("Found.", 1), ended()]
    stream, items = read(driver, server, *events, tools=[get_author, Query])
    assert [tool for _, tool in items if tool] == []
    assert [item["type"] for item in output_of(stream)] == ["custom_tool_call", "message"]
    assert stream.common_finish_reasons == ["stop"]
    assert stream.construct_call_response().tools is None


def test_a_refusal_is_no_text(driver: Driver, server: Loopback) -> None:
    refusing = [
        event("response.refusal.delta", output_index=0, content_index=0, delta=piece)
        for piece in ("I can", "not.")
    ]
    stream, items = read(driver, server, item_added(0, message("")), *refusing, ended())
    assert (stream.content, stream.construct_call_response().refusal) == ("", "I cannot.")
    assert [chunk.is_output for chunk, _ in items] == [False, True, True, False]
    error = failing(
        driver, server, item_added(0, message("")), *refusing, ended(), response_model=list[str]
    )
    assert isinstance(error, errors.ModelRefused)


def test_an_incomplete_response_is_a_finished_one(driver: Driver, server: Loopback) -> None:
    last = ended("incomplete", incomplete_details={"reason": "max_output_tokens"})
    stream, items = read(driver, server, text_delta("Hel"), last)
    assert (stream.state, stream.content) == ("finished", "Hel")
    assert stream.finish_reasons == items[-1][0].finish_reasons == ["max_output_tokens"]
    assert stream.common_finish_reasons == ["length"]


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_failed_response_is_an_error(driver: Driver, server: Loopback, *, stream: bool) -> None:
    error = {"code": "rate_limit_exceeded", "message": "Slow down"}
    failed = response([message("Hel")], "failed", error=error)
    events = [text_delta("Hel"), event("response.failed", response=failed)]
    server.queue = [Response(events) if stream else Response.of_json(failed)]
    raised = driver.attempt(driver.function(CASE, max_retries=0, stream=stream)).error
    assert isinstance(raised, errors.RateLimited)
    assert "Slow down" in str(raised)
    assert raised.partial is not None
    assert raised.partial.content == "Hel"
    assert (raised.partial.finish_reasons, raised.partial.input_tokens) == (["failed"], 3)


def test_a_failure_without_a_reason_quotes_nothing_of_the_request(
    driver: Driver, server: Loopback
) -> None:
    failed = response([], "failed", instructions="a secret instruction")
    error = failing(driver, server, event("response.failed", response=failed))
    assert isinstance(error, errors.StreamAPIError)
    assert "instruction" not in str(error)


@pytest.mark.parametrize(
    "events",
    [[begun(), text_delta("Hel")], [begun(), text_delta("Hel"), item_done(0, message("Hel"))]],
)
def test_without_its_last_event_a_response_is_truncated(
    driver: Driver, server: Loopback, events: list[bytes]
) -> None:
    error = failing(driver, server, *events)
    assert isinstance(error, errors.StreamTruncated)
    assert error.partial is not None
    assert error.partial.content == "Hel"


def test_what_was_received_is_rebuilt(driver: Driver, server: Loopback) -> None:
    logprob = {"token": "Hel", "logprob": -0.1, "bytes": [], "top_logprobs": []}
    delta = json.loads(text_delta("Hel", 2).partition(b"data: ")[2]) | {"logprobs": [logprob]}
    events = [
        begun(),
        item_done(0, SEARCH),
        item_added(1, {**REASONING, "summary": [], "encrypted_content": None}),
        event("response.reasoning_summary_part.added", output_index=1, summary_index=0, part={}),
        event(
            "response.reasoning_summary_text.delta", output_index=1, summary_index=0, delta="Hm."
        ),
        item_added(2, {**message(""), "content": []}),
        part_added(2),
        event_of(delta),
        event("response.output_text.annotation.added", output_index=2, annotation=CITATION),
        event("response.output_text.annotation.added", output_index=2, annotation=CITATION),
    ]
    for keep, logprobs in (("all", [logprob]), ("text", None)):
        error = failing(driver, server, *events, keep=keep)
        search, reasoning, text = (
            item.model_dump(mode="json", exclude_unset=True)
            for item in error.partial.response.output
        )
        assert search == SEARCH
        assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
        (part,) = text["content"]
        assert (part["text"], part["annotations"]) == ("Hel", [CITATION, CITATION])
        assert part.get("logprobs") == logprobs


def test_reasoning_at_the_end_is_not_sent_back(driver: Driver, server: Loopback) -> None:
    stream, _ = read(driver, server, whole([message("Hello"), REASONING]))
    assert stream.message_param["output"] == [message("Hello")]


@pytest.mark.parametrize("keep", ["none", "text", "all"])
def test_finish_reasons_do_not_depend_on_keep(driver: Driver, server: Loopback, keep: str) -> None:
    stream, items = read(
        driver, server, item_added(0, CALL), whole([CALL]), tools=[get_author], keep=keep
    )
    assert stream.common_finish_reasons == ["tool_calls"]
    assert len([tool for _, tool in items if tool]) == 1
    assert bool(stream.partial().response.output) == (keep != "none")


def test_cached_and_reasoning_tokens_are_reported(driver: Driver, server: Loopback) -> None:
    counts = usage(30, 12, cached=20)
    counts["output_tokens_details"]["reasoning_tokens"] = 8
    stream, items = read(driver, server, text_delta("Hi"), ended(usage=counts))
    assert (stream.input_tokens, stream.cached_tokens, stream.output_tokens) == (30, 20, 12)
    built = stream.construct_call_response()
    for reported in (built.usage, items[-1][0].usage):
        assert reported.output_tokens_details.reasoning_tokens == 8


def test_a_keep_alive_is_no_item(driver: Driver, server: Loopback) -> None:
    alive = event("keepalive")
    _, items = read(driver, server, alive, text_delta("Hi"), alive, ended())
    assert len(items) == 2


def test_what_follows_the_last_event_does_not_matter(driver: Driver, server: Loopback) -> None:
    failed = event("error", message="It is overloaded", code=None)
    stream, _ = read(driver, server, *CASE.response("Hi"), failed, text_delta("more"))
    assert (stream.state, stream.content) == ("finished", "Hi")
