"""What is Gemini's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from google import genai
from google.genai import errors as sdk_errors
from google.genai.types import (
    Content,
    FileData,
    GenerateContentConfig,
    GenerateContentResponse,
    HttpOptions,
    Part,
)
from pydantic import ValidationError
from support.cases import Case, Driver, event
from support.providers.gemini import GEMINI, HEADER, parts, usage
from support.recordings import recordings

from mirascope import errors
from mirascope.core import BaseMessageParam, Messages, gemini
from mirascope.core.base import (
    AudioPart,
    AudioURLPart,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
)
from mirascope.core.gemini import GeminiCallResponseChunk, GeminiStream
from mirascope.core.gemini._provider import DefaultClient
from mirascope.testing.conformance._closing import endless
from mirascope.testing.conformance._leaving import ASYNC_WAYS
from mirascope.testing.loopback import Abort, Connection, Loopback, Response, Stall

if TYPE_CHECKING:
    from mirascope.core._prompts.message_param import Part as AnyPart

SIGNATURE = base64.b64encode(b"\xff\xfe signed").decode()


@pytest.fixture(params=[GEMINI], ids=["gemini"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def streamed(server: Loopback, *events: bytes, **options: Any) -> tuple[GeminiStream, list[Any]]:
    server.queue = [Response(list(events))]
    driver = Driver(asynchronous=False)
    stream, items = driver.call_and_read(driver.function(GEMINI, max_retries=0, **options))
    return stream, [chunk for chunk, _ in items]


def test_parts_are_those_of_a_plain_response(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        parts({"text": "Hm", "thought": True}),
        parts({"text": "m", "thought": True}, {"text": "Hel"}),
        parts({"text": "lo"}, {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}),
        parts({"executableCode": {"language": "PYTHON", "code": "1"}}),
        parts({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
        parts({"text": "!"}),
        parts({"text": "", "thoughtSignature": SIGNATURE}),
        parts({"text": ""}, finishReason="STOP"),
    )
    assert [chunk.content for chunk in chunks] == ["", "Hel", "lo", "", "", "!", "", ""]
    assert (stream.content, stream.reasoning) == ("Hello!", "Hmm")
    assert [chunk.thinking for chunk in chunks[:2]] == ["Hm", "m"]
    assert stream.thinking == stream.construct_call_response().thinking == "Hmm"
    message = stream.message_param
    assert [part.model_dump(mode="json", exclude_none=True) for part in message.parts or ()] == [
        {"text": "Hmm", "thought": True},
        {"text": "Hello"},
        {"inline_data": {"mime_type": "image/png", "data": "cG5n"}},
        {"executable_code": {"language": "PYTHON", "code": "1"}},
        {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"text": "!"},
        {"text": "", "thought_signature": SIGNATURE.replace("/", "_").replace("+", "-")},
    ]
    assert message.role == "model"


def test_what_is_sent_back_is_what_was_received(server: Loopback) -> None:
    called = {"functionCall": {"name": "f", "args": {"text": None}}, "thoughtSignature": SIGNATURE}
    first, _ = streamed(server, parts({"text": "a"}), parts(called, finishReason="STOP"))
    said = first.message_param

    @gemini.call("m", stream=True)
    def again() -> list[Any]:
        return [Messages.User("Hi"), said]

    server.queue = [Response(GEMINI.response("b"))]
    for _ in again():
        pass
    sent = server.requests[-1].json["contents"]
    assert [content["role"] for content in sent] == ["user", "model"]
    assert base64.urlsafe_b64decode(sent[1]["parts"][1].pop("thoughtSignature")) == (
        base64.b64decode(SIGNATURE)
    )
    assert sent[1]["parts"] == [{"text": "a"}, {"functionCall": called["functionCall"]}]


def test_tool_calls_are_complete_and_may_have_no_id(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        parts({"functionCall": {"name": "a", "args": {"x": 1}}}, {"functionCall": {"name": "b"}}),
        parts({"functionCall": {"name": "a", "args": {}, "id": "call-3"}}, finishReason="STOP"),
    )
    calls = [(c.id, c.name, c.arguments) for c in stream._decoder.reply.tool_calls]
    assert calls == [(None, "a", '{"x": 1}'), (None, "b", "{}"), ("call-3", "a", "{}")]
    assert [call.key for chunk in chunks for call in chunk.tool_calls] == [0, 1, 2]
    assert stream.finish_reasons == ["STOP"]
    alone = GeminiCallResponseChunk(chunk=chunks[0].chunk)
    assert [call.name for call in alone.tool_calls] == ["a", "b"]


def test_a_blocked_prompt_ends_with_its_reason(server: Loopback) -> None:
    stream, chunks = streamed(
        server, event({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **HEADER})
    )
    assert (stream.state, stream.content) == ("finished", "")
    assert chunks[0].finish_reasons == stream.finish_reasons == ["PROHIBITED_CONTENT"]
    response = stream.construct_call_response()
    assert response.finish_reasons == ["PROHIBITED_CONTENT"]
    assert response.message_param.parts == []


def test_tokens_are_totals_that_hold_thoughts_and_what_tools_found(server: Loopback) -> None:
    counts = usage(10, 4) | {"thoughtsTokenCount": 3, "toolUsePromptTokenCount": 5}
    counts |= {"cachedContentTokenCount": 2}
    stream, chunks = streamed(
        server,
        event({"candidates": [], "usageMetadata": {"promptTokenCount": 10}}),
        event({"usageMetadata": usage(10, 1)}),
        parts({"text": "a"}, finishReason="STOP"),
        event({"usageMetadata": counts, **HEADER}),
    )
    assert [chunk.output_tokens for chunk in chunks] == [None, 1, 1, 7]
    assert (stream.input_tokens, stream.output_tokens, stream.cached_tokens) == (15, 7, 2)
    assert chunks[-1].usage == stream.construct_call_response().usage
    assert chunks[-1].usage.thoughts_token_count == 3


def test_a_response_may_have_several_candidates(server: Loopback) -> None:
    def of(*candidates: dict[str, Any]) -> bytes:
        return event({"candidates": list(candidates)})

    def says(text: str) -> dict[str, Any]:
        return {"content": {"parts": [{"text": text}]}}

    stream, _ = streamed(
        server,
        of(says("a"), {**says("x"), "index": 1}),
        of({**says("y"), "index": 1, "finishReason": "MAX_TOKENS"}),
        of({**says("b"), "finishReason": "STOP"}),
    )
    assert stream.content == "ab"
    assert stream.finish_reasons == ["STOP", "MAX_TOKENS"]
    response = stream.construct_call_response()
    assert response.finish_reasons == ["STOP", "MAX_TOKENS"]
    candidates = response.response.candidates or ()
    assert [c.content.parts[0].text for c in candidates if c.content and c.content.parts] == [
        "ab",
        "xy",
    ]


def test_text_after_a_finish_reason_is_still_yielded(server: Loopback) -> None:
    stream, _ = streamed(
        server, parts({"text": "a"}, finishReason="STOP"), parts({"text": "b"}, finishReason="STOP")
    )
    assert stream.construct_call_response().content == "ab"


def test_citations_add_up_and_grounding_is_merged(server: Loopback) -> None:
    def cited(number: int) -> dict[str, Any]:
        return {"citationMetadata": {"citations": [{"uri": str(number)}]}}

    stream, _ = streamed(
        server,
        parts({"text": "a"}, **cited(1), groundingMetadata={"webSearchQueries": ["q"]}),
        parts({"text": "b"}, **cited(1), groundingMetadata={}),
        parts({"text": "c"}, **cited(2), safetyRatings=[{"probability": "LOW"}]),
        parts({"text": "d"}, safetyRatings=[{"probability": "HIGH"}], finishReason="STOP"),
    )
    (candidate,) = stream.construct_call_response().response.candidates or ()
    assert candidate.citation_metadata
    assert [c.uri for c in candidate.citation_metadata.citations or ()] == ["1", "2"]
    assert candidate.grounding_metadata
    assert candidate.grounding_metadata.web_search_queries == ["q"]
    assert [str(rating.probability) for rating in candidate.safety_ratings or ()] == [
        "HarmProbability.HIGH"
    ]


def test_an_error_without_a_frame_is_an_error(driver: Driver, server: Loopback) -> None:
    bare = json.dumps({"error": {"code": 499, "message": "No.", "status": "CANCELLED"}}, indent=2)
    good = b"".join([GEMINI.text("a"), parts({"text": "b"}, finishReason="STOP")])
    body = good.replace(b"\n", b"\r\n") + bare.replace("\n", "\r\n").encode()
    for size in (1, 7, len(good) + 2, len(body)):
        server.queue = [Response([body[i : i + size] for i in range(0, len(body), size)])]
        with pytest.raises(errors.StreamAPIError, match="499 CANCELLED") as caught:
            driver.call_and_read(driver.function(GEMINI, max_retries=0))
        assert isinstance(caught.value, sdk_errors.ClientError)
        assert (caught.value.status_code, caught.value.code) == (499, 499)
        assert caught.value.partial
        assert caught.value.partial.content == "ab"


def test_bare_json_without_a_response_is_an_error(server: Loopback) -> None:
    with pytest.raises(errors.StreamTruncated):
        streamed(server, b'[{"candidates": []}]')


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_a_last_event_may_lack_its_blank_line(server: Loopback, cut: int) -> None:
    last = parts({"text": "b"}, finishReason="STOP")[:-cut]
    if cut == 20:
        with pytest.raises(errors.StreamTruncated):
            streamed(server, GEMINI.text("a"), last)
    else:
        assert streamed(server, GEMINI.text("a"), last)[0].content == "ab"


def test_fields_unknown_to_the_sdk_do_not_matter(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        event({"candidates": "odd", "usageMetadata": 7, "responseId": 7, "promptFeedback": []}),
        event({"candidates": [None, {"content": []}, {"content": {"parts": [None, {}, 7]}}]}),
        event({"candidates": [{"content": {"parts": [{"functionCall": 7}, {"text": 7}]}}]}),
        parts({"text": "a", "thought": "odd"}, {"newPart": {"x": 1}}, newField=[1]),
        event({"serverContent": {}, "error": None}),
        parts({"text": "b"}, safetyRatings=[{"category": "A_NEW_ONE"}]),
        parts({"text": "c"}, finishReason="A_NEW_REASON"),
        parts(index=1, finishReason="STOP"),
        parts(index=2, finishReason="STOP"),
    )
    assert stream.content == "abc"
    assert stream.finish_reasons == ["A_NEW_REASON", "STOP", "STOP"]
    assert all(isinstance(chunk.chunk, GenerateContentResponse) for chunk in chunks)
    response = stream.construct_call_response()
    assert (response.content, response.finish_reasons) == ("abc", stream.finish_reasons)


def test_an_emoji_may_be_cut_in_two_json_escapes(server: Loopback) -> None:
    stream, chunks = streamed(
        server,
        parts({"text": "\ud83e"}),
        parts({"text": "\udd8a"}, finishReason="STOP"),
    )
    assert stream.content.encode("utf-16", "surrogatepass").decode("utf-16") == "🦊"
    assert stream.construct_call_response().content == stream.content
    assert all(chunk.chunk for chunk in chunks)


def test_parameters_and_system_messages_are_the_config(server: Loopback) -> None:
    params: list[Any] = [
        {"temperature": 0.5, "max_tokens": 7, "top_p": 0.1, "stop": "x", "seed": 1},
        {"generation_config": {"max_output_tokens": 7, "stop_sequences": ["x"]}},
        {"config": GenerateContentConfig(max_output_tokens=7, system_instruction="First.")},
        {"max_output_tokens": 7, "thinking_config": {"include_thoughts": True}},
    ]

    def tool(x: int) -> int:
        raise AssertionError(x)

    for call_params in params:
        server.queue = [Response(GEMINI.response("a"))]

        @gemini.call("m", stream=True, call_params={**call_params, "tools": [tool]})
        def ask() -> list[Any]:
            old_form = {"role": "model", "parts": ["Yes?"]}
            return [Messages.System("Be brief."), Messages.User("Hi"), old_form]

        stream = ask()
        assert [chunk.content for chunk, _ in stream] == ["a", ""]
        assert stream.messages == [
            Content(role="user", parts=[Part(text="Hi")]),
            Content(role="model", parts=[Part(text="Yes?")]),
        ]
    bodies = [request.json for request in server.requests]
    assert [body["generationConfig"]["maxOutputTokens"] for body in bodies] == [7] * 4
    assert [body["generationConfig"].get("stopSequences") for body in bodies] == [
        ["x"],
        ["x"],
        None,
        None,
    ]
    assert bodies[0]["generationConfig"]["seed"] == 1
    system = [[p["text"] for p in body["systemInstruction"]["parts"]] for body in bodies]
    assert system == [["Be brief."], ["Be brief."], ["First.", "Be brief."], ["Be brief."]]
    with pytest.raises(ValidationError):
        gemini.call("m", stream=True, call_params={"temprature": 1})(lambda: "Hi")()  # type: ignore[call-overload]


FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc-123"
MEDIA_BY_URL: list[tuple[AnyPart, str | None]] = [
    (ImageURLPart(url="http://127.0.0.1/a.png"), "image/png"),
    (ImageURLPart(url="https://cdn.invalid/a.jpg?X-Goog-Signature=0a.pdf&e=1#f"), "image/jpeg"),
    (ImageURLPart(url="https://cdn.invalid/images/42"), None),
    (ImageURLPart(url="https://cdn.invalid/images/42.html"), None),
    (ImageURLPart(url="https://cdn.invalid/images/42", media_type="image/webp"), "image/webp"),
    (ImageURLPart(url="https://cdn.invalid/a.png", media_type="image/webp"), "image/webp"),
    (AudioURLPart(url="gs://bucket/sound.mp3"), "audio/mpeg"),
    (AudioURLPart(url="gs://bucket/sound"), None),
    (AudioURLPart(url="gs://bucket/sound", media_type="audio/ogg"), "audio/ogg"),
    (DocumentURLPart(url=FILE), None),
    (DocumentURLPart(url=FILE, media_type="application/pdf"), "application/pdf"),
    (DocumentURLPart(url="https://www.youtube.com/watch?v=9hE5-98ZeCg"), None),
    (DocumentURLPart(url="https://youtu.be/9hE5-98ZeCg", media_type="video/mp4"), "video/mp4"),
    (DocumentURLPart(url="gs://bucket/report.pdf?generation=1"), "application/pdf"),
]


@pytest.mark.parametrize(
    ("part", "media_type"), MEDIA_BY_URL, ids=lambda each: getattr(each, "url", each)
)
def test_media_are_sent_by_url_and_received(
    server: Loopback, part: Any, media_type: str | None
) -> None:
    server.queue = [Response.of_json(GEMINI.plain("ok"))]

    @gemini.call("m")
    def look() -> BaseMessageParam:
        return Messages.User(["Look:", part])

    response = look()
    sent = server.requests[0].json["contents"][0]["parts"][1]
    assert Part.model_validate(sent) == Part(
        file_data=FileData(file_uri=part.url, mime_type=media_type)
    )
    (message,) = response.common_messages
    assert isinstance(message.content, list)
    back = message.content[1]
    assert (back.url, back.media_type) == (part.url, media_type)
    assert type(back) is (DocumentURLPart if media_type is None else type(part))


def test_message_parts_are_encoded(server: Loopback) -> None:
    server.queue = [Response.of_json(GEMINI.plain("ok"))]

    @gemini.call("m")
    def look(*more: AnyPart) -> BaseMessageParam:
        return Messages.User(
            [
                "Look:",
                ImagePart(media_type="image/png", image=b"png"),
                ImageURLPart(url="http://127.0.0.1/a.png"),
                AudioPart(media_type="audio/wav", audio="d2F2"),
                DocumentPart(media_type="application/pdf", document=b"pdf"),
                *more,
            ]
        )

    look()
    sent = server.requests[0].json["contents"][0]["parts"]
    assert [Part.model_validate(part) for part in sent] == [
        Part(text="Look:"),
        Part.from_bytes(data=b"png", mime_type="image/png"),
        Part.from_uri(file_uri="http://127.0.0.1/a.png", mime_type="image/png"),
        Part.from_bytes(data=b"wav", mime_type="audio/wav"),
        Part.from_bytes(data=b"pdf", mime_type="application/pdf"),
    ]
    with pytest.raises(ValueError, match="Gemini messages cannot have cache_control"):
        look(CacheControlPart(cache_type="ephemeral"))


def test_either_environment_variable_may_hold_the_api_key(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "the-one-that-wins")
    streamed(server, *GEMINI.response("a"))
    assert GEMINI.key_of(server.requests[0]) == "the-one-that-wins"
    monkeypatch.delenv("GOOGLE_API_KEY")
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(errors.AuthenticationFailed, match="GEMINI_API_KEY or GOOGLE_API_KEY"):
        streamed(server)


def test_the_default_client_has_a_timeout(server: Loopback) -> None:
    client = DefaultClient()
    seen: list[dict[str, float]] = []
    hooks = client.http.event_hooks

    def see(request: httpx2.Request) -> None:
        seen.append(request.extensions["timeout"])

    client.http.event_hooks = {**hooks, "request": [*hooks["request"], see]}
    streamed(server, *GEMINI.response("a"), client=client)
    streamed(server, *GEMINI.response("a"), client=client, call_params=GEMINI.timeout(7))
    client.http.close()
    assert [(timeout["connect"], timeout["read"]) for timeout in seen] == [(5, 600), (7, 7)]


# A user-supplied client yields typed items, not bytes.


def own_client(server: Loopback, http: httpx2.AsyncClient | None = None) -> genai.Client:
    options = HttpOptions(base_url=server.url, httpx_async_client=http)
    return genai.Client(api_key="own-key", http_options=options)


@pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
def test_stopping_closes_a_stream_of_a_user_supplied_client(
    server: Loopback, leave: Callable[[Any], Awaitable[None]]
) -> None:
    server.queue = [endless(GEMINI)]

    async def ask_and_leave() -> Any:
        async with httpx2.AsyncClient() as http:
            client = own_client(server, http)
            function = Driver(asynchronous=True).function(GEMINI, client=client)
            stream = await function("fantasy")
            await leave(stream)
            await gone(server.connections[0])
            return stream

    assert anyio.run(ask_and_leave).state == "closed"


async def gone(connection: Connection) -> None:
    assert await anyio.to_thread.run_sync(connection.disconnected.wait, 0.5)


def test_another_task_closes_a_stream_of_a_user_supplied_client(server: Loopback) -> None:
    server.queue = [Response([GEMINI.text("a"), Stall()])]

    async def read_and_close() -> Any:
        async with httpx2.AsyncClient() as http, anyio.create_task_group() as tasks:
            function = Driver(asynchronous=True).function(GEMINI, client=own_client(server, http))
            stream = await function("fantasy")
            first = anyio.Event()

            async def read() -> None:
                async for _ in stream:
                    first.set()

            tasks.start_soon(read)
            await first.wait()
            await anyio.lowlevel.checkpoint()
            await stream.aclose()
            await gone(server.connections[0])
            return stream

    stream = anyio.run(read_and_close)
    assert (stream.state, stream.content) == ("closed", "a")


def test_a_stream_of_a_user_supplied_client_reads_the_same(server: Loopback) -> None:
    events = [
        parts({"text": "Hm", "thought": True}),
        parts({"functionCall": {"name": "f", "id": "call-1"}, "thoughtSignature": SIGNATURE}),
        *GEMINI.response("Hello"),
    ]
    with own_client(server) as client:
        mine, chunks = streamed(server, *events, client=client)
        ours, _ = streamed(server, *events)
        assert len(chunks) == 4
        assert mine.construct_call_response().response.candidates == (
            ours.construct_call_response().response.candidates
        )
        assert (mine.model, mine.id, mine.output_tokens) == (ours.model, ours.id, 2)
        for fault, kind in [
            (Abort(), errors.StreamConnectionError),
            (GEMINI.failure, errors.Overloaded),
            (b"data: {no\n\n", errors.StreamDataError),
            (b"", errors.StreamTruncated),
        ]:
            server.queue = [Response([GEMINI.text("a"), fault])]
            function = Driver(asynchronous=False).function(GEMINI, client=client)
            with pytest.raises(kind) as caught:
                list(function("fantasy"))
            assert isinstance(caught.value, sdk_errors.APIError)
        server.queue = [Response.of_json(GEMINI.error_body("No"), 503, **{"retry-after": "0"})]
        server.queue += [endless(GEMINI)]
        for _ in Driver(asynchronous=False).function(GEMINI, client=client)("fantasy"):
            break
        assert server.connections[-1].disconnected.wait(0.5)


def test_calls_in_fragments_are_assembled(server: Loopback) -> None:
    def piece(**call: object) -> bytes:
        return parts({"functionCall": call})

    def adds(path: str, more: bool = False, **value: object) -> bytes:  # noqa: FBT001, FBT002
        partial = {"jsonPath": path, **value, **({"willContinue": True} if more else {})}
        return piece(partialArgs=[partial], willContinue=True)

    server.queue = [
        Response(
            [
                piece(name="cook", willContinue=True),
                adds("$.recipe.steps[0]", more=True, stringValue="Stir"),
                adds("$.recipe.steps[0]", more=True, stringValue=" well"),
                adds("$.recipe.steps[0]", stringValue=""),
                adds("$.recipe.steps[1]", stringValue="Eat"),
                adds("$.recipe['how many']", numberValue=2),
                adds("$.cold", boolValue=False),
                adds("$.note", nullValue="NULL_VALUE"),
                piece(),
                piece(name="wait"),
                piece(name="cook", args={"recipe": {}}),
                *GEMINI.end(3, 2),
            ]
        )
    ]

    def cook(recipe: dict[str, Any], note: str | None = None, *, cold: bool = True) -> None: ...
    def wait() -> None: ...

    driver = Driver(asynchronous=False)
    stream, items = driver.call_and_read(driver.function(GEMINI, tools=[cook, wait]))
    recipe = {"steps": ["Stir well", "Eat"], "how many": 2}
    assert [(tool._name(), tool.args) for _, tool in items if tool] == [
        ("cook", {"recipe": recipe, "note": None, "cold": False}),
        ("wait", {}),
        ("cook", {"recipe": {}, "note": None, "cold": True}),
    ]
    sent_back = [part.function_call.args for part in stream.message_param.parts]
    assert sent_back == [{"recipe": recipe, "cold": False, "note": None}, {}, {"recipe": {}}]


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("stream-tool-call-arguments", ["Boston", "San Francisco"]),
        ("stream-no-args-tool-call", [None, "A", "B", "C"]),
        ("vertex-stream-tool-call-arguments-nested.1", ["Lasagna"]),
    ],
)
def test_recorded_calls_in_fragments_are_assembled(
    server: Loopback, name: str, calls: list[Any]
) -> None:
    found = [r for r in recordings("gemini") if r.name.endswith(f"google-{name}.chunks")]
    if not found:
        pytest.skip("there are no recordings")
    server.queue = [Response([found[0].body])]
    stream, _ = Driver(asynchronous=False).call_and_read(
        Driver(asynchronous=False).function(GEMINI)
    )
    reported = [json.loads(call.arguments) for call in stream.reply.tool_calls]
    firsts = [next(iter(args.values()), None) for args in reported]
    assert [first["name"] if isinstance(first, dict) else first for first in firsts] == calls
    assert all(call.name for call in stream.reply.tool_calls)


def test_the_timeout_of_a_user_supplied_client_is_kept(server: Loopback) -> None:
    server.queue = [Response([parts({"text": "Hello"}), Stall()])]
    options = HttpOptions(base_url=server.url, timeout=250)
    with genai.Client(api_key="a-key", http_options=options) as client:
        stream = Driver(asynchronous=False).function(GEMINI, client=client)("fantasy")
        with pytest.raises(errors.StreamTimeout):
            list(stream)
    assert stream.content == "Hello"
