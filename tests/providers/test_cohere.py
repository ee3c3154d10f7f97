"""What is Cohere's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cohere as sdk
import pytest
from cohere.core import ApiError
from cohere.errors import NotFoundError
from support.cases import Case, Driver, event
from support.providers.cohere import COHERE, DONE, START, content, ended, said, usage
from support.recordings import FOLDER, recordings

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, cohere
from mirascope.core.base import AudioPart, DocumentPart, ImagePart, ImageURLPart
from mirascope.core.cohere import CohereCallResponse, CohereCallResponseChunk, CohereStream
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirascope.core.cohere import CohereDynamicConfig

SYNC = Driver(asynchronous=False)


@pytest.fixture(params=[COHERE], ids=["cohere"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[CohereStream, list[Any]]:
    server.queue = [Response(list(events))]
    stream, items = SYNC.call_and_read(SYNC.function(COHERE, **options))
    return stream, [chunk for chunk, _ in items]


def plain(server: Loopback, answer: dict[str, Any], **options: Any) -> CohereCallResponse:
    server.queue = [Response.of_json(answer)]
    return SYNC.call(SYNC.function(COHERE, stream=False, **options))


def call_of(index: int, id_: str, name: str) -> bytes:
    opened = {"id": id_, "type": "function", "function": {"name": name, "arguments": ""}}
    return said("tool-call-start", {"tool_calls": opened}, index)


def arguments_of(index: int, arguments: str) -> bytes:
    return said("tool-call-delta", {"tool_calls": {"function": {"arguments": arguments}}}, index)


CITATION = {
    "start": 6,
    "end": 11,
    "text": "world",
    "sources": [{"type": "document", "id": "doc:0", "document": {"id": "doc:0", "text": "w"}}],
    "type": "TEXT_CONTENT",
    "content_index": 1,
}
THOUGHTFUL = [
    START,
    said("content-start", {"content": {"type": "thinking", "thinking": ""}}, 0),
    content(0, thinking="H"),
    content(0, thinking="m"),
    said("content-end", index=0),
    said("content-start", {"content": {"type": "text", "text": ""}}, 1),
    content(1, text="Hello "),
    content(1, text="world"),
    said("content-end", index=1),
    said("citation-start", {"citations": CITATION}, 0),
    said("citation-end", index=0),
    said("citation-start", {"citations": CITATION | {"start": 0, "end": 5, "text": "Hello"}}, 1),
    said("citation-end", index=1),
    ended(usage=usage(3, 2) | {"cached_tokens": 1.0}),
    DONE,
]
CALLING = [
    START,
    said("tool-plan-delta", {"tool_plan": "I will "}),
    said("tool-plan-delta", {"tool_plan": "look."}),
    call_of(0, "a-1", "weather"),
    arguments_of(0, '{"city":'),
    call_of(1, "b-2", "clock"),
    arguments_of(0, ' "Paris"}'),
    said("tool-call-end", index=0),
    said("tool-call-end", index=1),
    ended("TOOL_CALL", usage=usage(9, 5)),
    DONE,
]


def test_thinking_text_and_citations_are_rebuilt_as_a_plain_call_gives_them(
    server: Loopback,
) -> None:
    stream, chunks = streamed(server, *THOUGHTFUL)
    whole = COHERE.plain("") | {
        "message": {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm"},
                {"type": "text", "text": "Hello world"},
            ],
            "citations": [CITATION, CITATION | {"start": 0, "end": 5, "text": "Hello"}],
        },
        "usage": usage(3, 2) | {"cached_tokens": 1.0},
    }
    response = plain(server, whole)
    rebuilt = stream.construct_call_response()
    assert rebuilt.response == response.response
    assert rebuilt.message_param == response.message_param
    assert (response.content, response.reasoning) == ("Hello world", "Hm")
    assert (stream.content, stream.reasoning) == ("Hello world", "Hm")
    assert len(chunks) == len(THOUGHTFUL) - 1
    sent_back = stream.message_param
    assert isinstance(sent_back, sdk.AssistantChatMessageV2)
    assert isinstance(sent_back.content, list)
    assert [part.type for part in sent_back.content] == ["thinking", "text"]
    assert sent_back.citations is not None
    assert sent_back.citations[0].sources is not None
    assert sent_back.citations[0].sources[0].id == "doc:0"


def test_tool_calls_and_the_plan_are_rebuilt_and_can_be_sent_back(server: Loopback) -> None:
    stream, _ = streamed(server, *CALLING)
    assert stream.finish_reasons == ["TOOL_CALL"]
    assert (stream.content, stream.reasoning) == ("", "I will look.")
    message = stream.construct_call_response().response.message
    assert message.content is None
    assert message.tool_plan == "I will look."
    server.queue = [Response(COHERE.response("Sunny"))]

    @cohere.call("m", stream=True)
    def again() -> CohereDynamicConfig:
        result = sdk.ToolChatMessageV2(tool_call_id="a-1", content="sunny")
        return {"messages": [Messages.User("Hi"), stream.message_param, result]}

    assert "".join(chunk.content for chunk, _ in again()) == "Sunny"
    assert server.requests[-1].json["messages"] == [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "tool_plan": "I will look.",
            "tool_calls": [
                {
                    "id": "a-1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
                },
                {
                    "id": "b-2",
                    "type": "function",
                    "function": {"name": "clock", "arguments": "{}"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "a-1", "content": "sunny"},
    ]


def test_thinking_and_citations_can_be_sent_back(server: Loopback) -> None:
    stream, _ = streamed(server, *THOUGHTFUL)
    server.queue = [Response.of_json(COHERE.plain("ok"))]

    @cohere.call("m")
    def again() -> CohereDynamicConfig:
        return {"messages": [stream.message_param]}

    again()
    sent_back = server.requests[-1].json["messages"][0]
    assert sent_back["content"] == [
        {"type": "thinking", "thinking": "Hm"},
        {"type": "text", "text": "Hello world"},
    ]
    assert sent_back["citations"][0] == CITATION


def test_chunks_are_the_sdk_s_events(server: Loopback) -> None:
    _, chunks = streamed(server, *CALLING)
    raw = [chunk.chunk for chunk in chunks]
    assert isinstance(raw[0], sdk.MessageStartV2ChatStreamResponse)
    assert isinstance(raw[1], sdk.ToolPlanDeltaV2ChatStreamResponse)
    assert isinstance(raw[3], sdk.ToolCallStartV2ChatStreamResponse)
    assert raw[3].delta.message.tool_calls.function.name == "weather"
    assert isinstance(raw[-1], sdk.MessageEndV2ChatStreamResponse)
    assert raw[-1].delta.usage.tokens.input_tokens == 9.0
    server.queue = [Response(CALLING)]
    assert raw == list(
        sdk.ClientV2(base_url=server.url).chat_stream(
            model="m", messages=[sdk.UserChatMessageV2(content="Hi")]
        )
    )


def test_tokens_are_whole_numbers_and_billed_units_stay_on_the_usage(server: Loopback) -> None:
    stream, chunks = streamed(server, *THOUGHTFUL)
    last = chunks[-1]
    counts = (last.input_tokens, last.output_tokens, last.cached_tokens)
    assert counts == (3, 2, 1)
    assert all(type(count) is int for count in counts)
    assert counts == (stream.input_tokens, stream.output_tokens, stream.cached_tokens)
    assert isinstance(last.usage, sdk.Usage)
    assert last.usage.billed_units is not None
    assert last.usage.billed_units.input_tokens == 1
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


@pytest.mark.parametrize(
    ("end", "status", "text"),
    [
        (ended("ERROR", error="no such luck"), None, "no such luck"),
        (ended("ERROR"), None, "the generation ended in ERROR"),
        (ended(None, error="broken"), None, "broken"),
        (ended("TIMEOUT"), 504, "the generation ended in TIMEOUT"),
    ],
)
def test_a_response_that_ends_in_an_error_is_an_error(
    driver: Driver, server: Loopback, end: bytes, status: int | None, text: str
) -> None:
    server.queue = [Response([*COHERE.begin, COHERE.text("Hello"), end, DONE])]
    with pytest.raises(errors.StreamAPIError, match=text) as caught:
        driver.call_and_read(driver.function(COHERE))
    assert isinstance(caught.value, ApiError)
    assert caught.value.status_code == status
    assert caught.value.partial is not None
    assert caught.value.partial.content == "Hello"


def test_a_plain_response_that_ends_in_an_error_is_an_error(
    driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(COHERE.plain("Hel") | {"finish_reason": "ERROR"})]
    with pytest.raises(errors.StreamAPIError, match="ERROR") as caught:
        driver.call(driver.function(COHERE, stream=False))
    assert isinstance(caught.value, ApiError)


@pytest.mark.skipif(not FOLDER.exists(), reason=f"no recordings in {FOLDER.name}")
def test_recorded_responses_that_end_in_an_error_are_errors(server: Loopback) -> None:
    failed = [r for r in recordings("cohere") if r.name in COHERE.disagree]
    assert len(failed) == len(COHERE.disagree)
    for recording in failed:
        with pytest.raises(errors.StreamAPIError, match="invalid tool generation") as caught:
            streamed(server, recording.body)
        assert not caught.value.retryable
        assert caught.value.partial is not None


def test_an_error_s_text_is_the_api_s_message_without_headers(server: Loopback) -> None:
    server.queue = [
        Response.of_json(COHERE.error_body("no such model"), 404, set_cookie="secret=1")
    ]
    with pytest.raises(errors.NotFound) as caught:
        list(SYNC.function(COHERE)("fantasy"))
    error = caught.value
    assert isinstance(error, NotFoundError)
    assert str(error) == "no such model"
    assert error.body == {"id": "request-1", "message": "no such model"}
    assert error.headers is not None
    assert error.headers["set-cookie"] == "secret=1"


def test_an_error_that_is_not_json_has_its_text(server: Loopback) -> None:
    server.queue = [Response([b"<html>Bad gateway</html>"], 502, {"content-type": "text/html"})]
    with pytest.raises(errors.Overloaded, match="Bad gateway") as caught:
        list(SYNC.function(COHERE, max_retries=0)("fantasy"))
    assert caught.value.status_code == 502


def test_plain_calls_are_retried_by_one_alone(driver: Driver, server: Loopback) -> None:
    server.default = lambda: Response.of_json({"message": "Later."}, 503, **{"retry-after": "0"})
    params = {"request_options": {"max_retries": 5, "additional_headers": {"x-mine": "1"}}}
    function = driver.function(COHERE, stream=False, call_params=params, max_retries=1)
    with pytest.raises(errors.Overloaded):
        driver.call(function)
    assert len(server.requests) == 2
    assert server.requests[0].headers["x-mine"] == "1"
    assert params["request_options"]["max_retries"] == 5


def test_common_parameters_have_cohere_s_names(server: Loopback) -> None:
    common = {"temperature": 0.5, "max_tokens": 9, "top_p": 0.9, "seed": 1, "stop": "."}
    common |= {"frequency_penalty": 0.1, "presence_penalty": 0.2}
    streamed(server, *COHERE.response("a"), call_params=common)
    streamed(server, *COHERE.response("a"), call_params={"p": 0.8, "k": 3, "stop": ["a", "b"]})
    first, second = (request.json for request in server.requests)
    assert {name: first[name] for name in first.keys() - {"messages", "model", "stream"}} == {
        "temperature": 0.5,
        "max_tokens": 9,
        "p": 0.9,
        "seed": 1,
        "stop_sequences": ["."],
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
    }
    assert (second["p"], second["k"], second["stop_sequences"]) == (0.8, 3, ["a", "b"])


def test_clients_for_the_first_version_serve_too(driver: Driver, server: Loopback) -> None:
    async def ask(function: Callable[[str], Any]) -> Any:
        async with sdk.AsyncClient(base_url=server.url, api_key="own") as client:
            return await function(client)

    async def streamed_by(client: Any) -> Any:
        stream = await driver.function(COHERE, client=client)("fantasy")
        return [chunk.content async for chunk, _ in stream]

    async def answered_by(client: Any) -> Any:
        return await driver.function(COHERE, stream=False, client=client)("fantasy")

    server.queue = [Response(COHERE.response("Hello")), Response.of_json(COHERE.plain("Hello"))]
    if driver.asynchronous:
        texts = driver.run(lambda: ask(streamed_by))
        response = driver.run(lambda: ask(answered_by))
    else:
        with sdk.Client(base_url=server.url, api_key="own") as client:
            texts = [c.content for c, _ in driver.function(COHERE, client=client)("fantasy")]
            response = driver.function(COHERE, stream=False, client=client)("fantasy")
    assert "".join(texts) == response.content == "Hello"
    assert {request.path for request in server.requests} == {"/v2/chat"}


def test_a_client_of_the_wrong_kind_is_refused(driver: Driver, server: Loopback) -> None:
    make = sdk.ClientV2 if driver.asynchronous else sdk.AsyncClientV2
    with pytest.raises(TypeError, match="async def"):
        driver.call(driver.function(COHERE, client=make(base_url=server.url)))


def test_streams_responses_and_chunks_can_be_made_of_sdk_objects(server: Loopback) -> None:
    server.queue = [Response(THOUGHTFUL)]
    raw = list(
        sdk.ClientV2(base_url=server.url).chat_stream(
            model="m", messages=[sdk.UserChatMessageV2(content="Hi")]
        )
    )
    stream = CohereStream(stream=(item for item in raw), model="m", call_kwargs={"model": "m"})
    chunks = [chunk for chunk, _ in stream]
    assert [chunk.chunk for chunk in chunks] == raw
    assert CohereCallResponseChunk(chunk=raw[6]).content == "Hello "
    assert (stream.content, stream.reasoning, stream.cached_tokens) == ("Hello world", "Hm", 1)
    response = stream.construct_call_response()
    assert response.model == "m"
    assert CohereCallResponse(response=response.response).content == "Hello world"


def test_logprobs_are_added_up(server: Loopback) -> None:
    reported = [{"text": text, "token_ids": [n], "logprobs": [-0.5]} for n, text in enumerate("ab")]
    events = [
        said("content-delta", {"content": {"text": logprob["text"]}}, 0, logprobs=logprob)
        for logprob in reported
    ]
    stream, _ = streamed(server, START, *events, ended(usage=usage(3, 2)))
    whole = plain(server, COHERE.plain("ab") | {"logprobs": reported})
    assert stream.construct_call_response().response == whole.response


def test_events_that_the_sdk_does_not_know_are_items_and_change_nothing(server: Loopback) -> None:
    odd: list[Any] = [
        {},
        {"type": "weather-report", "sun": True},
        {"type": ["content-delta"], "delta": 7},
        {"type": "content-delta", "index": [0], "delta": {"message": {"content": {"text": 7}}}},
        {"type": "content-delta", "index": None, "delta": {"message": {"content": "odd"}}},
        {"type": "content-start", "index": 9, "delta": {"message": {"content": {"type": "dance"}}}},
        {"type": "tool-call-start", "index": "x", "delta": {"message": {"tool_calls": [None]}}},
        {"type": "tool-call-delta", "delta": {"message": {"tool_calls": "odd"}}},
        {"type": "citation-start", "delta": {"message": {"citations": [7]}}},
        {"type": "message-end", "delta": "odd"},
        {"type": "debug", "prompt": "<|START|>"},
    ]
    stream, chunks = streamed(server, START, *map(event, odd), *COHERE.response("a"))
    assert stream.content == "a"
    assert stream.construct_call_response().content == "a"
    assert stream.message_param.role == "assistant"
    assert len(chunks) == 1 + len(odd) + 5
    assert all(type(chunk.chunk).__module__.startswith("cohere") for chunk in chunks)
    unknown = chunks[2].chunk
    assert (unknown.type, unknown.sun) == ("weather-report", True)


def test_unknown_finish_reasons_and_odd_usage_pass(server: Loopback) -> None:
    counts = {"tokens": {"input_tokens": "3", "output_tokens": float("inf")}, "cached_tokens": 2}
    stream, chunks = streamed(server, *COHERE.begin, ended("GUARDED", usage=counts))
    assert stream.finish_reasons == ["GUARDED"]
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (None, None, 2)
    assert stream.construct_call_response().finish_reasons == ["GUARDED"]
    assert chunks[-1].usage.cached_tokens == 2


def test_half_an_emoji_is_no_error(server: Loopback) -> None:
    stream, chunks = streamed(server, *COHERE.response("\ud83e", "\udd8a"))
    assert [len(chunk.content) for chunk in chunks if chunk.content] == [1, 1]
    assert chunks[2].chunk.delta.message.content.text == "\ud83e"
    assert stream.state == "finished"


def test_a_partial_response_has_what_was_received(server: Loopback) -> None:
    server.queue = [Response(THOUGHTFUL)]
    stream = SYNC.function(COHERE)("fantasy")
    for chunk, _ in stream:
        if chunk.content:
            break
    partial = stream.partial()
    assert (partial.content, partial.reasoning) == ("Hello ", "Hm")
    assert partial.finish_reasons is partial.usage is None
    assert CohereStream(stream=[]).partial().message_param.content == ""


def test_message_parts_are_encoded(server: Loopback) -> None:
    parts = [
        "Look:",
        ImagePart(media_type="image/png", image=b"png", detail="low"),
        ImageURLPart(url="http://127.0.0.1/a.png"),
    ]
    server.queue = [Response.of_json(COHERE.plain("ok"))]

    @cohere.call("m")
    def look() -> list[BaseMessageParam]:
        return [Messages.System(["Be", "brief"]), Messages.User(parts), Messages.Assistant("No")]

    response = look()
    assert isinstance(response.messages[1], sdk.UserChatMessageV2)
    assert server.requests[0].json["messages"] == [
        {
            "role": "system",
            "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "brief"}],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {
                    "type": "image_url",
                    "image_url": {"url": "data:image/png;base64,cG5n", "detail": "low"},
                },
                {"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}},
            ],
        },
        {"role": "assistant", "content": "No"},
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
def test_parts_that_cohere_does_not_support_are_an_error_at_the_call(part: Any) -> None:
    @cohere.call("m", stream=True)
    def listen() -> BaseMessageParam:
        return Messages.User([part])

    with pytest.raises(ValueError, match=f"Cohere messages cannot have {part.type}"):
        listen()


def test_messages_in_cohere_s_own_form_stay_as_they_are(server: Loopback) -> None:
    own: list[Any] = [
        sdk.UserChatMessageV2(content="Hi"),
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Go on"}]},
    ]
    server.queue = [Response.of_json(COHERE.plain("ok"))]

    @cohere.call("m")
    def ask() -> Any:
        return {"messages": own}

    response = ask()
    assert response.messages == own
    assert response.user_message_param is own[2]
    assert server.requests[0].json["messages"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Go on"}]},
    ]


def test_documents_are_call_parameters(server: Loopback) -> None:
    documents = [{"id": "1", "data": {"text": "w"}}, "plain"]
    streamed(server, *COHERE.response("a"), call_params={"documents": documents})
    assert server.requests[0].json["documents"] == documents
