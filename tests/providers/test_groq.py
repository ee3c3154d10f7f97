"""What is Groq's own."""

from __future__ import annotations

from typing import Any

import groq as sdk
import pytest
from groq.types import CompletionUsage
from groq.types.chat import ChatCompletion, ChatCompletionChunk
from support.cases import Case, Driver, event
from support.providers.groq import GROQ
from support.providers.openai import completion_chunk, usage

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, groq
from mirascope.core.base import AudioPart, DocumentPart, ImagePart, TextPart
from mirascope.core.groq import GroqCallResponseChunk, GroqStream
from mirascope.testing.loopback import Loopback, Response, Stall

DONE = b"data: [DONE]\n\n"
BREAKDOWN = {"models": [{"model": "m", "usage": usage(9, 5)}]}


@pytest.fixture(params=[GROQ], ids=["groq"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[GroqStream, list[Any]]:
    server.queue = [Response(list(events))]
    driver = Driver(asynchronous=False)
    stream, items = driver.call_and_read(driver.function(GROQ, **options))
    return stream, [chunk for chunk, _ in items]


@pytest.mark.parametrize(
    "ending",
    [
        [completion_chunk({}, "stop", x_groq={"usage": usage(9, 5)})],
        [completion_chunk({}, "stop", usage=usage(9, 5))],
        [completion_chunk({}, "stop", usage=usage(9, 5), x_groq={"usage": usage(9, 5)})],
        [completion_chunk({}, "stop"), completion_chunk(None, x_groq={"usage": usage(9, 5)})],
        [
            completion_chunk({}, "stop", x_groq={"usage": usage(9, 4)}),
            completion_chunk(None, usage=usage(9, 5)),
        ],
    ],
    ids=["x_groq", "usage", "both", "trailing x_groq", "x_groq and trailing usage"],
)
def test_usage_is_one_total_wherever_it_is_reported(server: Loopback, ending: list[bytes]) -> None:
    stream, chunks = streamed(server, completion_chunk({"content": "Hi"}), *ending, DONE)
    assert [chunk.output_tokens for chunk in chunks] == [None, 5]
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (9, 5, None)
    reported = CompletionUsage(**usage(9, 5))
    assert chunks[-1].usage == stream.construct_call_response().usage == reported


def test_a_response_without_usage_has_no_counts(server: Loopback) -> None:
    stream, _ = streamed(server, completion_chunk({"content": "Hi"}, "stop", x_groq={"id": "1"}))
    assert stream.input_tokens is stream.output_tokens is None
    assert stream.construct_call_response().usage is None


def test_a_chunk_made_of_the_sdk_s_object_finds_the_usage() -> None:
    record = completion_chunk({}, "stop", x_groq={"usage": usage(9, 5)}).removeprefix(b"data: ")
    chunk = GroqCallResponseChunk(chunk=ChatCompletionChunk.model_validate_json(record))
    assert (chunk.input_tokens, chunk.output_tokens) == (9, 5)


def test_usage_is_requested_beside_a_user_supplied_extra_body(server: Loopback) -> None:
    mine: dict[str, Any] = {"extra_body": {"debug": True, "stream_options": {"mine": 1}}}
    streamed(server, *GROQ.response("a"))
    streamed(server, *GROQ.response("a"), call_params=mine)
    first, second = (request.json for request in server.requests)
    assert first["stream_options"] == {"include_usage": True}
    assert second["stream_options"] == {"include_usage": True, "mine": 1}
    assert second["debug"] is True
    assert mine == {"extra_body": {"debug": True, "stream_options": {"mine": 1}}}
    assert server.requests[0].path == "/openai/v1/chat/completions"


def test_a_plain_call_sends_no_stream_options(server: Loopback) -> None:
    server.queue = [Response.of_json(GROQ.plain("a"))]
    Driver(asynchronous=False).function(GROQ, stream=False)("fantasy")
    assert server.requests[0].json.keys() == {"model", "messages"}


def test_what_stopped_a_stream_early_is_an_error(driver: Driver, server: Loopback) -> None:
    stopped = completion_chunk({"content": " wor"}, "stop", x_groq={"error": "out of memory"})
    server.queue = [Response([GROQ.text("Hello"), stopped, DONE])]
    texts: list[str] = []

    async def read() -> None:
        async for chunk, _ in await driver.function(GROQ)("fantasy"):
            texts.append(chunk.content)

    with pytest.raises(errors.StreamAPIError, match="out of memory") as caught:
        if driver.asynchronous:
            driver.run(read)
        texts.extend(c.content for c, _ in driver.function(GROQ)("fantasy"))
    assert isinstance(caught.value, sdk.APIError)
    assert texts == ["Hello", " wor"]
    assert caught.value.partial is not None
    assert caught.value.partial.content == "Hello wor"


def test_an_error_has_its_status(server: Loopback) -> None:
    reported = {
        "message": "No.",
        "code": "tool_use_failed",
        "status_code": 400,
        "failed_generation": "{",
    }
    with pytest.raises(errors.BadRequest, match=r"No\.") as caught:
        streamed(server, event({"error": reported}, "error"))
    assert isinstance(caught.value, sdk.APIError)
    assert (caught.value.status_code, caught.value.body) == (400, reported)


def test_reasoning_is_sent_back_and_the_channel_is_not(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        completion_chunk({"reasoning": "Hm", "channel": "analysis"}),
        completion_chunk({"reasoning": "m", "channel": "analysis"}),
        completion_chunk({"content": "Hi", "channel": "final"}),
        *GROQ.end(1, 1),
    )
    assert [chunk.reasoning for chunk in chunks] == ["Hm", "m", "", ""]
    message = stream.construct_call_response().response.choices[0].message
    assert message.reasoning == "Hmm"
    assert not message.model_extra
    sent_back = {"role": "assistant", "content": "Hi", "reasoning": "Hmm"}
    assert stream.message_param == sent_back

    server.queue = [Response.of_json(GROQ.plain("ok"))]

    @groq.call("m")
    def again() -> groq.GroqDynamicConfig:
        return {"messages": [stream.message_param, {"role": "user", "content": "And?"}]}

    again()
    assert server.requests[-1].json["messages"][0] == sent_back


def test_no_reasoning_is_sent_back_where_there_is_none(server: Loopback) -> None:
    plain = GROQ.plain("Hi")
    plain["choices"][0]["message"] |= {"reasoning": "", "tool_calls": []}
    server.queue = [Response.of_json(plain)]
    response = Driver(asynchronous=False).function(GROQ, stream=False)("fantasy")
    assert response.message_param == {"role": "assistant", "content": "Hi"}


def test_a_tool_that_groq_executed_is_reported_once(server: Loopback) -> None:
    def executed(**fields: Any) -> bytes:
        tool = {"index": 0, "type": "search", "arguments": '{"query": "q"}', **fields}
        return completion_chunk({"executed_tools": [tool]})

    stream, chunks = streamed(
        server,
        executed(search_results={"results": []}),
        executed(output="Found", search_results={"results": [{"title": "a"}]}),
        completion_chunk({"executed_tools": [None, {"index": [], "type": "odd"}]}),
        *GROQ.response("Hi"),
    )
    assert [chunk.content for chunk in chunks[:3]] == ["", "", ""]
    message = stream.construct_call_response().response.choices[0].message
    assert message.executed_tools is not None
    searched, odd = message.executed_tools
    assert (searched.arguments, searched.output) == ('{"query": "q"}', "Found")
    assert searched.search_results is not None
    assert len(searched.search_results.results or ()) == 1
    assert odd.type == "odd"
    assert stream.message_param == {"role": "assistant", "content": "Hi"}


def test_annotations_and_the_breakdown_of_usage_are_as_in_a_plain_call(server: Loopback) -> None:
    cited = {"start_index": 0, "end_index": 2, "document_id": "d"}
    stream, _ = streamed(
        server,
        completion_chunk({"content": "Hi"}, x_groq={"id": "req_1", "seed": 7}),
        completion_chunk(
            {"annotations": [{"type": "document_citation", "document_citation": cited}]}
        ),
        completion_chunk(
            {},
            "stop",
            x_groq={"id": "req_1", "usage": usage(9, 5), "usage_breakdown": BREAKDOWN},
        ),
        DONE,
    )
    plain = GROQ.plain("Hi") | {"usage": usage(9, 5), "usage_breakdown": BREAKDOWN}
    plain["choices"][0]["message"]["annotations"] = [
        {"type": "document_citation", "document_citation": cited}
    ]
    del plain["service_tier"]
    assert stream.construct_call_response().response == ChatCompletion.model_construct(**plain)


def test_events_that_are_not_groq_s_do_not_matter(driver: Driver, server: Loopback) -> None:
    odd: list[dict[str, Any]] = [
        {"x_groq": "odd"},
        {"x_groq": {"usage": "odd"}, "choices": []},
        {"x_groq": {"usage": 7}, "usage": [], "choices": [{"index": 0, "delta": {"content": "a"}}]},
        {"choices": [{"index": 0, "delta": {"executed_tools": "odd"}}]},
    ]
    server.queue = [Response([event({}, "queued"), *map(event, odd), *GROQ.response("b")])]
    stream, items = driver.call_and_read(driver.function(GROQ))
    assert stream.content == "ab"
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)
    assert all(chunk.chunk for chunk, _ in items)


def test_the_sdk_s_own_stream_is_read_and_closed(driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response([*GROQ.begin, GROQ.text("Hello"), Stall()])
    asked: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}

    async def read_async() -> None:
        async with sdk.AsyncGroq() as client:
            stream = GroqStream(stream=await client.chat.completions.create(**asked))
            async for chunk, _ in stream:
                if chunk.content:
                    break
            assert stream.content == "Hello"

    def read() -> None:
        with sdk.Groq() as client:
            stream = GroqStream(stream=client.chat.completions.create(**asked))
            for chunk, _ in stream:
                if chunk.content:
                    break
            assert stream.content == "Hello"
            assert server.connections[0].disconnected.wait(0.5)

    driver.run(read_async) if driver.asynchronous else read()
    assert server.connections[0].disconnected.wait(0.5)


def test_message_parts_are_encoded(server: Loopback) -> None:
    server.queue = [Response.of_json(GROQ.plain("ok"))]

    @groq.call("m")
    def look() -> BaseMessageParam:
        return Messages.User(["Look:", ImagePart(media_type="image/png", image=b"png")])

    look()
    assert server.requests[0].json["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
    ]


@pytest.mark.parametrize(
    "part",
    [
        AudioPart(media_type="audio/wav", audio=b"wav"),
        DocumentPart(media_type="application/pdf", document=b"pdf"),
    ],
    ids=["audio", "document"],
)
@pytest.mark.usefixtures("server")
def test_parts_that_groq_does_not_support_are_an_error(part: AudioPart | DocumentPart) -> None:
    @groq.call("m", stream=True)
    def ask() -> BaseMessageParam:
        return BaseMessageParam(role="user", content=[TextPart(text="Look:"), part])

    with pytest.raises(ValueError, match=f"Groq messages cannot have {part.type} parts"):
        ask()
