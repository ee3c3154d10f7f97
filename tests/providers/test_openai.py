"""What is OpenAI's own, and what servers that speak its dialect do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai as sdk
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from support.cases import Case, Driver, event
from support.providers.openai import OPENAI, completion_chunk

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, openai, prompt_template
from mirascope.core.base import AudioPart, DocumentPart, ImagePart, ImageURLPart
from mirascope.core.openai import OpenAICallResponse, OpenAICallResponseChunk, OpenAIStream
from mirascope.testing.loopback import Abort, Loopback, Response, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
DETAILS = {"prompt_tokens_details": {"cached_tokens": 4}}


@pytest.fixture(params=[OPENAI], ids=["openai"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[OpenAIStream, list[Any]]:
    server.queue = [Response(list(events))]
    stream, items = Driver(asynchronous=False).call_and_read(
        Driver(asynchronous=False).function(OPENAI, **options)
    )
    return stream, [chunk for chunk, _ in items]


def test_a_record_without_a_choice_is_never_an_item(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        completion_chunk(None, prompt_filter_results=[{"prompt_index": 0}], model="", id=""),
        completion_chunk({"role": "assistant", "content": ""}),
        completion_chunk({"content": "Hi"}),
        completion_chunk({}, "stop"),
        completion_chunk(None, usage=USAGE | DETAILS),
        DONE,
    )
    assert [chunk.content for chunk in chunks] == ["", "Hi", ""]
    assert all(chunk.chunk.choices[0].delta is not None for chunk in chunks)
    last = chunks[-1]
    assert (last.finish_reasons, last.input_tokens, last.cached_tokens) == (["stop"], 9, 4)
    assert last.usage == stream.construct_call_response().usage
    assert stream.cached_tokens == 4
    extra = stream.construct_call_response().response.model_extra
    assert extra is not None
    assert extra["prompt_filter_results"] == [{"prompt_index": 0}]


def test_usage_beside_the_finish_reason_or_repeated_is_a_total(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        completion_chunk({"content": "a"}, usage=USAGE | {"completion_tokens": 1}),
        completion_chunk({"content": "b"}, "length", usage=USAGE | {"completion_tokens": 2}),
        completion_chunk(None, usage=USAGE),
        DONE,
    )
    assert [chunk.output_tokens for chunk in chunks] == [1, 5]
    assert stream.output_tokens == 5


@pytest.mark.parametrize(
    "ending",
    [
        [completion_chunk({}, "stop"), DONE],
        [completion_chunk({}, "stop")],
        [completion_chunk({}, "stop"), completion_chunk(None, usage=USAGE)],
        [DONE],
    ],
    ids=["both", "finish only", "finish and usage", "done only"],
)
def test_compatible_servers_end_in_several_ways(server: Loopback, ending: list[bytes]) -> None:
    stream, _ = streamed(server, completion_chunk({"content": "Hi"}), *ending)
    assert (stream.state, stream.content) == ("finished", "Hi")


def test_a_connection_that_breaks_between_the_end_and_the_usage_does_not_matter(
    server: Loopback,
) -> None:
    events = [completion_chunk({"content": "Hi"}), completion_chunk({}, "stop")]
    server.queue = [Response([*events, Abort()]), Response([*events, Wait(0.5)])]
    for params in ({}, {"timeout": 0.1}):
        driver = Driver(asynchronous=False)
        stream, items = driver.call_and_read(driver.function(OPENAI, call_params=params))
        assert (stream.state, len(items)) == ("finished", 2)
        assert items[-1][0].finish_reasons == ["stop"]
        assert stream.construct_call_response().usage is None


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_where_compatible_servers_put_it(server: Loopback, field: str) -> None:
    stream, chunks = streamed(
        server,
        completion_chunk({field: "Hm", "content": None}),
        completion_chunk({field: "m", "content": ""}),
        *OPENAI.response("Hi"),
    )
    assert [chunk.reasoning for chunk in chunks[:3]] == ["Hm", "m", ""]
    response = stream.construct_call_response()
    assert response.reasoning == stream.reasoning == "Hmm"
    assert stream.message_param == {"role": "assistant", "content": "Hi"}
    extra = response.response.choices[0].message.model_extra
    assert extra == {field: "Hmm"}


def test_an_emoji_may_be_cut_in_two_json_escapes(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        completion_chunk({"content": "a"}).replace(b'"a"', b'"\\ud83e"'),
        completion_chunk({"content": "a"}).replace(b'"a"', b'"\\udd8a"'),
        *OPENAI.end(1, 1),
    )
    assert stream.content.encode("utf-16", "surrogatepass").decode("utf-16") == "🦊"
    assert chunks[0].chunk.choices[0].delta.content == chunks[0].content


def test_a_response_may_have_several_choices(server: Loopback) -> None:
    def of(index: int, text: str | None = None, finish: str | None = None) -> bytes:
        delta = {} if text is None else {"content": text}
        return completion_chunk(
            None, choices=[{"index": index, "delta": delta, "finish_reason": finish}]
        )

    stream, chunks = streamed(
        server,
        of(0, "a"),
        of(1, "x"),
        of(0, "b"),
        of(0, finish="stop"),
        of(1, "y"),
        of(1, finish="length"),
        completion_chunk(None, usage=USAGE),
        DONE,
    )
    assert len(chunks) == 6
    assert "".join(chunk.content for chunk in chunks) == stream.content == "ab"
    assert stream.finish_reasons == ["stop", "length"]
    choices = stream.construct_call_response().response.choices
    assert [choice.message.content for choice in choices] == ["ab", "xy"]
    assert [choice.finish_reason for choice in choices] == ["stop", "length"]


def test_a_stream_whose_second_choice_is_cut_off_is_truncated(server: Loopback) -> None:
    cut = [
        completion_chunk(None, choices=[{"index": i, "delta": {"content": "a"}}]) for i in (0, 1)
    ]
    with pytest.raises(errors.StreamTruncated):
        streamed(server, *cut, completion_chunk({}, "stop"))


def test_logprobs_refusal_audio_and_annotations_are_added_up(server: Loopback) -> None:
    def with_logprob(token: str) -> bytes:
        logprobs = {"content": [{"token": token, "logprob": -1, "bytes": None, "top_logprobs": []}]}
        choice = {"index": 0, "delta": {"content": token}, "logprobs": logprobs}
        return completion_chunk(None, choices=[choice])

    stream, chunks = streamed(
        server,
        with_logprob("a"),
        with_logprob("b"),
        completion_chunk({"refusal": "No"}),
        completion_chunk({"refusal": "pe"}),
        completion_chunk({"audio": {"id": "audio-1", "data": "QUJD", "transcript": "A"}}),
        completion_chunk({"audio": {"data": "REVG", "transcript": "B"}}),
        completion_chunk({"annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]}),
        *OPENAI.end(1, 1),
    )
    assert chunks[0].chunk.choices[0].logprobs.content[0].token == "a"
    choice = stream.construct_call_response().response.choices[0]
    assert choice.logprobs is not None
    assert [logprob.token for logprob in choice.logprobs.content or ()] == ["a", "b"]
    assert choice.message.refusal == "Nope"
    assert choice.message.audio is not None
    assert (choice.message.audio.id, choice.message.audio.data) == ("audio-1", "QUJDREVG")
    assert choice.message.audio.transcript == "AB"
    assert len(choice.message.annotations or ()) == 1


def test_tool_calls_are_in_the_message_that_is_sent_back(server: Loopback) -> None:
    def piece(index: int | None, id_: str | None, name: str | None, arguments: str) -> bytes:
        function = {"name": name, "arguments": arguments}
        call = {"index": index, "id": id_, "type": "function", "function": function}
        return completion_chunk({"tool_calls": [call]})

    stream, _ = streamed(
        server,
        piece(0, "call-1", "first", ""),
        piece(1, "call-2", "second", '{"b"'),
        piece(0, None, None, '{"a":'),
        piece(1, None, None, ":2}"),
        piece(0, None, None, "1}"),
        piece(None, "call-3", "third", "{}"),
        completion_chunk({}, "tool_calls"),
        DONE,
    )
    assert [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in stream.message_param.get("tool_calls", ())
        if call["type"] == "function"
    ] == [
        ("call-1", "first", '{"a":1}'),
        ("call-2", "second", '{"b":2}'),
        ("call-3", "third", "{}"),
    ]


def test_usage_is_requested_beside_user_supplied_stream_options(server: Loopback) -> None:
    streamed(server, *OPENAI.response("a"))
    mine = {"stream_options": {"include_obfuscation": False}}
    streamed(server, *OPENAI.response("a"), call_params=mine)
    assert [request.json["stream_options"] for request in server.requests] == [
        {"include_usage": True},
        {"include_usage": True, "include_obfuscation": False},
    ]
    assert mine == {"stream_options": {"include_obfuscation": False}}


def test_an_instrumented_client_s_items_are_read(server: Loopback) -> None:
    """Tracing libraries replace ``create``, and return another kind of stream."""
    client = sdk.OpenAI()
    create = client.chat.completions.create

    class Traced:
        def __init__(self, stream: Any) -> None:
            self.stream = stream
            self.closed = False

        def __iter__(self) -> Iterator[ChatCompletionChunk]:
            yield from self.stream

        def close(self) -> None:
            self.closed = True
            self.stream.close()

    made: list[Traced] = []

    def traced(**arguments: Any) -> Any:
        made.append(Traced(create(**arguments)))
        return made[0]

    object.__setattr__(client.chat.completions, "create", traced)
    stream, chunks = streamed(server, *OPENAI.response("Hello", "!"), client=client)
    assert stream.content == "Hello!"
    assert isinstance(chunks[0].chunk, ChatCompletionChunk)
    assert chunks[-1].input_tokens == 3
    assert made[0].closed
    client.close()


def test_streams_responses_and_chunks_can_be_made_of_sdk_objects() -> None:
    raw = [
        ChatCompletionChunk.model_validate_json(e[6:]) for e in OPENAI.response("Hello", "!")[:-1]
    ]
    stream = OpenAIStream(
        stream=(chunk for chunk in raw),
        metadata={},
        tool_types=None,
        call_response_type=OpenAICallResponse,
        model="gpt-4o-mini",
        prompt_template="",
        fn_args={},
        dynamic_config=None,
        messages=[{"role": "user", "content": "Hi"}],
        call_params={},
        call_kwargs={},
    )
    chunks = [chunk for chunk, _ in stream]
    assert [str(chunk) for chunk in chunks] == ["Hello", "!", ""]
    assert chunks[0].chunk is raw[0]
    assert OpenAICallResponseChunk(chunk=raw[1]).content == "!"
    response = stream.construct_call_response()
    again = OpenAICallResponse(
        metadata={},
        response=ChatCompletion.model_validate(OPENAI.plain("Hello!")),
        tool_types=None,
        prompt_template=None,
        fn_args={},
        dynamic_config=None,
        messages=[],
        call_params={},
        call_kwargs={},
        user_message_param=None,
        start_time=0,
        end_time=0,
    )
    assert response.response == again.response


def test_an_output_parser_makes_the_result(server: Loopback) -> None:
    server.queue = [Response.of_json(OPENAI.plain("a b"))]

    @openai.call("m", output_parser=lambda response: response.content.split())
    @prompt_template("Recommend a {genre} book")
    def recommend(genre: str) -> None: ...

    assert recommend("fantasy") == ["a", "b"]
    with pytest.raises(ValueError, match="output_parser"):
        openai.call("m", stream=True, output_parser=str)  # type: ignore[call-overload]


def test_events_that_are_not_openai_s_do_not_matter(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        b"event: ping\n\n",
        b"data:\n\n",
        event({"choices": []}),
        event({"choices": "odd"}),
        event({"choices": [None, 7]}),
        event({"choices": [{"index": 0}]}),
        event({"choices": [{"index": 0, "delta": None}]}),
        event({"choices": [{"index": 0, "delta": {"content": [], "tool_calls": [None, {}]}}]}),
        *OPENAI.response("a"),
    )
    assert stream.content == "a"
    assert len(chunks) == 6
    assert [chunk.chunk for chunk in chunks]


def test_valid_json_of_unexpected_types_is_no_error(driver: Driver, server: Loopback) -> None:
    odd = json.loads(OPENAI.text("Hello").removeprefix(b"data: "))
    odd |= {"id": 7, "model": None, "created": "now", "usage": "none", "extra": [{"a": 1}]}
    server.queue = [
        Response([b"data: " + json.dumps(odd).encode() + b"\n\n", *OPENAI.response("!")])
    ]
    stream, items = driver.call_and_read(driver.function(OPENAI))
    assert stream.content == "Hello!"
    assert items[0][0].chunk.created == "now"


def test_a_client_of_the_wrong_kind_is_refused(driver: Driver, server: Loopback) -> None:
    make = sdk.OpenAI if driver.asynchronous else sdk.AsyncOpenAI
    with pytest.raises(TypeError, match="async def"):
        driver.call(driver.function(OPENAI, client=make(base_url=server.url)))


def test_message_parts_are_encoded(server: Loopback) -> None:
    parts = [
        "Look:",
        ImagePart(media_type="image/png", image=b"png", detail="low"),
        ImageURLPart(url="http://127.0.0.1/a.png"),
        AudioPart(media_type="audio/wav", audio=b"wav"),
        DocumentPart(media_type="application/pdf", document=b"pdf"),
    ]
    server.queue = [Response.of_json(OPENAI.plain("ok"))]

    @openai.call("m")
    def look() -> BaseMessageParam:
        return Messages.User(parts)

    look()
    assert server.requests[0].json["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "d2F2", "format": "wav"}},
        {
            "type": "file",
            "file": {
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,cGRm",
            },
        },
    ]
