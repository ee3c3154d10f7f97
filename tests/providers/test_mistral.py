"""What is Mistral's own."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import MistralError, SDKError
from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionResponse,
    CompletionChunk,
    CompletionEvent,
    SystemMessage,
    UserMessage,
)
from support.cases import Case, Driver, event
from support.providers.mistral import (
    MISTRAL,
    async_client,
    client,
    completion_chunk,
    failed,
    thinking,
)

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, mistral
from mirascope.core.base import (
    AudioPart,
    AudioURLPart,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
)
from mirascope.core.mistral import MistralStream
from mirascope.testing.loopback import Loopback, Response, Stall, unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

DONE = b"data: [DONE]\n\n"
SYNC = Driver(asynchronous=False)


@pytest.fixture(params=[MISTRAL], ids=["mistral"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[MistralStream, list[Any]]:
    server.queue = [Response(list(events))]
    stream, items = SYNC.call_and_read(SYNC.function(MISTRAL, **options))
    return stream, [chunk for chunk, _ in items]


def said(server: Loopback, *deltas: dict[str, Any]) -> tuple[MistralStream, list[Any]]:
    return streamed(server, *map(completion_chunk, deltas), *MISTRAL.end(3, 2))


def plain(content: object, **message: object) -> ChatCompletionResponse:
    response = MISTRAL.plain("")
    response["choices"][0]["message"] |= {"content": content, **message}
    return ChatCompletionResponse.model_validate(response)


def sent_back(server: Loopback, message: object) -> Any:
    """Send a message in another call, and return what the server got."""
    server.queue = [Response.of_json(MISTRAL.plain("ok"))]

    @mistral.call("m")
    def go_on() -> Any:
        return {"messages": [message, Messages.User("Go on.")]}

    go_on()
    return server.requests[-1].json["messages"][0]


def test_thinking_is_reasoning_and_is_sent_back_unchanged(server: Loopback) -> None:
    stream, chunks = said(
        server,
        {"content": [thinking("Hm", closed=True)]},
        {"content": [thinking("m", closed=True, signature="s1")]},
        {"content": [thinking("!", signature="s2"), {"type": "text", "text": "Hel"}]},
        {"content": "lo"},
    )
    assert [chunk.reasoning for chunk in chunks] == ["Hm", "m", "!", "", ""]
    assert [chunk.content for chunk in chunks] == ["", "", "Hel", "lo", ""]
    parts = [
        thinking("Hmm", closed=True, signature="s1"),
        thinking("!", signature="s2"),
        {"type": "text", "text": "Hello"},
    ]
    response = stream.construct_call_response()
    assert response.response == plain(parts)
    assert (response.content, response.reasoning) == ("Hello", "Hmm!")
    assert sent_back(server, stream.message_param)["content"] == parts


def test_text_before_thinking_and_references_stay_in_their_order(server: Loopback) -> None:
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "It is "},
        {"type": "reference", "reference_ids": [1, 2]},
        {"type": "reference", "reference_ids": [3]},
        {
            "type": "thinking",
            "thinking": [
                {"type": "text", "text": "so"},
                {"type": "reference", "reference_ids": [4]},
            ],
        },
        {"type": "input_audio", "input_audio": "d2F2"},
    ]
    stream, _ = said(
        server, {"content": "It "}, {"content": "is "}, *({"content": [part]} for part in parts[1:])
    )
    assert stream.construct_call_response().response == plain(parts)
    assert (stream.content, stream.reasoning) == ("It is ", "so")
    assert sent_back(server, stream.message_param)["content"] == parts


def test_unknown_parts_pass_through(server: Loopback) -> None:
    unknown = {"type": "hologram", "text": "?", "depth": {"z": 1}}
    stream, chunks = said(server, {"content": [unknown]}, {"content": "Hi"}, {"content": ["odd"]})
    assert chunks[0].chunk.choices[0].delta.content[0].raw == unknown
    assert stream.content == "Hiodd"  # a part that is a text alone is text
    assert chunks[2].chunk.choices[0].delta.content == ["odd"]
    stream, _ = said(server, {"content": [unknown]}, {"content": "Hi"})
    assert stream.construct_call_response().response == plain(
        [unknown, {"type": "text", "text": "Hi"}]
    )
    assert sent_back(server, stream.message_param)["content"] == [{"type": "text", "text": "Hi"}]


def test_text_in_parts_is_a_text(server: Loopback) -> None:
    text = [{"type": "text", "text": "Hello"}]
    stream, _ = said(server, {"content": text}, {"content": [{"type": "text", "text": "!"}]})
    assert stream.construct_call_response().response == plain("Hello!")


def tool_call(name: str, arguments: object, **fields: object) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **fields}


def test_complete_tool_calls_are_in_one_event(server: Loopback) -> None:
    calls = [
        tool_call("weather", '{"in": "Paris"}', id="a", index=0),
        tool_call("weather", "{}", id="b", index=0),
        tool_call("time", "", id="c", index=0),
    ]
    stream, _ = streamed(
        server,
        completion_chunk({"content": ""}),
        completion_chunk({"tool_calls": calls}, "tool_calls", usage={"prompt_tokens": 3}),
        DONE,
    )
    assert stream.finish_reasons == ["tool_calls"]
    message = plain("", tool_calls=calls).choices[0].message
    assert stream.message_param == message
    assert sent_back(server, stream.message_param)["tool_calls"] == [
        call | {"type": "function"} for call in calls
    ]


def test_tool_calls_without_ids_and_with_objects_as_arguments(server: Loopback) -> None:
    stream, chunks = said(
        server,
        {
            "tool_calls": [
                tool_call("weather", {"in": "Zürich"}, id="null", index=0),
                tool_call("time", {}, id="null", index=0),
            ]
        },
    )
    calls = stream._decoder.reply.tool_calls
    assert [(call.id, call.name, json.loads(call.arguments)) for call in calls] == [
        (None, "weather", {"in": "Zürich"}),
        (None, "time", {}),
    ]
    assert [call.id for call in chunks[0].tool_calls] == [None, None]
    assert stream.message_param.tool_calls is not None
    ids = [call.id for call in stream.message_param.tool_calls]
    assert all(re.fullmatch(r"[a-zA-Z0-9]{9}", str(each)) for each in ids)
    assert len(set(ids)) == 2


def test_fragments_of_a_tool_call_may_have_no_name(server: Loopback) -> None:
    stream, chunks = said(
        server,
        {"tool_calls": [tool_call("weather", '{"in":', id="a", index=0)]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}, None]},
    )
    call = stream._decoder.reply.tool_calls[0]
    assert (call.name, call.arguments) == ("weather", '{"in":"Paris"}')
    raw = chunks[1].chunk
    assert isinstance(raw, CompletionChunk)
    assert raw.choices[0].delta.tool_calls[0].function.arguments == '"Paris"}'
    assert raw.choices[0].delta.tool_calls[0].function.name is None
    assert raw.choices[0].delta.content == chunks[0].chunk.choices[0].delta.content


def test_valid_json_of_unexpected_types_is_no_error(driver: Driver, server: Loopback) -> None:
    odd = json.loads(MISTRAL.text("Hello").removeprefix(b"data: "))
    odd |= {"id": 7, "model": None, "created": "now", "usage": "none", "_fields_set": 1}
    events = [
        event(odd),
        event({"choices": [None, 7, {"delta": {"content": {}, "tool_calls": {"a": 1}}}]}),
        event({"choices": [{"index": 0, "delta": {"content": [{"type": "thinking"}]}}]}),
        event({"choices": "odd"}),
        completion_chunk({"content": "\ud83e"}),
        completion_chunk({"content": "!"}, "a new reason"),
        DONE,
    ]
    server.queue = [Response(events)]
    stream, items = driver.call_and_read(driver.function(MISTRAL))
    assert stream.content == "Hello\ud83e!"
    assert stream.finish_reasons == ["a new reason"]
    assert items[0][0].chunk.created == "now"
    assert [chunk.chunk for chunk, _ in items]
    assert items[4][0].chunk.choices[0].finish_reason == "a new reason"
    assert stream.construct_call_response().finish_reasons == ["a new reason"]


def test_a_generation_that_fails_is_an_error(server: Loopback) -> None:
    server.queue = [
        Response([MISTRAL.text("Hel"), completion_chunk({"content": "lo"}, "error"), DONE])
    ]
    stream = SYNC.function(MISTRAL)("fantasy")
    with pytest.raises(errors.StreamAPIError) as caught:
        list(stream)
    assert isinstance(caught.value, MistralError)
    assert caught.value.phase == "mid"
    assert caught.value.partial is not None
    assert caught.value.partial.content == "Hello"
    assert stream.partial().finish_reasons == ["error"]
    assert stream.state == "failed"


def test_the_provider_s_own_codes_are_no_http_status(server: Loopback) -> None:
    report = failed("No such thing.", 400) | {"raw_status_code": None, "type": "3505"}
    for record in (report, {"error": report}):
        server.queue = [Response([MISTRAL.text("Hi"), event(record)])]
        with pytest.raises(errors.StreamAPIError, match="No such thing") as caught:
            list(SYNC.function(MISTRAL)("fantasy"))
        assert type(caught.value).__bases__[0] is errors.StreamAPIError
        assert not caught.value.retryable


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_an_http_error_in_another_format_is_one_too(
    driver: Driver, server: Loopback, *, stream: bool
) -> None:
    server.queue = [Response.of_json({"detail": "It is not valid."}, 422)]
    function = driver.function(MISTRAL, stream=stream)
    with pytest.raises(errors.BadRequest, match="not valid") as caught:
        driver.call_and_read(function) if stream else driver.call(function)
    assert caught.value.status_code == 422


def test_an_unreadable_plain_response_is_an_error(driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json({"choices": 7})]
    with pytest.raises(errors.StreamDataError) as caught:
        driver.call(driver.function(MISTRAL, stream=False))
    assert isinstance(caught.value, MistralError)


def test_an_error_without_a_response_has_no_status(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unreachable() as url, pytest.raises(errors.StreamConnectionError) as caught:
        monkeypatch.setenv("MISTRAL_BASE_URL", url)
        driver.call(driver.function(MISTRAL, stream=False, max_retries=0))
    assert isinstance(caught.value, MistralError)
    assert caught.value.status_code is None
    assert isinstance(caught.value.__cause__, MistralError)
    assert isinstance(caught.value.__cause__.__cause__, httpx2.ConnectError)
    assert server.requests == []


def test_the_sdk_s_error_is_the_cause(server: Loopback) -> None:
    server.queue = [Response.of_json(failed("Slow down.", 429), 429)]
    with pytest.raises(errors.RateLimited, match="Slow down") as caught:
        list(SYNC.function(MISTRAL, max_retries=0)("fantasy"))
    assert isinstance(caught.value, SDKError)
    assert isinstance(caught.value.__cause__, SDKError)
    assert json.loads(caught.value.body)["code"] == "3505"


def test_the_finish_and_its_usage_do_not_wait_for_the_end_of_the_body(server: Loopback) -> None:
    server.queue = [Response([*MISTRAL.response("Hi")[:-1], Stall()])]
    items = iter(SYNC.function(MISTRAL)("fantasy"))
    chunks = [chunk for chunk, _ in itertools.islice(items, 3)]
    assert (chunks[-1].finish_reasons, chunks[-1].output_tokens) == (["stop"], 2)
    assert chunks[-1].usage.total_tokens == 5


def test_counts_that_are_not_reported_are_none(server: Loopback) -> None:
    reported = {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}
    stream, _ = streamed(server, completion_chunk({"content": "Hi"}, "stop", usage=reported), DONE)
    response = stream.construct_call_response()
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (3, None, 1)
    assert (response.input_tokens, response.output_tokens, response.cached_tokens) == (3, None, 1)


def test_a_partial_response_is_a_typed_response(server: Loopback) -> None:
    server.queue = [
        Response([completion_chunk({"content": [thinking("Hm")]}), MISTRAL.text("Hel")])
    ]
    stream = SYNC.function(MISTRAL)("fantasy")
    with pytest.raises(errors.StreamTruncated):
        list(stream)
    response = stream.partial()
    assert (response.content, response.reasoning) == ("Hel", "Hm")
    assert response.finish_reasons is response.usage is response.input_tokens is None
    assert isinstance(response.message_param, AssistantMessage)
    assert mistral.MistralStream(stream=iter(())).partial().message_param.content == ""


def test_nothing_is_sent_that_mistral_rejects(server: Loopback) -> None:
    streamed(server, *MISTRAL.response("Hi"), call_params={"seed": 7, "max_tokens": 9})
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].json == {
        "model": "requested-model",
        "messages": [{"role": "user", "content": "Recommend a fantasy book"}],
        "random_seed": 7,
        "max_tokens": 9,
        "stream": True,
    }


def test_messages_of_the_sdk_and_dicts_are_messages(server: Loopback) -> None:
    server.queue = [Response.of_json(MISTRAL.plain("ok"))]
    system = SystemMessage(content="Be brief.")
    answer = AssistantMessage(content=[], prefix=True)

    @mistral.call("m")
    def ask() -> mistral.MistralDynamicConfig:
        return {"messages": [system, {"role": "user", "content": "Hi"}, answer, Messages.User("?")]}

    response = ask()
    assert response.messages[0] is system
    assert response.messages[1] == UserMessage(content="Hi")
    assert response.user_message_param == UserMessage(content="?")
    assert [message["role"] for message in server.requests[0].json["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert server.requests[0].json["messages"][2]["prefix"] is True


def test_message_parts_are_encoded(server: Loopback) -> None:
    parts = [
        "Look:",
        ImagePart(media_type="image/png", image=b"png", detail="low"),
        ImageURLPart(url="http://127.0.0.1/a.png"),
        AudioPart(media_type="audio/wav", audio=b"wav"),
        AudioURLPart(url="http://127.0.0.1/a.wav"),
        DocumentPart(media_type="application/pdf", document=b"pdf"),
        DocumentURLPart(url="http://127.0.0.1/a.pdf"),
    ]
    server.queue = [Response.of_json(MISTRAL.plain("ok"))]

    @mistral.call("m")
    def look() -> BaseMessageParam:
        return Messages.User(parts)

    look()
    assert server.requests[0].json["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}},
        {"type": "input_audio", "input_audio": "d2F2"},
        {"type": "input_audio", "input_audio": "http://127.0.0.1/a.wav"},
        {"type": "document_url", "document_url": "data:application/pdf;base64,cGRm"},
        {"type": "document_url", "document_url": "http://127.0.0.1/a.pdf"},
    ]
    parts.append(CacheControlPart(cache_type="ephemeral"))
    with pytest.raises(ValueError, match="Mistral messages cannot have cache_control parts"):
        look()


def test_a_token_may_be_in_a_file(
    driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    token = tmp_path / "token"
    token.write_text("a-token")
    monkeypatch.setenv("MISTRAL_SA_TOKEN_PATH", str(token))
    monkeypatch.delenv("MISTRAL_API_KEY")
    server.queue = [Response(MISTRAL.response("Hi"))]
    stream, _ = driver.call_and_read(driver.function(MISTRAL))
    assert stream.content == "Hi"
    assert MISTRAL.key_of(server.requests[0]) == "a-token"


def test_one_client_serves_both(server: Loopback) -> None:
    server.default = lambda: Response(MISTRAL.response("Hi"))

    async def ask_both() -> list[str]:
        with httpx2.Client() as http:
            async with httpx2.AsyncClient() as ahttp:
                one = Mistral(server_url=server.url, api_key="own", client=http, async_client=ahttp)
                stream = SYNC.function(MISTRAL, client=one)("fantasy")
                function = Driver(asynchronous=True).function(MISTRAL, client=one)
                texts = [chunk.content for chunk, _ in stream]
                return texts + [chunk.content async for chunk, _ in await function("fantasy")]

    assert SYNC.run(ask_both) == ["", "Hi", ""] * 2
    assert [*map(MISTRAL.key_of, server.requests)] == ["own", "own"]


class Traced:
    """What instrumentation makes of a stream: an iterator of the SDK's objects."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        return iter(self.stream)

    def __aiter__(self) -> AsyncIterator[Any]:
        return aiter(self.stream)

    def close(self) -> None:
        self.closed = True
        self.stream.close()

    async def aclose(self) -> None:
        self.closed = True
        await self.stream.close()


def test_an_instrumented_client_s_items_are_read(server: Loopback) -> None:
    server.queue = [Response(MISTRAL.response("Hello", "!"))]
    made: list[Traced] = []

    def traced(create: Callable[..., Any]) -> Callable[..., Any]:
        def create_traced(**arguments: Any) -> Any:
            made.append(Traced(create(**arguments)))
            return made[-1]

        return create_traced

    with client(server.url, "key") as own:
        object.__setattr__(own.chat, "stream", traced(own.chat.stream))
        stream, items = SYNC.call_and_read(SYNC.function(MISTRAL, client=own))
    assert stream.content == "Hello!"
    assert isinstance(items[0][0].chunk, CompletionChunk)
    assert stream.output_tokens == 2
    assert made[0].closed


def test_an_instrumented_client_s_items_are_read_async(server: Loopback) -> None:
    server.queue = [Response(MISTRAL.response("Hello", "!"))]
    driver = Driver(asynchronous=True)
    made: list[Traced] = []

    async def ask_and_read() -> Any:
        async with async_client(server.url, "key") as own:
            create = own.chat.stream_async

            async def create_traced(**arguments: Any) -> Any:
                made.append(Traced(await create(**arguments)))
                return made[-1]

            object.__setattr__(own.chat, "stream_async", create_traced)
            stream = await driver.function(MISTRAL, client=own)("fantasy")
            return stream, [item async for item in stream]

    stream, items = driver.run(ask_and_read)
    assert stream.content == "Hello!"
    assert isinstance(items[0][0].chunk, CompletionChunk)
    assert made[0].closed


def test_streams_can_be_made_of_sdk_objects() -> None:
    records = [json.loads(e[6:]) for e in MISTRAL.response("Hello", "!")[:-1]]
    for raw in (
        [CompletionChunk.model_validate(record) for record in records],
        [CompletionEvent.model_validate({"data": record}) for record in records],
    ):
        stream = MistralStream(stream=iter(raw))
        assert [str(chunk) for chunk, _ in stream] == ["", "Hello", "!", ""]
        rebuilt = stream.construct_call_response().response
        expected = plain("Hello!")
        expected.object = rebuilt.object
        assert rebuilt == expected
