"""What servers other than a provider's own send, in the variants that they use.

Each case is a body and what is right of its reading, sync and async, whole and byte by byte. More
cases come from a file beside the project, where there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from support.cases import Case, Driver, event
from support.providers import CASES
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI

from mirascope import errors
from mirascope.testing.loopback import Loopback, Response, in_pieces

FOUND: Final = Path(__file__).parents[3] / "shared" / "found" / "wire.json"
BY_NAME: Final = {case.name: case for case in CASES}

CALL: Final = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
ADDED: Final = [{"a": 1, "b": 2}]


def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@dataclass(frozen=True)
class Form:
    """A body that a server sends, and what is right.

    Attributes:
        name: What is special about it.
        provider: The case of the provider.
        body: The body.
        expect: What is read: ``content``, ``reasoning``, ``state``, the arguments of the ``tools``,
            a path in the message that goes back (``message_param.tool_calls[0].id``), the class of
            the ``error`` and what its text has.
        content_type: The body's media type.
    """

    name: str
    provider: Case
    body: bytes
    expect: dict[str, Any]
    content_type: str = field(default="text/event-stream", kw_only=True)

    def response(self, size: int) -> Response:
        """Return the response, in pieces of a size."""
        script = in_pieces(self.body, size)
        return Response(script, headers={"content-type": self.content_type})


def chunks(*deltas: Any, stop: str = "stop") -> bytes:
    """Return a complete stream of deltas in the dialect of Chat Completions."""
    reasons = [*([None] * len(deltas)), stop]
    return (
        b"".join(
            event(
                {
                    "id": "c",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "m",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
                }
            )
            for delta, reason in zip([*deltas, {}], reasons, strict=True)
        )
        + b"data: [DONE]\n\n"
    )


def calls(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, **piece} for piece in pieces]}


def calling(*deltas: Any, **fields: Any) -> bytes:
    """Return a stream that ends with a complete call of the tool, which has further fields."""
    call = {"id": "a", "type": "function", "function": CALL, **fields}
    return chunks(*deltas, calls(call), stop="tool_calls")


def detail(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"reasoning_details": [{"type": f"reasoning.{kind}", "index": index, **fields}]}


def databricks(text: str, **fields: Any) -> dict[str, Any]:
    summary = {"type": "summary_text", "text": text, **fields}
    return {"content": [{"type": "reasoning", "summary": [summary]}]}


SIGNED: Final = {"google": {"thought_signature": "SIG", "other": None}}
PLAIN_TEXT: Final = {"type": "text", "text": "Hi"}

FORMS: Final = [
    Form(
        "fields of a call, and of its function, that the SDK does not know",
        OPENAI,
        chunks(
            calls(
                {
                    "id": "a",
                    "function": {"name": "add", "arguments": "", "strict": True, "note": "x"},
                    "extra_content": {"google": {"thought_signature": "S", "other": None}},
                }
            ),
            calls({"function": {"arguments": CALL["arguments"], "note": "y"}}),
            calls({"extra_content": {"google": {"thought_signature": "IG"}}}),
            stop="tool_calls",
        ),
        {
            "tools": ADDED,
            "message_param.tool_calls[0].extra_content": SIGNED,
            "message_param.tool_calls[0].function": {**CALL, "strict": True, "note": "xy"},
        },
    ),
    Form(
        "reasoning in two fields at once, and a call",
        OPENAI,
        calling(
            {"reasoning": "th", "reasoning_content": "th"},
            {"reasoning": "ink", "reasoning_content": "ink"},
        ),
        {
            "reasoning": "think",
            "message_param.reasoning": "think",
            "message_param.reasoning_content": "think",
        },
    ),
    Form(
        "reasoning that is empty, and a call",
        OPENAI,
        calling({"role": "assistant", "content": None, "reasoning_content": ""}),
        {"reasoning": "", "message_param.reasoning_content": ""},
    ),
    Form(
        "reasoning without a call stays away",
        OPENAI,
        chunks({"reasoning_content": "Hm"}, {"content": "Hi"}),
        {"reasoning": "Hm", "message_param": {"role": "assistant", "content": "Hi"}},
    ),
    Form(
        "details of reasoning with one index and two types, and with nulls",
        OPENAI,
        calling(
            detail(0, "summary", summary="th", format="x"),
            detail(0, "summary", summary="ink", format="x"),
            detail(0, "encrypted", data="E", id="r", format="x", signature=None),
            detail(0, "encrypted", data="NC", id="r"),
        ),
        {
            "message_param.reasoning_details": [
                {"type": "reasoning.summary", "index": 0, "summary": "think", "format": "x"},
                {
                    "type": "reasoning.encrypted",
                    "index": 0,
                    "data": "ENC",
                    "id": "r",
                    "format": "x",
                    "signature": None,
                },
            ]
        },
    ),
    Form(
        "lists by id, and lists of what has neither index nor id",
        OPENAI,
        chunks(
            {"sources": [{"id": "s1", "text": "a"}], "scores": [1, 2], "name": "assistant"},
            {"sources": [{"id": "s2", "text": "b"}, {"id": "s1", "text": "c"}]},
            {"scores": [3], "notes": [{"text": "d"}], "name": "assistant"},
            {"notes": [{"text": "e"}], "count": 1},
            {"content": "Hi", "count": 2},
        ),
        {
            "message_param": {
                "role": "assistant",
                "content": "Hi",
                "sources": [{"id": "s1", "text": "ac"}, {"id": "s2", "text": "b"}],
                "scores": [1, 2, 3],
                "notes": [{"text": "d"}, {"text": "e"}],
                "name": "assistant",
                "count": 2,
            }
        },
    ),
    Form(
        "elements whose index is a text",
        OPENAI,
        chunks(
            {"content": "Hi", "sources": [{"index": "0", "text": "a"}]},
            {"sources": [{"index": "0", "text": "b"}, {"index": "1", "text": "c"}]},
        ),
        {"message_param.sources": [{"index": "0", "text": "ab"}, {"index": "1", "text": "c"}]},
    ),
    *(
        Form(
            f"calls whose index is {kind.__name__}, {case.name}",
            case,
            chunks(
                *(
                    {"tool_calls": [{"index": kind(n), "id": f"call1234{n}", "function": opened}]}
                    for n in (0, 1)
                ),
                *(
                    {"tool_calls": [{"index": kind(n), "function": {"arguments": arguments}}]}
                    for arguments in ('{"a": 1,', ' "b": 2}')
                    for n in (0, 1)
                ),
                stop="tool_calls",
            ),
            {"tools": ADDED * 2, "message_param.tool_calls[1].id": "call12341"},
        )
        for case in (OPENAI, GROQ, MISTRAL)
        for kind, opened in ((str, {"name": "add", "arguments": ""}), (float, {"name": "add"}))
    ),
    Form(
        "a call of another type beside that of a function",
        OPENAI,
        chunks(
            calls({"id": "c", "type": "custom", "custom": {"name": "shell", "input": "l"}}),
            calls({"custom": {"input": "s"}}),
            {"tool_calls": [{"index": 1, "id": "a", "type": "function", "function": CALL}]},
            stop="tool_calls",
        ),
        {
            "tools": ADDED,
            "message_param.tool_calls[0].custom": {"name": "shell", "input": "ls"},
            "message_param.tool_calls[1].id": "a",
        },
    ),
    Form(
        "a name in three pieces",
        OPENAI,
        chunks(
            *(calls({"id": "a", "function": {"name": "a"}}), calls({"function": {"name": "d"}})),
            calls({"function": {"name": "d", "arguments": ""}}),
            calls({"function": {"name": "", "arguments": CALL["arguments"]}}),
            stop="tool_calls",
        ),
        {"tools": ADDED, "message_param.tool_calls[0].function.name": "add"},
    ),
    Form(
        "a name and an id on every piece",
        OPENAI,
        chunks(
            calls({"id": "a", "function": {"name": "add", "arguments": ""}}),
            calls({"id": "a", "function": {"name": "add", "arguments": '{"a": 1,'}}),
            calls({"id": "a", "function": {"name": "add", "arguments": ' "b": 2}'}}),
            stop="tool_calls",
        ),
        {"tools": ADDED, "message_param.tool_calls[0].function": CALL},
    ),
    Form(
        "a fresh id on every piece",
        OPENAI,
        chunks(
            calls({"id": "a", "function": {"name": "add", "arguments": ""}}),
            calls({"id": "b", "function": {"arguments": '{"a": 1,'}}),
            calls({"id": "c", "function": {"name": None, "arguments": ' "b": 2}'}}),
            stop="tool_calls",
        ),
        {"tools": ADDED, "message_param.tool_calls[0].id": "a"},
    ),
    *(
        Form(
            f"arguments that are an object, {case.name}",
            case,
            chunks(
                calls({"id": "call12345", "function": {"name": "add", "arguments": ADDED[0]}}),
                stop="tool_calls",
            ),
            {"tools": ADDED, "message_param.tool_calls[0].function.arguments": CALL["arguments"]},
        )
        for case in (OPENAI, GROQ, MISTRAL)
    ),
    Form(
        "text in parts, then text",
        OPENAI,
        chunks({"content": [PLAIN_TEXT]}, {"content": [{"type": "text", "text": "!"}]}, None),
        {"content": "Hi!", "message_param": {"role": "assistant", "content": "Hi!"}},
    ),
    Form(
        "text in parts of other forms",
        OPENAI,
        chunks(
            {"content": [{"text": "a"}]},
            {"content": [{"type": "output_text", "text": "b"}]},
            {"content": ["c", {"type": "image", "text": "no"}]},
            {"content": "d"},
        ),
        {"content": "abcd", "reasoning": ""},
    ),
    Form(
        "parts of reasoning as Databricks has them",
        OPENAI,
        chunks(
            databricks("th"),
            databricks("ink", signature=""),
            databricks("", signature="SIG"),
            {"content": "H"},
            {"content": [{"type": "text", "text": "i"}]},
        ),
        {
            "content": "Hi",
            "reasoning": "think",
            "message_param.content": [
                databricks("think", signature="SIG")["content"][0],
                PLAIN_TEXT,
            ],
        },
    ),
    Form(
        "parts of thinking as Mistral has them, behind a proxy",
        OPENAI,
        chunks(
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "th"}]}]},
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "ink"}]}]},
            {"content": "Hi"},
        ),
        {
            "content": "Hi",
            "reasoning": "think",
            "message_param.content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "think"}]},
                PLAIN_TEXT,
            ],
        },
    ),
    Form(
        "parts of text that are signed",
        OPENAI,
        chunks({"content": [{**PLAIN_TEXT, "thought_signature": "SIG"}]}),
        {"message_param.content": [{**PLAIN_TEXT, "thought_signature": "SIG"}]},
    ),
    *(
        Form(
            f"a delta that is null, {case.name}",
            case,
            chunks({"content": "Hi"}, None),
            {"content": "Hi"},
        )
        for case in (OPENAI, GROQ, MISTRAL)
    ),
    Form(
        "fields that Groq's API refuses",
        GROQ,
        chunks(
            {"role": "assistant", "refusal": None, "novel": "x", "reasoning": "th"},
            {"reasoning": "ink", "reasoning_content": "Hm", "novel": "y"},
            calls({"id": "a", "function": {**CALL, "novel": 1}, "extra_content": {"x": 1}}),
            stop="tool_calls",
        ),
        {
            "tools": ADDED,
            "message_param": {
                "role": "assistant",
                "content": "",
                "reasoning": "think",
                "tool_calls": [{"id": "a", "type": "function", "function": CALL}],
            },
        },
    ),
    Form(
        "parts of content, which Groq's API takes as text only",
        GROQ,
        chunks({"content": [{"type": "thinking", "thinking": "Hm"}, PLAIN_TEXT]}),
        {"reasoning": "Hm", "message_param": {"role": "assistant", "content": "Hi"}},
    ),
    Form(
        "fields that Mistral's API refuses",
        MISTRAL,
        chunks(
            {"role": "assistant", "content": "Hi", "reasoning_content": "Hm", "novel": {"x": 1}},
            calls({"id": "call12345", "function": {**CALL, "novel": 1}, "extra_content": 1}),
            stop="tool_calls",
        ),
        {
            "tools": ADDED,
            "message_param": {
                "role": "assistant",
                "content": "Hi",
                "tool_calls": [
                    {"id": "call12345", "type": "function", "index": 0, "function": CALL}
                ],
                "prefix": False,
            },
        },
    ),
]


def found() -> list[Form]:
    """Return the cases of the file, none where it is absent."""
    cases = json.loads(FOUND.read_text())["cases"] if FOUND.exists() else []
    return [
        Form(
            case["name"],
            BY_NAME[case["provider"]],
            case["body"].encode(),
            case["expect"],
            content_type=case["content_type"],
        )
        for case in cases
    ]


OF_FORMS: Final = pytest.mark.parametrize(
    ("case", "form"), [pytest.param(form.provider, form, id=form.name) for form in FORMS]
)
OF_FOUND: Final = pytest.mark.parametrize(
    ("case", "form"), [pytest.param(form.provider, form, id=form.name) for form in found()]
)
SIZES: Final = pytest.mark.parametrize("size", [10**6, 1], ids=["whole", "byte by byte"])


def check(driver: Driver, server: Loopback, form: Form, size: int) -> None:
    """Read a variant, and compare the stream with what is expected."""
    server.queue = [form.response(size)]
    function = driver.function(form.provider, max_retries=0, tools=[add])
    tried = driver.attempt(function)
    if expected := form.expect.get("error"):
        assert isinstance(tried.error, getattr(errors, expected))
        assert form.expect.get("error text has", "") in str(tried.error)
        return
    assert tried.error is None
    stream, tools = tried.stream, [tool for _, tool in tried.items if tool]
    assert "".join(chunk.content for chunk, _ in tried.items) == stream.content
    assert "".join(chunk.reasoning for chunk, _ in tried.items) == stream.reasoning
    response = stream.construct_call_response()
    for reported in (stream, response):
        for path, value in form.expect.items():
            assert_told(reported, path, value, tools)


def assert_told(reported: Any, path: str, expected: Any, tools: Iterable[Any]) -> None:
    if path == "tools":
        assert [tool.args for tool in tools] == expected
    elif path == "state":
        assert getattr(reported, "state", expected) == expected
    elif isinstance(expected, str) and expected.startswith("some text, not empty"):
        ids = {tool.tool_call.id for tool in tools} | {
            message["tool_call_id"]
            for message in reported.tool_message_params([(tool, "3") for tool in tools])
        }
        assert ids == {at(reported, path)}
        assert "" not in ids
    else:
        assert at(reported, path) == expected


def at(reported: Any, path: str) -> Any:
    """Return what is at a path: attributes of the stream, then fields and elements of JSON."""
    first, *steps = re.findall(r"\w+", path)
    value = getattr(reported, first)
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_none=True)
    for step in steps:
        value = value[int(step) if isinstance(value, list) else step]
    return value


@SIZES
@OF_FORMS
def test_a_server_s_variant_is_read(
    driver: Driver, server: Loopback, form: Form, size: int
) -> None:
    check(driver, server, form, size)


@pytest.mark.skipif(not found(), reason=f"there is no {FOUND.name} beside the project")
@SIZES
@OF_FOUND
def test_a_recorded_variant_is_read(
    driver: Driver, server: Loopback, form: Form, size: int
) -> None:
    check(driver, server, form, size)


@pytest.mark.parametrize(
    ("case", "form"),
    [pytest.param(f.provider, f, id=f.name) for f in FORMS if f.provider is OPENAI],
)
def test_a_streamed_message_is_sent_back_unchanged(server: Loopback, form: Form) -> None:
    """The message that a stream leaves goes out in the next request as it is."""
    driver = Driver(asynchronous=False)
    server.queue = [form.response(10**6), Response.of_json(OPENAI.plain("ok"))]
    stream, _ = driver.call_and_read(driver.function(OPENAI, tools=[add]))

    @OPENAI.call("m")
    def go_on() -> Any:
        return {"messages": [stream.message_param, {"role": "user", "content": "Go on."}]}

    go_on()
    assert server.requests[-1].json["messages"][0] == stream.message_param
