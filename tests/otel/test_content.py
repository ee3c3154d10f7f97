"""Prompts and responses are on spans only if that is requested, in the JSON of the conventions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.cases import Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.bedrock import BEDROCK
from support.providers.gemini import GEMINI
from support.spans import Spans, attributes, traced

from mirascope import BaseMessageParam, BaseTool, Messages
from mirascope.core.base import (
    AudioPart,
    CacheControlPart,
    DocumentPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.otel._content import _message
from mirascope.testing.conformance import CallDelta, CallEnd, CallStart, Text, one_after_another
from mirascope.testing.loopback import Loopback, Response

CONTENT = {
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
}
APART = {"anthropic", "bedrock", "gemini"}
"""The providers whose API takes system messages apart from the others."""

SYNC = Driver(asynchronous=False)


class GetAuthor(BaseTool):
    """Returns the author of a book."""

    title: str

    def call(self) -> str:
        return self.title


def text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}


def content_of(spans: Spans) -> dict[str, Any]:
    found = attributes(spans.one)
    return {name: json.loads(found[name]) for name in CONTENT & found.keys()}


def conversation(case: Case, **options: Any) -> Any:
    """Return a function that sends a conversation with a system message and a tool."""

    def converse() -> list[BaseMessageParam]:
        call = ToolCallPart(name="GetAuthor", args={"title": "Emma"}, id="call_00000")
        result = ToolResultPart(name="GetAuthor", content="Austen", id="call_00000")
        return [
            Messages.System("Be brief."),
            Messages.User("Who wrote Emma?"),
            BaseMessageParam(role="assistant", content=[call]),
            BaseMessageParam(role="tool", content=[result]),
        ]

    return case.call("requested-model", tools=[GetAuthor], **options)(converse)


def test_no_content_is_recorded_by_default(case: Case, server: Loopback, spans: Spans) -> None:
    server.queue = [Response(case.response("Hello"))]
    list(conversation(case, stream=True)())
    recorded = json.dumps({**attributes(spans.one), "name": spans.one.name})
    assert not CONTENT & attributes(spans.one).keys()
    for secret in ("Be brief", "Emma", "Austen", "Hello", "a-secret-key"):
        assert secret not in recorded


def test_a_conversation_is_recorded(case: Case, server: Loopback) -> None:
    server.queue = [
        Response([*case.begin, case.reasoning("hm"), case.text("Jane"), *case.end(3, 2)])
    ]
    with traced(capture_content=True) as spans:
        list(conversation(case, stream=True)())
    found = content_of(spans)
    system = [text("Be brief.")]
    assert found.pop("gen_ai.system_instructions", None) == (
        system if case.family in APART else None
    )
    *lead, user, called, result = found["gen_ai.input.messages"]
    assert lead == ([] if case.family in APART else [{"role": "system", "parts": system}])
    assert user == {"role": "user", "parts": [text("Who wrote Emma?")]}
    assert called["role"] == "assistant"
    call = {"type": "tool_call", "id": "call_00000", "name": "GetAuthor"}
    assert called["parts"] == [{**call, "arguments": {"title": "Emma"}}]
    given = {"type": "tool_call_response", "id": "call_00000", "response": "Austen"}
    assert result == {"role": "tool", "parts": [given]}
    (answer,) = found["gen_ai.output.messages"]
    thought = {"type": "reasoning", "content": "hm"}
    assert answer == {
        "role": "assistant",
        "parts": [thought, text("Jane")],
        "finish_reason": "stop",
    }
    (tool,) = found["gen_ai.tool.definitions"]
    assert (tool["type"], tool["name"]) == ("function", "GetAuthor")
    assert tool["description"] == "Returns the author of a book."
    assert tool["parameters"]["properties"] == {"title": {"type": "string"}}


@pytest.mark.parametrize(
    ("case", "params"),
    [
        (ANTHROPIC, {"system": "Be brief."}),
        (ANTHROPIC, {"system": [{"type": "text", "text": "Be brief."}]}),
        (BEDROCK, {"system": [{"text": "Be brief."}]}),
        (GEMINI, {"system_instruction": "Be brief."}),
        (GEMINI, {"config": {"system_instruction": [{"text": "Be brief."}]}}),
    ],
)
def test_instructions_of_call_parameters_are_recorded(
    case: Case, server: Loopback, params: dict[str, Any]
) -> None:
    server.default = lambda: Response(case.response("Hello"))
    with traced(capture_content=True) as spans:
        list(SYNC.function(case, call_params=params)("fantasy"))
    assert content_of(spans)["gen_ai.system_instructions"] == [text("Be brief.")]


@pytest.mark.parametrize("stream", [True, False])
def test_tool_calls_are_recorded(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    arguments = '{"title": "Emma"}'
    steps = [Text("Well"), *one_after_another(("GetAuthor", arguments))]
    server.queue = [
        Response(case.tool_call_response(*steps))
        if stream
        else Response.of_json(case.called_plain("GetAuthor", arguments))
    ]
    with traced(capture_content=True) as spans:
        function = driver.function(case, stream=stream, tools=[GetAuthor])
        driver.call_and_read(function) if stream else driver.call(function)
    (message,) = content_of(spans)["gen_ai.output.messages"]
    (call,) = [part for part in message["parts"] if part["type"] == "tool_call"]
    assert (call["name"], call["arguments"]) == ("GetAuthor", {"title": "Emma"})
    assert message["finish_reason"] == "tool_calls"


def test_what_was_received_before_a_failure_is_recorded(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response([*case.begin, case.text("Hel"), case.failure])]
    with traced(capture_content=True) as spans:
        assert driver.attempt(driver.function(case)).error
    (message,) = content_of(spans)["gen_ai.output.messages"]
    assert (message["parts"], message["finish_reason"]) == ([text("Hel")], "error")


def test_a_call_that_is_cut_off_leaves_the_rest_of_the_span(
    case: Case, driver: Driver, server: Loopback
) -> None:
    steps = [CallStart(0, "GetAuthor"), CallDelta(0, '{"title": "Em')]
    if case.whole_calls:
        steps += [CallDelta(0, 'ma"}'), CallEnd(0)]
    server.queue = [Response([*case.begin, case.text("Hel"), *case.steps(steps)])]
    with traced(capture_content=True) as spans:
        assert driver.attempt(driver.function(case, tools=[GetAuthor])).error
    found = content_of(spans)
    assert found["gen_ai.input.messages"]
    parts = found["gen_ai.output.messages"][0]["parts"]
    assert text("Hel") in parts


def test_the_environment_requests_content(
    server: Loopback, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, captured in (
        ("true", True),
        ("SPAN_ONLY", True),
        ("span_and_event", True),
        ("EVENT_ONLY", False),
        ("no_content", False),
        ("", False),
    ):
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
        server.queue = [Response(case.response("Hello"))]
        with traced() as spans:
            list(SYNC.function(case)("fantasy"))
        assert ("gen_ai.output.messages" in attributes(spans.one)) is captured, value
    server.queue = [Response(case.response("Hello"))]
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    with traced(capture_content=False) as spans:
        list(SYNC.function(case)("fantasy"))
    assert not CONTENT & attributes(spans.one).keys()


def test_content_is_redacted(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("fantasy is fine"))]

    def redact(value: str) -> str | None:
        return None if '"user"' in value else value.replace("fantasy", "***")

    with traced(capture_content=True, redact=redact) as spans:
        list(SYNC.function(case)("fantasy"))
    found = content_of(spans)
    assert found.keys() == {"gen_ai.output.messages"}
    assert found["gen_ai.output.messages"][0]["parts"] == [text("*** is fine")]


def test_a_redaction_that_fails_leaves_the_content_out(
    case: Case, server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    server.queue = [Response(case.response("Hello"))]

    def redact(value: str) -> str:
        raise LookupError(value)

    with traced(capture_content=True, redact=redact) as spans:
        assert list(SYNC.function(case)("fantasy"))
    assert not CONTENT & attributes(spans.one).keys()
    assert attributes(spans.one)["gen_ai.usage.output_tokens"] == 2
    assert "recorded without gen_ai.input.messages: LookupError" in caplog.text
    assert "fantasy" not in caplog.text


def test_media_are_recorded_without_their_bytes() -> None:
    pixel = "data:image/png;base64,aGk="
    message = BaseMessageParam(
        role="user",
        content=[
            TextPart(text="See"),
            CacheControlPart(cache_type="ephemeral"),
            ImagePart(media_type="image/png", image=b"x" * 1000),
            AudioPart(media_type="audio/wav", audio="eHh4"),
            DocumentPart(media_type="application/pdf", document=b"x"),
            ImageURLPart(url="https://example.com/a.png"),
            ImageURLPart(url=pixel),
        ],
    )

    def blob(modality: str, media_type: str) -> dict[str, str]:
        return {"type": "blob", "modality": modality, "mime_type": media_type, "content": ""}

    link = {"type": "uri", "modality": "image", "mime_type": None}
    assert _message(message)["parts"] == [
        text("See"),
        blob("image", "image/png"),
        blob("audio", "audio/wav"),
        blob("document", "application/pdf"),
        {**link, "uri": "https://example.com/a.png"},
        blob("image", "image/png"),
    ]
