"""What browsers send back, and what they should not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mirascope.core import (
    AudioPart,
    BaseMessageParam,
    DocumentPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.web import ag_ui, ai_sdk

PNG = base64.b64encode(b"\x89PNG").decode()


def ui(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "role": role, "parts": list(parts)}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def tool(state: str, **more: Any) -> dict[str, Any]:
    part = {"type": "tool-get_author", "toolCallId": "c1", "state": state}
    return {**part, "input": {"title": "Emma"}, **more}


def read(*messages: dict[str, Any]) -> ai_sdk.Conversation:
    return ai_sdk.messages({"id": "chat", "messages": list(messages), "trigger": "submit-message"})


CALL = ToolCallPart(name="get_author", args={"title": "Emma"}, id="c1")


def result(content: str, *, failed: bool = False) -> BaseMessageParam:
    part = ToolResultPart(name="get_author", content=content, id="c1", is_error=failed)
    return BaseMessageParam(role="tool", content=[part])


def test_texts() -> None:
    assert read(ui("system", text("Be "), text("kind.")), ui("user", text("Hi"))) == [
        BaseMessageParam(role="system", content="Be kind."),
        BaseMessageParam(role="user", content="Hi"),
    ]


def test_bytes_and_a_bare_list() -> None:
    messages = [ui("user", text("Hi"))]
    assert ai_sdk.messages(json.dumps(messages).encode()) == ai_sdk.messages(messages)
    assert ai_sdk.messages(json.dumps({"messages": messages})) == ai_sdk.messages(messages)


def test_files() -> None:
    def file(url: str, media_type: str) -> dict[str, Any]:
        return {"type": "file", "url": url, "mediaType": media_type, "filename": "f"}

    (message,) = read(
        ui(
            "user",
            text("Look:"),
            file(f"data:image/png;base64,{PNG}", "image/png"),
            file("https://example.com/a.jpg", "image/jpeg"),
            file(f"data:audio/wav;base64,{PNG}", "audio/wav"),
            file(f"data:application/pdf;base64,{PNG}", "application/pdf"),
        )
    )
    assert list(message.content) == [
        TextPart(text="Look:"),
        ImagePart(media_type="image/png", image=b"\x89PNG"),
        ImageURLPart(url="https://example.com/a.jpg", media_type="image/jpeg"),
        AudioPart(media_type="audio/wav", audio=b"\x89PNG"),
        DocumentPart(media_type="application/pdf", document=b"\x89PNG"),
    ]


def test_the_steps_of_an_answer() -> None:
    answer = ui(
        "assistant",
        {"type": "step-start"},
        {"type": "reasoning", "text": "Hm", "state": "done"},
        text("Let me see."),
        tool("output-available", output={"author": "Austen"}),
        {"type": "step-start"},
        {"type": "source-url", "sourceId": "s", "url": "https://example.com"},
        {"type": "data-object", "data": {}},
        text("Austen."),
    )
    assert read(answer) == [
        BaseMessageParam(role="assistant", content=[TextPart(text="Let me see."), CALL]),
        result('{"author":"Austen"}'),
        BaseMessageParam(role="assistant", content="Austen."),
    ]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (tool("output-available", output="Austen"), result("Austen")),
        (tool("output-available", output=None), result("null")),
        (tool("output-error", errorText="No."), result("No.", failed=True)),
        (
            tool("output-denied", approval={"id": "a", "approved": False, "reason": "no"}),
            result("The user denied this call: no", failed=True),
        ),
        (
            tool("approval-responded", approval={"id": "a", "approved": False}),
            result("The user denied this call.", failed=True),
        ),
        (
            tool("output-available", output="x")
            | {"type": "dynamic-tool", "toolName": "get_author"},
            result("x"),
        ),
    ],
)
def test_the_ends_of_a_call(part: dict[str, Any], told: BaseMessageParam) -> None:
    assert read(ui("assistant", part)) == [
        BaseMessageParam(role="assistant", content=[CALL]),
        told,
    ]


@pytest.mark.parametrize("state", ["input-streaming", "input-available", "approval-requested"])
def test_a_call_that_nobody_answered_is_left_out(state: str) -> None:
    part = tool(state, approval={"id": "a"})
    assert read(ui("assistant", text("Hm."), part), ui("user", text("Well?"))) == [
        BaseMessageParam(role="assistant", content="Hm."),
        BaseMessageParam(role="user", content="Well?"),
    ]


def test_a_call_that_is_approved_waits_for_its_result() -> None:
    part = tool("approval-responded", approval={"id": "a", "approved": True})
    messages = read(ui("user", text("Hi")), ui("assistant", part))
    assert messages.approved == [CALL]
    messages.add_result(CALL, {"author": "Austen"})
    assert messages[2:] == [result('{"author":"Austen"}')]
    messages = read(ui("assistant", part))
    messages.add_result(CALL, ValueError("No."))
    assert messages[1:] == [result("No.", failed=True)]


def test_an_approval_before_the_last_message_runs_no_more() -> None:
    part = tool("approval-responded", approval={"id": "a", "approved": True})
    messages = read(ui("assistant", text("Hm."), part), ui("user", text("Never mind")))
    assert messages.approved == []
    assert messages[0] == BaseMessageParam(role="assistant", content="Hm.")


def test_a_message_that_was_changed_is_not_taken_for_the_providers() -> None:
    kept = BaseMessageParam(
        role="assistant",
        content="Yes.",
        native={"provider": "openai", "message": {"role": "assistant", "content": "Yes."}},
    ).model_dump(mode="json")
    (same,) = read(ui("assistant", text("Yes."), {"type": "data-message", "data": kept}))
    assert same.native is not None
    (other,) = read(ui("assistant", text("No."), {"type": "data-message", "data": kept}))
    assert other == BaseMessageParam(role="assistant", content="No.")
    user = kept | {"role": "system"}
    for data in (user, {}, "x", None):
        (none,) = read(ui("assistant", text("Yes."), {"type": "data-message", "data": data}))
        assert none == BaseMessageParam(role="assistant", content="Yes.")


BAD: list[tuple[Any, str]] = [
    (b"x", "the body is not JSON: Expecting value at character 0"),
    (b"\xff\xfe\x00", "the body is not JSON"),
    ("[" * 100_000, "the body is not JSON: it is nested too deeply|nested more than"),
    ("[" + "1" * 5000 + "]", "the body is not JSON: a number is too long"),
    (b'[{"role": "user", "parts": "\\ud83d"}]', "half of a surrogate pair"),
    (1, "the body must be an object, not a number"),
    (None, "the body must be an object, not missing or null"),
    ({}, "messages must be a list, not missing or null"),
    ({"messages": []}, "messages is empty"),
    ({"messages": [1]}, r"messages\[0\] must be an object, not a number"),
    ({"messages": [{"role": "user"}]}, r"messages\[0\].parts must be a list"),
    ([ui("robot")], r"messages\[0\].role must be system, user or assistant, not 'robot'"),
    (
        [ui("user", {"type": "hologram"})],
        r"parts\[0\] is a part of the type 'hologram', which user",
    ),
    ([ui("user", tool("output-available", output=1))], "'tool-get_author', which user cannot"),
    ([ui("system", {"type": "file"})], "'file', which system cannot have"),
    ([ui("user", {"type": "text"})], "text must be a text, not missing or null"),
    ([ui("user", {"type": "text", "text": 1})], "text must be a text, not a number"),
    ([ui("assistant", tool("done"))], "state must be one of input-streaming.*, not 'done'"),
    ([ui("assistant", tool("output-available", output=1, input=None))], "input must be an object"),
    ([ui("assistant", tool("output-available", toolCallId=""))], "the id of a tool call"),
    (
        [ui("assistant", *[tool("output-available", output=1)] * 2)],
        "has the id of another tool call, 'c1'",
    ),
    ([ui("assistant", tool("approval-responded"))], "must have an approval"),
    ([ui("user", *[text("x")] * 1001)], "has 1001 elements, more than 1000"),
    ([ui("user", text("x"))] * 1001, "messages has 1001 elements, more than 1000"),
    ([ui("user", text("x" * 50_000_000))], "the body is larger than 16777216 bytes"),
]


@pytest.mark.parametrize(("body", "problem"), BAD, ids=[str(at) for at in range(len(BAD))])
def test_what_use_chat_does_not_send_is_refused(body: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        ai_sdk.messages(body)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://169.254.169.254/latest", "a data or an https URL"),
        ("file:///etc/passwd", "a data or an https URL"),
        ("/etc/passwd", "a data or an https URL"),
        ("data:image/png,x", "as base64"),
        ("data:image/png;base64,???", "valid base64"),
        ("data:image/png;base64,", "is empty"),
    ],
)
def test_files_that_are_refused(url: str, problem: str) -> None:
    part = {"type": "file", "url": url, "mediaType": "image/png"}
    with pytest.raises(ValueError, match=problem):
        read(ui("user", part))


def test_deep_bodies_are_refused() -> None:
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        read(ui("assistant", tool("output-available", output=deep)))


def test_a_limit_of_ones_own() -> None:
    body = json.dumps([ui("user", text("x" * 1000))])
    with pytest.raises(ValueError, match="larger than 500 bytes"):
        ai_sdk.messages(body, max_bytes=500)
    with pytest.raises(ValueError, match="larger than 500 bytes"):
        ai_sdk.messages(json.loads(body), max_bytes=500)


# AG-UI.


def run(*messages: dict[str, Any], **more: Any) -> Any:
    return ag_ui.run_input({"threadId": "t", "runId": "r", "messages": list(messages), **more})


def asking(**more: Any) -> dict[str, Any]:
    function = {"name": "get_author", "arguments": '{"title": "Emma"}'}
    call = {"id": "c1", "type": "function", "function": function}
    return {"id": "2", "role": "assistant", "toolCalls": [call], **more}


def gave(**more: Any) -> dict[str, Any]:
    return {"id": "3", "role": "tool", "toolCallId": "c1", "content": "Austen", **more}


def test_the_messages_of_a_run() -> None:
    image = {"type": "image", "source": {"type": "data", "value": PNG, "mimeType": "image/png"}}
    linked = {"type": "image", "source": {"type": "url", "value": "https://example.com/a"}}
    parts = [{"type": "text", "text": "Look:"}, image, linked]
    messages = ag_ui.messages(
        run(
            {"id": "0", "role": "developer", "content": "Be kind."},
            {"id": "1", "role": "user", "content": parts},
            {"id": "5", "role": "reasoning", "content": "Hm"},
            asking(content="Let me see."),
            gave(),
            {"id": "4", "role": "assistant", "content": "Austen."},
        )
    )
    assert messages == [
        BaseMessageParam(role="system", content="Be kind."),
        BaseMessageParam(
            role="user",
            content=[
                TextPart(text="Look:"),
                ImagePart(media_type="image/png", image=b"\x89PNG"),
                ImageURLPart(url="https://example.com/a"),
            ],
        ),
        BaseMessageParam(role="assistant", content=[TextPart(text="Let me see."), CALL]),
        result("Austen"),
        BaseMessageParam(role="assistant", content="Austen."),
    ]


def test_the_end_of_a_call_in_a_run() -> None:
    assert ag_ui.messages(run(asking(), gave(error="No.")))[1] == result("No.", failed=True)
    assert ag_ui.messages(run(asking(content="Hm."))) == [
        BaseMessageParam(role="assistant", content="Hm.")
    ]
    answer = {"interruptId": "approve-c1", "status": "resolved", "payload": {"approved": True}}
    messages = ag_ui.messages(run(asking(), resume=[answer]))
    assert messages.approved == [CALL]
    messages.add_result(CALL, "Austen")
    assert messages[1:] == [result("Austen")]
    answer["payload"] = {"approved": False, "reason": "no"}
    messages = ag_ui.messages(run(asking(), resume=[answer]))
    assert messages.approved == []
    assert messages[1:] == [result("The user denied this call: no", failed=True)]
    answer |= {"status": "cancelled", "payload": None}
    messages = ag_ui.messages(run(asking(), resume=[answer]))
    assert messages[1:] == [result("The user denied this call.", failed=True)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"x", "the body is not JSON"),
        ({}, "threadId: Field required"),
        ({"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "robot"}]}, "messages.0"),
        ({"threadId": "t", "runId": "r", "messages": 1}, "messages: Input should be"),
    ],
)
def test_what_no_client_of_ag_ui_sends_is_refused(body: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        ag_ui.run_input(body)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([gave()], r"messages\[0\] is the result of an unknown tool call: 'c1'"),
        ([asking(), asking()], "has the id of another tool call"),
        (
            [asking(toolCalls=[{"id": "c", "function": {"name": "f", "arguments": "["}}])],
            "'c', whose arguments are not an object",
        ),
    ],
)
def test_runs_that_make_no_sense_are_refused(messages: list[Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ag_ui.messages(run(*messages))


def test_the_tools_of_a_client() -> None:
    schema = {"type": "object", "properties": {"y": {"type": "integer"}}, "required": ["y"]}
    described = {"name": "scroll", "description": "Scrolls the page."}
    kind, bare = ag_ui.tools(run(tools=[{**described, "parameters": schema}, described]))
    assert kind.model_json_schema() == schema
    assert bare.model_json_schema() == {"type": "object", "properties": {}}
    with pytest.raises(ValueError, match=r"tools\[0\] must have the JSON schema of an object"):
        ag_ui.tools(run(tools=[{**described, "parameters": {"type": "string"}}]))
