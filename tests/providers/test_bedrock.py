"""What is Amazon Bedrock's own, and Claude on Bedrock by Anthropic's clients."""

from __future__ import annotations

import base64
import itertools
import struct
import threading
from typing import Any
from zlib import crc32

import anthropic as anthropic_sdk
import anyio
import botocore.session
import pytest
from botocore.exceptions import ClientError, EventStreamError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Attempt, Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.bedrock import (
    BEDROCK,
    block,
    client,
    delta,
    failure,
    frame,
    message_stop,
    metadata,
    response_of,
    usage,
)

from mirascope import errors, llm
from mirascope.core import BaseMessageParam, Messages, anthropic, bedrock
from mirascope.core._dialects.event_stream import EventStreamDecoder
from mirascope.core._wire.events import MalformedEventError
from mirascope.core._wire.sse import MAX_EVENT_BYTES, EventTooLargeError
from mirascope.core.base import DocumentPart, ImagePart, TextPart, Timeout
from mirascope.core.bedrock import BedrockCallResponse, BedrockStream
from mirascope.testing._formats.bedrock import Frame
from mirascope.testing.loopback import Loopback, Response, Stall, in_pieces

SYNC = Driver(asynchronous=False)
PIXEL = b"\x89PNG\xff"
START = frame("messageStart", {"role": "assistant"})
END = (message_stop(), metadata())


@pytest.fixture(params=[BEDROCK], ids=["bedrock"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[BedrockStream, list[Any]]:
    server.queue = [Response([START, *events])]
    stream, items = SYNC.call_and_read(SYNC.function(BEDROCK, **options))
    return stream, [chunk for chunk, _ in items]


def plain(server: Loopback, answer: dict[str, Any], **options: Any) -> BedrockCallResponse:
    server.queue = [Response.of_json(answer)]
    return SYNC.call(SYNC.function(BEDROCK, stream=False, **options))


def failed(server: Loopback, *events: bytes) -> errors.StreamError:
    server.queue = [Response([START, *events])]
    error = SYNC.attempt(SYNC.function(BEDROCK, max_retries=0)).error
    assert isinstance(error, errors.StreamError)
    return error


# Frames.

BODY = b"".join(BEDROCK.response("Zażółć", " gęślą"))
RECORDS = list(EventStreamDecoder().feed(BODY))


@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_frames_are_split_anywhere(cuts: list[int]) -> None:
    decoder, places = EventStreamDecoder(), [0, *sorted(cuts), len(BODY)]
    blocks = [BODY[start:end] for start, end in itertools.pairwise(places)]
    assert [record for each in blocks for record in decoder.feed(each)] == RECORDS


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_split_frames_are_received_whole(server: Loopback, driver: Driver, size: int) -> None:
    server.queue = [Response(in_pieces(BODY, size))]
    stream, items = driver.call_and_read(driver.function(BEDROCK))
    assert (stream.content, len(items)) == ("Zażółć gęślą", len(RECORDS))


@pytest.mark.parametrize("place", [0, 5, 9, 20, -20, -1])
def test_a_wrong_byte_is_an_error(server: Loopback, driver: Driver, place: int) -> None:
    damaged = bytearray(delta(0, text="never seen"))
    damaged[place] ^= 1
    server.queue = [Response([START, delta(0, text="Hello"), bytes(damaged), *END])]
    tried = driver.attempt(driver.function(BEDROCK))
    assert isinstance(tried.error, errors.StreamDataError)
    assert "checksum" in str(tried.error)
    assert tried.text == "Hello"
    assert server.connections[0].disconnected.wait(0.5)


def test_what_comes_before_a_wrong_byte_in_one_block_is_kept(server: Loopback) -> None:
    damaged = bytearray(delta(0, text="never seen"))
    damaged[-1] ^= 1
    error = failed(server, delta(0, text="Hello") + bytes(damaged))
    assert error.partial is not None
    assert error.partial.content == "Hello"


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05:a",
        b"\x02:a\x07\x00\xffab",
        b"\x02:a\x63",
        b"\x02\xff\xfe\x07\x00\x00",
        b"\x02:a\x07\x00",
    ],
)
def test_headers_that_are_none_are_an_error(headers: bytes) -> None:
    with pytest.raises(MalformedEventError, match="headers"):
        list(EventStreamDecoder().feed(Frame(headers, b"{}")))


def test_headers_of_every_type_are_read() -> None:
    values = {
        0: b"", 1: b"", 2: b"1", 3: b"12", 4: b"1234", 5: b"12345678",
        6: b"\x00\x03abc", 8: b"12345678", 9: b"1234567890123456",
    }  # fmt: skip
    others = b"".join(b"\x01%b%c%b" % (b"x", kind, value) for kind, value in values.items())
    name = b"\x0b:event-type\x07\x00\x08metadata"
    records = list(EventStreamDecoder().feed(Frame(others + name, b'{"a": 1}')))
    assert records == [b'{"metadata": {"a": 1}}']


def test_the_size_of_a_frame_is_bounded() -> None:
    prelude = struct.pack("!II", MAX_EVENT_BYTES + 1, 0)
    with pytest.raises(EventTooLargeError):
        list(EventStreamDecoder().feed(prelude + struct.pack("!I", crc32(prelude))))
    small = EventStreamDecoder(max_event_bytes=100)
    with pytest.raises(EventTooLargeError):
        list(small.feed(delta(0, text="x" * 100)))


def test_a_frame_shorter_than_its_headers_is_an_error() -> None:
    prelude = struct.pack("!II", 20, 10)
    with pytest.raises(MalformedEventError, match="shorter"):
        list(EventStreamDecoder().feed(prelude + struct.pack("!I", crc32(prelude))))


# Errors.

KINDS: list[tuple[str, type[errors.StreamError], int | None, bool]] = [
    ("throttlingException", errors.RateLimited, 429, True),
    ("modelStreamErrorException", errors.Overloaded, 500, True),
    ("internalServerException", errors.Overloaded, 500, True),
    ("serviceUnavailableException", errors.Overloaded, 503, True),
    ("validationException", errors.BadRequest, 400, False),
    ("aNewException", errors.StreamAPIError, None, False),
]


@pytest.mark.parametrize(("kind", "ours", "status", "retryable"), KINDS, ids=str)
def test_an_exception_in_the_middle_is_one_of_ours_and_botocore_s(
    server: Loopback, kind: str, ours: type[errors.StreamError], status: int, *, retryable: bool
) -> None:
    error = failed(server, delta(0, text="Hel"), failure(kind, "It went wrong"))
    assert isinstance(error, ours)
    assert isinstance(error, EventStreamError)
    assert (error.status_code, error.retryable, error.phase) == (status, retryable, "mid")
    assert error.response["Error"] == {"Code": kind, "Message": "It went wrong"}
    assert "It went wrong" in str(error)
    assert error.partial is not None
    assert error.partial.content == "Hel"


def test_an_error_without_a_model_is_one(server: Loopback) -> None:
    def text(name: str, value: str) -> bytes:
        return b"%c%b\x07\x00%c%b" % (len(name), name.encode(), len(value), value.encode())

    headers = text(":message-type", "error") + text(":error-code", "InternalError")
    error = failed(server, Frame(headers + text(":error-message", "Oops"), b""))
    assert isinstance(error, errors.Overloaded)
    assert "Oops" in str(error)


def test_http_errors_have_botocore_s_codes(server: Loopback, driver: Driver) -> None:
    server.queue = [
        Response.of_json(
            {"message": "Too many requests"},
            429,
            x_amzn_errortype="ThrottlingException:http://internal.amazon.com/",
            x_amzn_requestid="request-1",
        )
    ]
    error: Any = driver.attempt(driver.function(BEDROCK, max_retries=0)).error
    assert isinstance(error, errors.RateLimited)
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == "ThrottlingException"
    assert (error.request_id, error.phase) == ("request-1", "open")


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "ExpiredTokenException"])
def test_rejected_credentials_are_an_authentication_error(server: Loopback, code: str) -> None:
    server.queue = [Response.of_json({"message": "No"}, 403, x_amzn_errortype=code)]
    error = SYNC.attempt(SYNC.function(BEDROCK)).error
    assert isinstance(error, errors.AuthenticationFailed)


@pytest.mark.parametrize("stream", [True, False])
def test_invalid_parameters_are_named_without_their_values(
    server: Loopback, *, stream: bool
) -> None:
    params: dict[str, Any] = {"system": [{"text": ["a secret prompt"]}]}
    error = SYNC.attempt(
        SYNC.function(BEDROCK, stream=stream, call_params=params), stream=stream
    ).error
    assert isinstance(error, errors.BadRequest)
    assert isinstance(error, ParamValidationError)
    assert "system[0].text" in str(error)
    assert "secret" not in str(error)
    assert server.requests == []


def test_missing_credentials_and_regions_are_named(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(errors.AuthenticationFailed, match="AWS_BEARER_TOKEN_BEDROCK"):
        SYNC.function(BEDROCK)("fantasy")
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(errors.BadRequest, match="AWS_REGION"):
        SYNC.function(BEDROCK)("fantasy")
    assert server.requests == []


def test_the_secret_is_redacted(server: Loopback) -> None:
    error = failed(server, failure("validationException", "a-secret-access-key is wrong"))
    assert "*** is wrong" in str(error)
    assert "a-secret-access-key" not in repr(vars(error))


def test_a_bearer_token_is_sent_and_redacted(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Botocore sends a token over HTTPS only, so what it does without is seen here."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "my-bearer-token")
    error = SYNC.attempt(SYNC.function(BEDROCK)).error
    assert isinstance(error, errors.StreamError)
    assert "HTTPS" in str(error)
    assert server.requests == []


def test_a_stream_that_ends_before_its_stop_reason_is_truncated(
    server: Loopback, driver: Driver
) -> None:
    server.queue = [Response([START, delta(0, text="Hel")])]
    tried = driver.attempt(driver.function(BEDROCK, max_retries=0))
    assert isinstance(tried.error, errors.StreamTruncated)
    assert tried.stream.state == "truncated"


# Content.


def test_reasoning_has_its_signature_and_is_sent_back(server: Loopback) -> None:
    secret = b"\xff\x00redacted"
    halves = [base64.b64encode(half).decode() for half in (secret[:4], secret[4:])]
    stream, chunks = streamed(
        server,
        delta(0, reasoningContent={"text": "Let me "}),
        delta(0, reasoningContent={"text": "think"}),
        delta(0, reasoningContent={"signature": "c2ln"}),
        block("contentBlockStop", 0),
        *(delta(1, reasoningContent={"redactedContent": half}) for half in halves),
        block("contentBlockStop", 1),
        delta(2, text="Emma"),
        *END,
    )
    assert [chunk.reasoning for chunk in chunks if chunk.reasoning] == ["Let me ", "think"]
    assert (stream.thinking, stream.signature, stream.content) == ("Let me think", "c2ln", "Emma")
    assert chunks[5].chunk["contentBlockDelta"]["delta"] == {
        "reasoningContent": {"redactedContent": secret[:4]}
    }
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Let me think", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": secret}},
        {"text": "Emma"},
    ]
    assert stream.message_param == {"role": "assistant", "content": content}
    common = stream.common_message_param
    again = BaseMessageParam.model_validate_json(common.model_dump_json())
    for message in (stream.message_param, common, again):
        server.queue = [Response.of_json(response_of({"text": "Hi"}))]

        @bedrock.call("m")
        def go_on(message: Any = message) -> Any:
            return [Messages.User("Hi"), message, Messages.User("Go on")]

        go_on()
        sent = server.requests[-1].json["messages"][1]["content"]
        assert sent[1]["reasoningContent"]["redactedContent"] == base64.b64encode(secret).decode()
        assert sent[0] == content[0]


def test_citations_are_kept_with_their_text(server: Loopback) -> None:
    citation = {"title": "Emma", "location": {"documentChar": {"documentIndex": 0, "start": 1}}}
    stream, _ = streamed(
        server, delta(0, text="By "), delta(0, text="Austen"), delta(0, citation=citation), *END
    )
    cited = {"citationsContent": {"content": [{"text": "By Austen"}], "citations": [citation]}}
    assert stream.content == "By Austen"
    response = stream.construct_call_response()
    assert response.response["output"]["message"]["content"] == [cited]
    assert response.content == "By Austen"
    assert plain(server, response_of(cited)).content == "By Austen"


def test_a_tool_that_the_provider_runs_is_no_call(server: Loopback) -> None:
    use = {"toolUseId": "s1", "name": "web_search", "type": "server_tool_use"}
    result = {"toolUseId": "s1", "type": "web_search_result", "status": "success"}
    stream, chunks = streamed(
        server,
        block("contentBlockStart", 0, start={"toolUse": use}),
        delta(0, toolUse={"input": '{"query": "Emma"}'}),
        block("contentBlockStart", 1, start={"toolResult": result}),
        delta(1, toolResult=[{"text": "A novel"}]),
        delta(2, text="Found"),
        *END,
    )
    assert not any(chunk.tool_calls for chunk in chunks)
    assert stream.construct_call_response().tools is None
    kept = stream.construct_call_response().response["output"]["message"]["content"]
    assert kept[0] == {"toolUse": {**use, "input": {"query": "Emma"}}}


def test_guardrail_traces_and_usage_pass_through(server: Loopback) -> None:
    counts = usage(3, 2, cacheReadInputTokens=10, cacheWriteInputTokens=20)
    trace = {"guardrail": {"actionReason": "blocked"}}
    stop = message_stop("guardrail_intervened", additionalModelResponseFields={"a": 1})
    stream, chunks = streamed(server, delta(0, text="No."), stop, metadata(counts, trace=trace))
    assert stream.common_finish_reasons == ["content_filter"]
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (33, 2, 10)
    assert chunks[-1].chunk["metadata"]["trace"] == trace
    assert chunks[-1].usage == counts
    response = stream.construct_call_response().response
    assert (response["trace"], response["additionalModelResponseFields"]) == (trace, {"a": 1})


@pytest.mark.parametrize(
    ("reason", "common"),
    [
        ("end_turn", ["stop"]),
        ("stop_sequence", ["stop"]),
        ("max_tokens", ["length"]),
        ("model_context_window_exceeded", ["length"]),
        ("tool_use", ["tool_calls"]),
        ("content_filtered", ["content_filter"]),
        ("malformed_tool_use", None),
    ],
)
def test_stop_reasons(server: Loopback, reason: str, common: list[str] | None) -> None:
    stream, _ = streamed(server, message_stop(reason), metadata())
    assert (stream.finish_reasons, stream.common_finish_reasons) == ([reason], common)


def test_an_unknown_event_passes_through(server: Loopback) -> None:
    stream, chunks = streamed(server, frame("novelty", {"a": 1}), delta(0, text="Hi"), *END)
    assert chunks[1].chunk == {"novelty": {"a": 1}}
    assert stream.content == "Hi"


def test_streamed_and_plain_responses_have_an_id(server: Loopback) -> None:
    headers = {"x-amzn-requestid": "request-1"}
    server.queue = [
        Response(BEDROCK.response("Hi"), headers=headers),
        Response.of_json(BEDROCK.plain("Hi"), **headers),
    ]
    stream, _ = SYNC.call_and_read(SYNC.function(BEDROCK))
    response = SYNC.call(SYNC.function(BEDROCK, stream=False))
    assert stream.id == stream.construct_call_response().id == response.id == "request-1"


# Requests.


def get_title(title: str) -> str:
    """Returns a title."""
    return title


def test_messages_are_sent_in_bedrock_s_form(server: Loopback) -> None:
    @bedrock.call("m", call_params={"inferenceConfig": {"topP": 0.5}, "system": "And short."})
    def ask() -> bedrock.BedrockDynamicConfig:
        image = ImagePart(media_type="image/png", image=PIXEL, detail=None)
        document = DocumentPart(media_type="text/plain", document=b"Hi")
        return {
            "messages": [
                Messages.System("Be kind."),
                BaseMessageParam(role="user", content=[TextPart(text="What?"), image, document]),
                {"role": "user", "content": [{"text": "Well?"}]},
            ]
        }

    server.queue = [Response.of_json(response_of({"text": "Hi"}))]
    response = ask()
    sent = server.requests[0]
    assert sent.path == "/model/m/converse"
    assert sent.json["system"] == [{"text": "Be kind."}, {"text": "And short."}]
    assert sent.json["inferenceConfig"] == {"topP": 0.5}
    [message] = sent.json["messages"]
    text, image, document, more = message["content"]
    assert (text, more) == ({"text": "What?"}, {"text": "Well?"})
    pixel = base64.b64encode(PIXEL).decode()
    assert image == {"image": {"format": "png", "source": {"bytes": pixel}}}
    assert document["document"]["format"] == "txt"
    assert document["document"]["name"].startswith("document-")
    assert len(response.messages) == 2


def test_common_parameters_are_renamed(server: Loopback) -> None:
    @llm.call(
        "bedrock:m",
        call_params={"temperature": 0.5, "max_tokens": 9, "top_p": 0.1, "stop": ".", "seed": 1},
    )
    def ask() -> str:
        return "Hi"

    server.queue = [Response.of_json(response_of({"text": "Hi"}))]
    ask()
    body = server.requests[0].json
    config = {"temperature": 0.5, "maxTokens": 9, "topP": 0.1, "stopSequences": ["."]}
    assert body["inferenceConfig"] == config
    assert body.keys() == {"messages", "inferenceConfig"}


def test_a_response_model_forces_a_tool(server: Loopback) -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "get_title", "input": {"title": "Emma"}}}
    choices: list[Any] = []
    extra = {"tools": [{"toolSpec": {"name": "other", "inputSchema": {"json": {}}}}]}
    for params in ({}, {"toolConfig": extra}):
        server.queue = [Response.of_json(response_of(use, reason="tool_use"))]
        call: Any = bedrock.call("m", response_model=list[str], call_params=params)
        with pytest.raises(ValueError, match=r"value|tool"):
            call(lambda: "Hi")()
        choices.append(server.requests[-1].json["toolConfig"]["toolChoice"])
    assert choices[0] == {"any": {}}
    assert [*choices[1]] == ["tool"]


def test_a_thinking_model_is_not_forced(server: Loopback) -> None:
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    params: Any = {"additionalModelRequestFields": thinking}
    server.queue = [Response.of_json(response_of({"text": '["Emma"]'}))]
    call: Any = bedrock.call("m", response_model=list[str], call_params=params)
    assert call(lambda: "Hi")() == ["Emma"]
    body = server.requests[0].json
    assert "toolConfig" not in body
    assert body["additionalModelRequestFields"] == thinking


def test_tool_outputs_are_sent_back(server: Loopback) -> None:
    use = {"toolUseId": "t1", "name": "get_title"}
    server.queue = [
        Response(
            [
                START,
                block("contentBlockStart", 0, start={"toolUse": use}),
                *(delta(0, toolUse={"input": part}) for part in ('{"ti', 'tle": "Em', 'ma"}')),
                block("contentBlockStop", 0),
                message_stop("tool_use"),
                metadata(),
            ]
        )
    ]
    stream, items = SYNC.call_and_read(SYNC.function(BEDROCK, tools=[get_title]))
    [tool] = [tool for _, tool in items if tool]
    assert (tool.id, tool.call()) == ("t1", "Emma")
    assert tool.tool_call == {"toolUse": {**use, "input": {"title": "Emma"}}}
    assert stream.tool_message_params([(tool, "Emma")]) == [
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "Emma"}]}}],
        }
    ]


# Clients.


def test_a_client_s_own_retries_are_off_unless_it_sets_them(server: Loopback) -> None:
    server.default = lambda: BEDROCK.refusal(503, "Later.", retry_after="0")
    for options, count in (({}, 3), ({"retries": {"total_max_attempts": 2}}, 2)):
        before = len(server.requests)
        with client(server.url, "a-key-12345", **options) as made:
            attempt = SYNC.attempt(SYNC.function(BEDROCK, client=made))
        assert isinstance(attempt.error, errors.Overloaded)
        assert len(server.requests) - before == count


def test_a_client_whose_events_are_made_up_is_read(server: Loopback) -> None:
    class Made:
        def __init__(self) -> None:
            self.meta = botocore.session.get_session().create_client(
                "bedrock-runtime", region_name="us-east-1", endpoint_url=server.url
            ).meta  # fmt: skip

        def converse_stream(self, **_: object) -> Any:
            events = [
                {"messageStart": {"role": "assistant"}},
                {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}},
                {"messageStop": {"stopReason": "end_turn"}},
                {"metadata": {"usage": usage(3, 2)}},
            ]
            return {"stream": iter(events)}

    stream, _ = SYNC.call_and_read(SYNC.function(BEDROCK, client=Made()))
    assert (stream.state, stream.content) == ("finished", "Hi")


def test_another_thread_closes_a_stream_of_a_user_supplied_client(server: Loopback) -> None:
    server.queue = [Response([START, delta(0, text="Hi"), Stall()])]
    with client(server.url, "a-key-12345") as made:
        stream = SYNC.function(BEDROCK, client=made)("fantasy")
        items = iter(stream)
        while not next(items)[0].content:
            pass
        thread = threading.Thread(target=lambda: list(items), daemon=True)
        thread.start()
        stream.close()
        thread.join(5)
        assert not thread.is_alive()
        assert server.connections[0].disconnected.wait(0.5)


def test_the_connection_of_an_error_serves_the_next_request(
    driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(BEDROCK.error_body("No."), 429)]
    server.queue += [Response(BEDROCK.response("Hello"))]
    function = driver.function(BEDROCK, max_retries=0)
    assert isinstance(driver.attempt(function).error, errors.RateLimited)
    assert driver.attempt(function).text == "Hello"
    assert len(server.connections) == 1


def test_a_task_that_is_cancelled_before_the_response_disconnects(server: Loopback) -> None:
    server.queue = [Response(before=[Stall()])]
    function = Driver(asynchronous=True).function(BEDROCK)

    async def cancel() -> None:
        stream = await function("fantasy")
        with anyio.move_on_after(0.2):
            async for _ in stream:
                pass

    anyio.run(cancel)
    assert server.connections[0].disconnected.wait(0.5)


# Claude, by Anthropic's clients for Bedrock.


def framed(events: list[bytes]) -> list[bytes]:
    data = [line[6:] for each in events for line in each.splitlines() if line.startswith(b"data: ")]
    encoded = [base64.b64encode(each).decode() for each in data]
    return [frame("chunk", {"bytes": each, "p": "abcdefgh"}) for each in encoded]


FRAMES = {"content-type": "application/vnd.amazon.eventstream"}
CLAUDE = framed(ANTHROPIC.response("Hel", "lo"))


def attempt_on_bedrock(driver: Driver, server: Loopback, **options: Any) -> Attempt:
    """Call and read with a client of Anthropic's SDK for Bedrock."""
    settings: Any = {"api_key": "a-bearer-token", "aws_region": "us-east-1"}
    tried = Attempt()

    async def attempt() -> None:
        async with anthropic_sdk.AsyncAnthropicBedrock(base_url=server.url, **settings) as made:
            tried.stream = await driver.function(ANTHROPIC, client=made, **options)("fantasy")
            try:
                async for item in tried.stream:
                    tried.items.append(item)
            except errors.StreamError as error:
                tried.error = error

    if driver.asynchronous:
        driver.run(attempt)
        return tried
    with anthropic_sdk.AnthropicBedrock(base_url=server.url, **settings) as made:
        return driver.attempt(driver.function(ANTHROPIC, client=made, **options))


@pytest.mark.parametrize("size", [1, 11, 100_000])
def test_claude_streams_through_anthropic_s_client(
    server: Loopback, driver: Driver, size: int
) -> None:
    server.queue = [Response(in_pieces(b"".join(CLAUDE), size), headers=FRAMES)]
    tried = attempt_on_bedrock(driver, server)
    assert isinstance(tried.stream, anthropic.AnthropicStream)
    assert (tried.stream.state, tried.stream.content) == ("finished", "Hello")
    counts = (tried.stream.input_tokens, tried.stream.output_tokens, len(tried.items))
    assert counts == (3, 2, 7)
    assert server.requests[0].path == "/model/requested-model/invoke-with-response-stream"


def damaged(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (CLAUDE[:4], errors.StreamTruncated),
        ([*CLAUDE[:3], damaged(CLAUDE[3])], errors.StreamDataError),
        ([*CLAUDE[:3], failure("throttlingException", "Slow down")], errors.RateLimited),
        ([*CLAUDE[:3], Stall()], errors.StreamTimeout),
    ],
)
def test_claude_s_frames_fail_as_others_do(
    server: Loopback, driver: Driver, body: list[Any], kind: type[errors.StreamError]
) -> None:
    server.queue = [Response(body, headers=FRAMES)]
    timeout = Timeout(idle=0.2)
    tried = attempt_on_bedrock(driver, server, max_retries=0, timeout=timeout)
    assert isinstance(tried.error, kind)
    assert isinstance(tried.error, anthropic_sdk.AnthropicError)
    assert tried.text.startswith("Hel")
    assert server.connections[0].disconnected.wait(0.5)
