"""What is Anthropic's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anthropic as sdk
import pytest
from anthropic.types import (
    Message,
    RawContentBlockDeltaEvent,
    RawMessageStartEvent,
    RawMessageStreamEvent,
)
from pydantic import TypeAdapter
from support.cases import Case, Driver
from support.cases import event as any_event
from support.providers.anthropic import (
    ANTHROPIC,
    STOP,
    block_delta,
    block_start,
    block_stop,
    event,
    message,
    message_delta,
    message_start,
    usage,
)

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, anthropic, prompt_template
from mirascope.core.anthropic import (
    AnthropicCallResponse,
    AnthropicCallResponseChunk,
    AnthropicStream,
)
from mirascope.core.base import (
    AudioPart,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
)
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYNC = Driver(asynchronous=False)


@pytest.fixture(params=[ANTHROPIC], ids=["anthropic"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[AnthropicStream, list[Any]]:
    server.queue = [Response(list(events))]
    stream, items = SYNC.call_and_read(SYNC.function(ANTHROPIC, **options))
    return stream, [chunk for chunk, _ in items]


def text_block(index: int, *texts: str) -> list[bytes]:
    deltas = [block_delta(index, "text_delta", text=text) for text in texts]
    return [block_start(index, type="text", text=""), *deltas, block_stop(index)]


def input_json(index: int, *pieces: str) -> list[bytes]:
    return [block_delta(index, "input_json_delta", partial_json=piece) for piece in pieces]


def test_token_counts_replace_each_other_and_the_cached_ones_count_as_input(
    server: Loopback,
) -> None:
    cache = {"cache_read_input_tokens": 40, "cache_creation_input_tokens": 500}
    stream, chunks = streamed(
        server,
        message_start(usage=usage(3, 1, **cache)),
        *text_block(0, "Hi"),
        message_delta("end_turn", {"output_tokens": 7, "input_tokens": None}),
        STOP,
    )
    reported = [(c.input_tokens, c.output_tokens, c.cached_tokens) for c in chunks if c.tokens]
    assert reported == [(543, 1, 40), (543, 7, 40), (543, 7, 40)]
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == reported[-1]
    response = stream.construct_call_response()
    assert (response.input_tokens, response.output_tokens, response.cached_tokens) == reported[-1]
    assert response.usage is not None
    assert response.usage.model_dump(exclude_none=True) == usage(3, 7, **cache)
    assert [c.usage.output_tokens for c in chunks if c.usage] == [1, 7, 7]


def test_counts_that_are_not_reported_are_none(server: Loopback) -> None:
    events = [message_start(usage=None), message_delta("end_turn", {"odd": 1})]
    stream, chunks = streamed(server, *events)
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (None, None, None)
    assert chunks[0].tokens is None
    assert streamed(server, event("message_stop"))[0].construct_call_response().usage is None


def test_every_event_is_an_item_but_pings(server: Loopback) -> None:
    events = [
        message_start(),
        *text_block(0, "Hel", "lo"),
        event("something_new", index=0, data={"a": 1}),
        block_delta(0, "something_delta", text="?", more=1),
        message_delta("end_turn"),
    ]
    pings = b"event: ping\n\n" + event("ping") + any_event({"type": "ping"})
    stream, chunks = streamed(server, *(pings + each for each in events), pings, STOP)
    assert [chunk.chunk.type for chunk in chunks] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 2,
        "content_block_stop",
        "something_new",
        "content_block_delta",
        "message_delta",
        "message_stop",
    ]
    assert [chunk.content for chunk in chunks if chunk.content] == ["Hel", "lo"]
    assert stream.content == "Hello"
    assert [c.finish_reasons for c in chunks if c.finish_reasons] == [["end_turn"]] * 2


def test_events_are_read_by_their_type_without_their_name(server: Loopback) -> None:
    bare = [each.partition(b"\n")[2] for each in ANTHROPIC.response("Hello", "!")]
    assert all(each.startswith(b"data: {") for each in bare)
    stream, _ = streamed(server, *bare)
    assert stream.content == "Hello!"
    with pytest.raises(errors.Overloaded):
        streamed(server, message_start(), ANTHROPIC.failure.partition(b"\n")[2], max_retries=0)


THINKING = {"type": "thinking", "thinking": "Hmm", "signature": "sig"}
CITATION = {
    "type": "char_location",
    "cited_text": "Hi",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 2,
    "file_id": None,
}
SEARCH_RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "u",
            "title": "t",
            "encrypted_content": "x",
            "page_age": None,
        }
    ],
}
NEW = {"type": "fallback", "from": {"model": "a"}, "to": None}


def server_tool(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "id": "srvtoolu_1", "name": "web_search", "input": given}


def tool_use(n: int, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{n}", "name": f"tool_{n}", "input": given}


BLOCKS: list[tuple[dict[str, Any], dict[str, Any], Callable[[int], list[bytes]]]] = [
    (
        THINKING,
        {"type": "thinking", "thinking": "", "signature": ""},
        lambda i: [
            block_delta(i, "thinking_delta", thinking="Hm"),
            block_delta(i, "thinking_delta", thinking="m"),
            block_delta(i, "signature_delta", signature="sig"),
        ],
    ),
    (
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "redacted_thinking", "data": "opaque"},
        lambda _: [],
    ),
    (
        {"type": "text", "text": "Hi there", "citations": [CITATION, CITATION]},
        {"type": "text", "text": "Hi", "citations": []},
        lambda i: [
            block_delta(i, "citations_delta", citation=CITATION),
            block_delta(i, "text_delta", text=" there"),
            block_delta(i, "citations_delta", citation=CITATION),
        ],
    ),
    (
        server_tool("server_tool_use", {"query": "q"}),
        server_tool("server_tool_use", {}),
        lambda i: input_json(i, "", '{"que', 'ry":"q"}'),
    ),
    (SEARCH_RESULT, SEARCH_RESULT, lambda _: []),
    (NEW, NEW, lambda _: []),
    (
        {"type": "text", "text": "."},
        {"type": "text", "text": ""},
        lambda i: text_block(i, ".")[1:2],
    ),
    (tool_use(1, {"a": [1, {}]}), tool_use(1, {}), lambda i: input_json(i, "", '{"a":[1', ",{}]}")),
    (tool_use(2, {}), tool_use(2, {}), lambda i: input_json(i, "")),
    (tool_use(3, {"b": 1}), tool_use(3, {"b": 1}), lambda _: []),
    (
        {"type": "compaction", "content": "Short.", "encrypted_content": "x"},
        {"type": "compaction", "content": None, "encrypted_content": None},
        lambda i: [block_delta(i, "compaction_delta", content="Short.", encrypted_content="x")],
    ),
]


def test_the_message_is_rebuilt_block_for_block(driver: Driver, server: Loopback) -> None:
    opened = [block_start(i, **start) for i, (_, start, _) in enumerate(BLOCKS)]
    deltas = [each for i, (_, _, pieces) in enumerate(BLOCKS) for each in pieces(i)]
    closed = [block_stop(i) for i in range(len(BLOCKS))]
    whole = [block for block, _, _ in BLOCKS]
    more = {"container": {"id": "c", "expires_at": "2026-01-01T00:00:00Z"}}
    edits: dict[str, Any] = {"applied_edits": []}
    end = event(
        "message_delta",
        delta={"stop_reason": "tool_use", "stop_sequence": None, **more},
        usage={"output_tokens": 2},
        context_management=edits,
    )
    server.queue = [
        Response([message_start(), *opened, *deltas, *closed, end, STOP]),
        Response.of_json(message(whole, "tool_use", context_management=edits, **more)),
    ]
    stream, items = driver.call_and_read(driver.function(ANTHROPIC))
    plain = driver.call(driver.function(ANTHROPIC, stream=False))
    rebuilt = stream.construct_call_response()
    assert rebuilt.response == plain.response
    assert rebuilt.message_param == plain.message_param == stream.message_param
    assert stream.message_param == {"role": "assistant", "content": whole}
    assert str(rebuilt) == str(plain) == stream.content == "Hi there."
    assert rebuilt.thinking == plain.thinking == stream.thinking == stream.reasoning == "Hmm"
    assert rebuilt.signature == plain.signature == stream.signature == "sig"
    assert [(c.name, c.arguments, c.id) for c in stream._decoder.reply.tool_calls] == [
        ("tool_1", '{"a":[1,{}]}', "toolu_1"),
        ("tool_2", "", "toolu_2"),
        ("tool_3", '{"b": 1}', "toolu_3"),
    ]
    pieces = [piece for chunk, _ in items for piece in chunk.tool_calls]
    assert {piece.key for piece in pieces} == {7, 8, 9}
    assert [c.thinking for c, _ in items if c.thinking] == ["Hm", "m"]
    assert [c.signature for c, _ in items if c.signature] == ["sig"]


def test_empty_texts_are_not_sent_back(server: Loopback) -> None:
    stream, _ = streamed(server, message_start(), *text_block(0), message_delta("end_turn"), STOP)
    assert len(stream.construct_call_response().response.content) == 1
    assert stream.message_param == {"role": "assistant", "content": []}


def test_blocks_are_in_the_order_of_their_index(server: Loopback) -> None:
    blocks = [*text_block(1, "b"), *text_block(0, "a")]
    stream, _ = streamed(server, message_start(), *blocks, message_delta("end_turn"))
    response = stream.construct_call_response().response
    assert [block.text for block in response.content if block.type == "text"] == ["a", "b"]


@pytest.mark.parametrize(
    "reason", ["pause_turn", "refusal", "model_context_window_exceeded", "something_new"]
)
def test_any_stop_reason_ends_a_response(server: Loopback, reason: str) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    stream, chunks = streamed(
        server, message_start(), *text_block(0, "Hi"), message_delta(reason, stop_details=details)
    )
    assert (stream.state, stream.finish_reasons, chunks[-1].finish_reasons) == (
        "finished",
        [reason],
        [reason],
    )
    response = stream.construct_call_response()
    assert response.finish_reasons == [reason]
    assert response.response.stop_details is not None
    assert response.response.stop_details.category == "cyber"


def test_cut_off_arguments_are_kept_as_received(server: Loopback) -> None:
    stream, _ = streamed(
        server,
        message_start(),
        block_start(0, **tool_use(1, {})),
        *input_json(0, '{"a": 1, "b": [tr', 'ue, "hal'),
        block_stop(0),
        block_start(1, **tool_use(2, {})),
        *input_json(1, "}{"),
        block_stop(1),
        message_delta("max_tokens"),
        STOP,
    )
    assert [call.arguments for call in stream._decoder.reply.tool_calls] == [
        '{"a": 1, "b": [true, "hal',
        "}{",
    ]
    content = stream.construct_call_response().response.content
    assert [block.input for block in content if block.type == "tool_use"] == [
        {"a": 1, "b": [True]},
        {},
    ]


def test_a_second_message_start_restarts_the_response(server: Loopback) -> None:
    stream, _ = streamed(
        server,
        message_start(),
        *text_block(0, "No"),
        block_start(1, **tool_use(1, {})),
        message_start(id="msg_2", model="another"),
        *text_block(0, "Yes"),
        message_delta("end_turn"),
        STOP,
    )
    assert (stream.content, stream.id, stream.model) == ("Yes", "msg_2", "another")
    assert stream.message_param == {
        "role": "assistant",
        "content": [{"type": "text", "text": "Yes"}],
    }


FAILURES: list[tuple[str, int | None, type[errors.StreamError], type[sdk.APIStatusError]]] = [
    ("invalid_request_error", 400, errors.BadRequest, sdk.BadRequestError),
    ("authentication_error", 401, errors.AuthenticationFailed, sdk.AuthenticationError),
    ("billing_error", 402, errors.StreamAPIError, sdk.PaymentRequiredError),
    ("permission_error", 403, errors.PermissionDenied, sdk.PermissionDeniedError),
    ("not_found_error", 404, errors.NotFound, sdk.NotFoundError),
    ("request_too_large", 413, errors.BadRequest, sdk.ContentTooLargeError),
    ("rate_limit_error", 429, errors.RateLimited, sdk.RateLimitError),
    ("api_error", 500, errors.Overloaded, sdk.InternalServerError),
    ("timeout_error", 504, errors.Overloaded, sdk.GatewayTimeoutError),
    ("overloaded_error", 529, errors.Overloaded, sdk.OverloadedError),
    ("something_new", 200, errors.StreamAPIError, sdk.APIStatusError),
]


@pytest.mark.parametrize(("kind", "status", "ours", "theirs"), FAILURES)
def test_the_type_of_an_error_event_decides_the_error(
    server: Loopback,
    kind: str,
    status: int,
    ours: type[errors.StreamError],
    theirs: type[sdk.APIStatusError],
) -> None:
    failure = event("error", error={"type": kind, "message": "No."}, request_id="req-1")
    server.queue = [Response([*ANTHROPIC.begin, failure], headers={"request-id": "req-1"})]
    with pytest.raises(ours, match=r"^No\.$") as caught:
        SYNC.call_and_read(SYNC.function(ANTHROPIC, max_retries=0))
    error = caught.value
    assert isinstance(error, theirs)
    assert isinstance(error.__cause__, theirs)
    assert (error.status_code, error.retryable) == (status, status >= 500 or status == 429)
    assert (error.type, error.api_message, error.request_id) == (kind, "No.", "req-1")


@pytest.mark.parametrize("fields", [{}, {"error": None}, {"error": {"type": [], "message": {}}}])
def test_an_empty_error_event_is_an_error(server: Loopback, fields: dict[str, Any]) -> None:
    with pytest.raises(sdk.APIStatusError) as caught:
        streamed(server, message_start(), event("error", **fields))
    assert isinstance(caught.value, errors.StreamAPIError)


def test_an_auth_token_counts_as_an_api_key(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a-token")
    streamed(server, *ANTHROPIC.response("Hello"))
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "Authorization: Bearer of-a-proxy")
    streamed(server, *ANTHROPIC.response("Hello"))
    assert [*map(ANTHROPIC.key_of, server.requests)] == ["a-token", "of-a-proxy"]


def asked(server: Loopback, *messages: Any, **call_params: Any) -> Any:
    """Return the JSON of the request that messages and parameters make."""
    server.queue = [Response.of_json(ANTHROPIC.plain("ok"))]

    @anthropic.call("m", call_params=call_params)
    def ask() -> Any:
        return {"messages": list(messages)}

    ask()
    return server.requests[-1].json


def test_system_messages_become_the_system_prompt(server: Loopback) -> None:
    system, user = Messages.System("Be kind."), Messages.User("Hi")
    theirs = {"role": "system", "content": "Be brief."}
    body = asked(server, system, user)
    assert body["system"] == "Be kind."
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert asked(server, theirs, user)["system"] == "Be brief."
    assert asked(server, user, theirs)["messages"][1] == theirs
    assert "system" not in asked(server, user)
    cached = Messages.System(["Be calm.", CacheControlPart(cache_type="ephemeral")])
    assert asked(server, system, user, cached, system="Be true.")["system"] == [
        {"type": "text", "text": "Be kind."},
        {"type": "text", "text": "Be calm.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be true."},
    ]


def test_common_parameters_are_renamed_where_all_are_common(server: Loopback) -> None:
    body = asked(server, Messages.User("Hi"), stop="x", seed=1, top_p=0.5, max_tokens=None)
    assert {k: v for k, v in body.items() if k not in {"model", "messages"}} == {
        "max_tokens": 1024,
        "stop_sequences": ["x"],
        "top_p": 0.5,
    }
    assert asked(server, Messages.User("Hi"), stop=["x", "y"])["stop_sequences"] == ["x", "y"]


def test_parameters_that_the_sdk_has_dropped_are_sent_all_the_same(server: Loopback) -> None:
    body = asked(
        server,
        Messages.User("Hi"),
        max_tokens=2048,
        temperature=0.5,
        top_k=3,
        extra_body={"top_k": 4, "other": 5},
        thinking={"type": "disabled"},
    )
    assert (body["temperature"], body["top_k"], body["other"]) == (0.5, 4, 5)
    assert (body["max_tokens"], body["thinking"]) == (2048, {"type": "disabled"})


def test_message_parts_are_encoded(server: Loopback) -> None:
    parts = [
        CacheControlPart(cache_type="ephemeral"),
        TextPart(text="Look:"),
        ImagePart(media_type="image/png", image=b"png", detail="low"),
        ImageURLPart(url="https://127.0.0.1/a.png"),
        DocumentPart(media_type="application/pdf", document=b"pdf"),
        DocumentPart(media_type="text/markdown", document="Hé".encode()),
        DocumentURLPart(url="https://127.0.0.1/a.pdf"),
        CacheControlPart(cache_type="ephemeral"),
    ]
    body = asked(server, BaseMessageParam(role="user", content=parts))
    png = {"type": "base64", "media_type": "image/png", "data": "cG5n"}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image", "source": png},
        {"type": "image", "source": {"type": "url", "url": "https://127.0.0.1/a.png"}},
        {"type": "document", "source": pdf},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hé"}},
        {
            "type": "document",
            "source": {"type": "url", "url": "https://127.0.0.1/a.pdf"},
            "cache_control": {"type": "ephemeral"},
        },
    ]
    with pytest.raises(ValueError, match="Anthropic messages cannot have audio parts"):
        asked(server, Messages.User([AudioPart(media_type="audio/wav", audio=b"wav")]))
    with pytest.raises(ValueError, match="Anthropic needs an `id` for each tool call"):
        asked(server, BaseMessageParam(role="assistant", content=[ToolCallPart(name="t")]))


def test_responses_can_be_sent_back(server: Loopback) -> None:
    stream, _ = streamed(server, *ANTHROPIC.response("Hello"))
    first, response = Messages.User("Hi"), stream.construct_call_response().response
    said = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    assert asked(server, first, stream.message_param)["messages"][1] == said
    assert asked(server, first, response)["messages"][1] == said


def test_what_a_gateway_appends_does_not_matter(server: Loopback) -> None:
    stream, chunks = streamed(
        server, *ANTHROPIC.response("Hello"), b"event: data\ndata: [DONE]\n\n"
    )
    assert (stream.state, stream.content) == ("finished", "Hello")
    assert chunks[-1].chunk.type == "message_stop"


def test_valid_json_of_unexpected_types_is_no_error(driver: Driver, server: Loopback) -> None:
    odd = [
        any_event({}),
        any_event({"type": []}),
        any_event({"type": 7, "message": "x"}),
        *(event(kind) for kind in ("message_start", "content_block_start", "content_block_delta")),
        *(event(kind) for kind in ("content_block_stop", "message_delta")),
        event("message_start", message={"id": 7, "model": [], "usage": "none", "content": None}),
        event("message_delta", delta=[], usage={"output_tokens": "2"}),
        event("content_block_start", index="0", content_block={"type": 1, "text": 2}),
        event("content_block_delta", index=None, delta={"type": "text_delta", "text": 7}),
        event("content_block_delta", index=9, delta={"type": "input_json_delta"}),
        event("content_block_stop", index=99),
    ]
    server.queue = [Response([*odd, *ANTHROPIC.response("Hello")])]
    stream, items = driver.call_and_read(driver.function(ANTHROPIC))
    assert stream.content == stream.construct_call_response().content == "Hello"
    assert len(items) == len(odd) + len(ANTHROPIC.response("Hello"))
    for chunk, _ in items:
        assert chunk.chunk is chunk.chunk


def test_deltas_of_an_unopened_block_are_no_error(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        message_start(),
        block_delta(0, "thinking_delta", thinking="Hm"),
        block_delta(1, "text_delta", text="Hi"),
        *input_json(2, "{}"),
        message_delta("end_turn"),
    )
    assert stream.message_param["content"] == [
        {"type": "thinking", "thinking": "Hm"},
        {"type": "text", "text": "Hi"},
    ]
    assert [chunk.tool_calls for chunk in chunks if chunk.tool_calls] == []


def test_an_emoji_may_be_cut_in_two_json_escapes(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        *ANTHROPIC.begin,
        ANTHROPIC.text("a").replace(b'"a"', b'"\\ud83e"'),
        ANTHROPIC.text("a").replace(b'"a"', b'"\\udd8a"'),
        *ANTHROPIC.end(1, 1),
    )
    assert stream.content.encode("utf-16", "surrogatepass").decode("utf-16") == "🦊"
    assert chunks[2].chunk.delta.text == "\ud83e"


def test_what_was_received_before_the_end_is_a_partial_message(server: Loopback) -> None:
    server.queue = [Response([*ANTHROPIC.begin, ANTHROPIC.text("Hel")])]
    stream = SYNC.function(ANTHROPIC)("fantasy")
    assert stream.partial().content == stream.signature == ""
    assert stream.partial().message_param == {"role": "assistant", "content": []}
    with pytest.raises(errors.StreamTruncated) as caught:
        list(stream)
    partial = caught.value.partial
    assert isinstance(partial, AnthropicCallResponse)
    assert (partial.content, partial.finish_reasons, partial.partial) == ("Hel", None, True)


def test_streams_responses_and_chunks_can_be_made_of_sdk_objects() -> None:
    adapter: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
    raw = [
        adapter.validate_json(each.partition(b"data: ")[2])
        for each in ANTHROPIC.response("Hello", "!")
    ]
    stream = AnthropicStream(
        stream=(each for each in raw),
        metadata={},
        tool_types=None,
        call_response_type=AnthropicCallResponse,
        model="claude",
        prompt_template="",
        fn_args={},
        dynamic_config=None,
        messages=[{"role": "user", "content": "Hi"}],
        call_params={},
        call_kwargs={},
    )
    chunks = [chunk for chunk, _ in stream]
    assert "".join(map(str, chunks)) == stream.content == "Hello!"
    assert [chunk.chunk for chunk in chunks] == raw
    assert isinstance(raw[0], RawMessageStartEvent)
    assert AnthropicCallResponseChunk(chunk=raw[0]).input_tokens == 3
    again = AnthropicCallResponse(response=Message.model_validate(ANTHROPIC.plain("Hello!")))
    assert stream.construct_call_response().response == again.response


def test_an_instrumented_client_s_items_are_read(server: Loopback) -> None:
    """Tracing libraries replace ``create``, and return another kind of stream."""
    client = sdk.Anthropic()
    create = client.messages.create

    class Traced:
        def __init__(self, stream: Any) -> None:
            self.stream = stream
            self.closed = False

        def __iter__(self) -> Iterator[RawMessageStreamEvent]:
            yield from self.stream

        def close(self) -> None:
            self.closed = True
            self.stream.close()

    made: list[Traced] = []

    def traced(**arguments: Any) -> Any:
        made.append(Traced(create(**arguments)))
        return made[0]

    object.__setattr__(client.messages, "create", traced)
    stream, chunks = streamed(server, *ANTHROPIC.response("Hello", "!"), client=client)
    assert stream.content == "Hello!"
    assert isinstance(chunks[2].chunk, RawContentBlockDeltaEvent)
    assert chunks[-2].input_tokens == 3
    assert made[0].closed
    client.close()


def test_streams_other_than_text_are_left_to_the_sdk(driver: Driver, server: Loopback) -> None:
    kind = {"content-type": "application/vnd.amazon.eventstream"}
    server.queue = [Response(ANTHROPIC.response("Hello", "!"), headers=kind)]
    stream, items = driver.call_and_read(driver.function(ANTHROPIC))
    assert (stream.state, stream.content) == ("finished", "Hello!")
    assert isinstance(items[0][0]._raw, RawMessageStartEvent)


@pytest.mark.parametrize(
    ("kind", "status", "ours"),
    [("overloaded_error", 529, errors.Overloaded), ("something_new", 200, errors.StreamAPIError)],
)
def test_an_error_event_that_the_sdk_raises_is_translated_the_same(
    driver: Driver, server: Loopback, kind: str, status: int, ours: type[errors.StreamError]
) -> None:
    failure = event("error", error={"type": kind, "message": "No."})
    binary = {"content-type": "application/vnd.amazon.eventstream"}
    server.queue = [Response([*ANTHROPIC.begin, failure], headers=binary)]
    with pytest.raises(ours) as caught:
        driver.call_and_read(driver.function(ANTHROPIC, max_retries=0))
    error = caught.value
    assert isinstance(error, sdk.APIStatusError)
    assert (error.type, error.status_code, error.retryable) == (kind, status, status == 529)


def test_a_client_of_the_wrong_kind_is_refused(driver: Driver, server: Loopback) -> None:
    make = sdk.Anthropic if driver.asynchronous else sdk.AsyncAnthropic
    with pytest.raises(TypeError, match="async def"):
        driver.call(driver.function(ANTHROPIC, client=make(base_url=server.url)))


def test_templates_make_anthropic_messages(server: Loopback) -> None:
    server.queue = [Response(ANTHROPIC.response("Hello"))]

    @anthropic.call("m", stream=True)
    @prompt_template("SYSTEM: Be {mood}.\nUSER: Hi")
    def greet(mood: str) -> None: ...

    assert [chunk.content for chunk, _ in greet("kind") if chunk.content] == ["Hello"]
    body = json.loads(server.requests[0].body)
    assert (body["system"], body["stream"], body["max_tokens"]) == ("Be kind.", True, 1024)
