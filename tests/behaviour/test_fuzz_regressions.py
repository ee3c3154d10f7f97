"""What fuzzing has found, made small: it is read, or is an error of both trees."""

from __future__ import annotations

import json

import pytest
from support.cases import event
from targets import TARGETS

HALF = "\ud800"


def choice(**reported: object) -> bytes:
    """Return an event of the dialect with these fields of a choice."""
    return event({"id": "1", "model": "m", "choices": [{"index": 0, "delta": {}, **reported}]})


def candidate(**reported: object) -> bytes:
    return event({"candidates": [{"index": 0, **reported}]})


def parts(*reported: object, role: object = "model") -> bytes:
    return candidate(content={"role": role, "parts": reported}, finishReason="STOP")


def cohere(*content: object) -> bytes:
    delta = {"message": {"content": content[0]}}
    return event({"type": "content-delta", "index": 0, "delta": delta})


def output(item: dict[str, object]) -> bytes:
    response = {"status": "completed", "output": [item]}
    return event({"type": "response.completed", "response": response})


def calling(arguments: str, **fields: object) -> bytes:
    function = {"name": "ReadBook", "arguments": arguments}
    call = {"index": 0, "id": "1", "function": function, **fields}
    return choice(delta={"tool_calls": [call]}, finish_reason="tool_calls")


IN_DIALECT = {
    "an empty body": b"",
    "a finish reason that is no text": choice(finish_reason=["stop"]),
    "a finish reason that is half an emoji": choice(finish_reason=HALF),
    "a refusal that is no text": choice(delta={"refusal": 1}, finish_reason="stop"),
    "a field named by half an emoji": event({HALF: 1, "choices": [{"delta": {}}]}),
    "arguments with half an emoji": calling(json.dumps({"title": HALF}, ensure_ascii=False)),
    "an index that is no number": calling("{}", index=float("nan")),
    "a type of a call that is an object": calling("{}", type={"x": 1}),
    "a model that is no text": event({"model": ["m"], "choices": [{"delta": {"content": "x"}}]}),
    "nesting without end": b"data: " + b"[" * 100_000 + b"\n\n",
    "nesting too deep": b'data: {"choices": ' + b"[" * 300 + b'"\\ud800"' + b"]" * 300 + b"}\n\n",
    "a number of 5,000 digits": choice(delta={"content": "x", "n": 0}).replace(
        b'"n": 0', b'"n": ' + b"9" * 5_000
    ),
    "a code of 5,000 digits": event({"error": {"code": "9" * 5_000}}),
    "a part of no type": choice(delta={"content": [{"type": {}, "text": "x"}]}),
    "a delta that is a list": choice(delta=[{"content": [{"type": {}}]}]),
}
IN_OUTPUT: dict[str, dict[str, object]] = {
    "content that is a text": {"type": "message", "content": "x"},
    "content that is a number": {"type": "message", "content": 1},
    "parts that are texts": {"type": "message", "content": ["x"]},
    "an item of no type": {"type": ["message"], "content": []},
    "a call whose id is a list": {"type": "custom_tool_call", "call_id": ["x"], "input": ""},
}
FOUND = [
    *(
        (name, data, what)
        for name in ("openai", "groq", "mistral")
        for what, data in IN_DIALECT.items()
    ),
    ("anthropic", event({"type": "message_start"}), "a start without a message"),
    (
        "anthropic",
        event({"type": "message_start", "message": {"model": [], "usage": "x"}}),
        "lists",
    ),
    ("anthropic", event({"type": "message_delta", "delta": {"stop_reason": {}}}), "a reason"),
    ("cohere", cohere({"type": "text", "message": {}}), "a block without text"),
    ("cohere", cohere({"type": float("inf"), "text": "x"}), "a block of no type"),
    ("mistral", choice(delta={"content": [{"type": [[]]}] * 2}), "parts of no type"),
    ("gemini", parts({"text": 0}), "a text that is a number"),
    ("gemini", parts({"functionCall": {"name": ["x"]}}), "a name that is a list"),
    ("gemini", parts({"functionCall": [{"name": "x"}]}), "calls for a call"),
    ("gemini", parts({"text": "x"}, role=["model"]), "a role that is a list"),
    ("gemini", candidate(safetyRatings=[{"probability": 1.5}]), "a number for a word"),
    ("gemini", event({"modelVersion": [], "candidates": [], "usageMetadata": {}}), "a list"),
    ("gemini", event({"error": {"code": [404], "error": "NOT_FOUND"}}), "an error in an error"),
    ("gemini", b"\n[" + b"[" * 100_000, "bare nesting without end"),
    *(
        (
            "openai_responses",
            event({"type": kind, name: {"x": 1}, "item": {"type": "message"}}),
            name,
        )
        for kind in ("response.output_item.done", "response.output_text.delta")
        for name in ("output_index", "content_index")
    ),
    *(("openai_responses", output(item), what) for what, item in IN_OUTPUT.items()),
    ("sse", b'{"a": "' + b"b" * 57 + b"\r", "JSON that is cut off at a line end"),
    ("sse", b'{"a": "' + b"b" * 57 + b"\rc", "JSON with a line end in a string, cut off"),
    ("sse", b'{"a":' + b" " * 55 + b"\r\n1}", "JSON whose line ends are cut"),
    ("growing", b'{"title": "x", "pages": null, y', "a null before an error"),
]


@pytest.mark.parametrize("way", range(4), ids=["plain", "tools", "partial tools", "structured"])
@pytest.mark.parametrize(
    ("target", "data"),
    [pytest.param(target, data, id=f"{target}: {what}") for target, data, what in FOUND],
)
def test_what_was_found(target: str, data: bytes, way: int) -> None:
    TARGETS[target](data, (way << 8) + 60)
