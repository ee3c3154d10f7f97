"""`chunk.parts`: what an event has, by kind, in the same classes for all providers."""

from __future__ import annotations

import base64
import itertools
import json
import pickle
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from support.cases import Case, Driver, event
from support.fixtures import every_case, only_everywhere
from support.in_memory import InMemory
from support.providers import CASES, case_of
from support.providers.anthropic import block_delta, block_start, block_stop
from support.providers.bedrock import block
from support.providers.bedrock import delta as bedrock_delta
from support.providers.gemini import parts as gemini_parts
from support.providers.openai import completion_chunk
from support.providers.openai_responses import event as responses_event
from support.providers.openai_responses import item_added, item_done, message, response
from support.recordings import Recording, recordings

from mirascope import errors, llm, streams
from mirascope.core import (
    AudioDelta,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
)
from mirascope.core._tools.tool_calls import call_id
from mirascope.testing.conformance import Reasoning, Text, one_after_another
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

case = every_case


ALL = [
    pytest.param(case, recording, id=recording.name)
    for case in CASES
    for recording in recordings(*case.recordings)
    if recording.expected.get("api") == case.api and recording.status == 200
]
CITING = {"annotations", "citationMetadata", "citations", "groundingChunks", "reference_ids"}
HOSTED = {"codeExecutionResult", "executableCode", "executed_tools", "webSearchQueries"}


def of_kind(kind: type[Any], parts: Iterable[ChunkPart]) -> list[Any]:
    return [part for part in parts if isinstance(part, kind)]


def joined(kind: type[Any], parts: Iterable[ChunkPart]) -> str:
    return "".join(part.text for part in of_kind(kind, parts))


def calls(parts: Iterable[ChunkPart]) -> list[tuple[str, str, str]]:
    """Return the id, the name and the arguments of the calls in parts, in their order."""
    pieces: defaultdict[int, list[ToolDelta]] = defaultdict(list)
    for delta in of_kind(ToolDelta, parts):
        pieces[delta.index].append(delta)
    assert all(len({each.id for each in some}) == 1 for some in pieces.values())
    return [
        (some[0].id, some[-1].name, "".join(each.arguments for each in some))
        for _, some in sorted(pieces.items())
    ]


def has(response: Any, names: set[str]) -> bool:
    """Return whether a complete response, in the provider's JSON, has a field that is not empty.

    Lists of tools have annotations too, which cite nothing.
    """
    if isinstance(response, dict) and response.get("type") != "mcp_list_tools":
        hosted = names is HOSTED and response.get("type") == "server_tool_use"
        found = ((name in names and bool(v)) or has(v, names) for name, v in response.items())
        return hosted or any(found)
    return isinstance(response, list) and any(has(each, names) for each in response)


@only_everywhere
@pytest.mark.skipif(not ALL, reason="the recordings are not here")
@pytest.mark.parametrize(("case", "recording"), ALL)
def test_the_parts_of_a_recording_are_the_response(case: Case, recording: Recording) -> None:
    stream: Any = case.provider.stream_type(stream=InMemory([recording.body]), model="m")
    chunks: list[Any] = []
    with suppress(errors.StreamError):
        for chunk, _ in stream:
            chunks = [chunk] if case.begins(chunk) else [*chunks, chunk]
    by_chunk = [chunk.parts for chunk in chunks]
    parts = [*itertools.chain.from_iterable(by_chunk)]
    assert joined(TextDelta, parts) == stream.content
    assert joined(ReasoningDelta, parts) == stream.reasoning
    received = [(call.call_id, call.name, call.arguments) for call in stream.reply.tool_calls]
    if stream.state != "finished":  # what is received with a failure is not iterated
        received = received[: len(calls(parts))]
    assert calls(parts) == received
    response = stream._decoder.response()
    assert bool(of_kind(Citation, parts)) == has(response, CITING)
    assert bool(of_kind(HostedToolEvent, parts)) >= has(response, HOSTED)
    assert all(part.raw for part in of_kind(Citation, parts))
    assert [chunk.chunk and chunk.parts for chunk in chunks] == by_chunk  # of the SDK's objects too


# The same for all providers.


class Book(BaseModel):
    """Choose a book."""

    title: str


def look_up(title: str) -> str:
    """Look a book up."""
    return title


STEPS = [
    Reasoning("Hm"),
    Text("Hello "),
    Text("you"),
    *one_after_another(("look_up", '{"title": "Emma"}'), ("look_up", '{"title": "Dune"}')),
]
EMMA, DUNE = {"title": "Emma"}, {"title": "Dune"}


def assert_whole(items: list[Any]) -> None:
    """Check that the parts of items are those of the steps, in their order."""
    parts = [part for chunk, _ in items for part in chunk.parts]
    kinds = [kind for kind, _ in itertools.groupby(map(type, parts))]
    assert kinds == [ReasoningDelta, TextDelta, ToolDelta]
    assert (joined(ReasoningDelta, parts), joined(TextDelta, parts)) == ("Hm", "Hello you")
    assert [(name, json.loads(text)) for _, name, text in calls(parts)] == [
        ("look_up", EMMA),
        ("look_up", DUNE),
    ]
    assert [part.index for part in of_kind(ToolDelta, parts) if part.arguments][-1] == 1
    tools = [tool for _, tool in items if tool]
    ids = [call_id(tool) for tool in tools]
    assert [id_ for id_, _, _ in calls(parts)] == ids
    assert pickle.loads(pickle.dumps(parts)) == parts  # noqa: S301  # our own bytes


def test_text_reasoning_and_tool_calls_are_parts(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.tool_call_response(*STEPS))]
    _, items = driver.call_and_read(driver.function(case, tools=[look_up]))
    assert_whole(items)


def test_the_parts_of_normalized_chunks_are_the_same(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.tool_call_response(*STEPS))]

    def prompt(genre: str) -> str:
        return genre

    async def aprompt(genre: str) -> str:
        return genre

    decorate: Any = llm.call(f"{case.name}:a-model", stream=True, tools=[look_up])
    stream, items = driver.call_and_read(decorate(aprompt if driver.asynchronous else prompt))
    assert isinstance(stream, llm.Stream)
    assert_whole(items)


def test_the_chunks_of_a_structured_stream_have_parts(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response('{"title": ', '"Emma"}'))]
    function = driver.function(case, response_model=Book, json_mode=True)
    tried = driver.attempt(function, lambda structured: structured.stream)
    parts = [part for chunk, _ in tried.items for part in chunk.parts]
    assert (tried.error, joined(TextDelta, parts)) == (None, '{"title": "Emma"}')


def test_a_chunk_without_content_has_no_parts(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    _, items = Driver(asynchronous=False).call_and_read(Driver(asynchronous=False).function(case))
    assert [chunk.parts for chunk, _ in items if not chunk.content] == [()] * (len(items) - 1)
    assert not hasattr(items[0][0], "_is_split")  # nothing is set for those who read no parts


@pytest.mark.parametrize("case", [case_of("anthropic")], ids=["anthropic"])
def test_chunks_have_the_same_parts_outside_their_stream(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.tool_call_response(*STEPS))]
    driver = Driver(asynchronous=False)
    _, items = driver.call_and_read(driver.function(case, tools=[look_up]))
    for chunk, _ in items:
        built = type(chunk)(chunk=chunk.chunk)
        assert [type(part) for part in built.parts] == [type(part) for part in chunk.parts]
        assert built.model_copy(deep=True).parts == built.parts
        assert pickle.loads(pickle.dumps(built)).parts == built.parts  # noqa: S301  # our own bytes


# What else providers send.

PIXEL = base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode()
STANDARD = PIXEL.replace("_", "/").replace("-", "+")
PAGE = {"url": "https://a.example", "title": "A"}
CITED = {"type": "url_citation", "url_citation": {**PAGE, "start_index": 0, "end_index": 2}}
EXECUTED = {"index": 0, "type": "search", "arguments": "{}", "output": "Found."}
SEARCH = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}}
RESULT = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []}
WEB = {"type": "web_search_result_location", **PAGE, "cited_text": "Aha", "encrypted_index": "x"}
PLACE = {"type": "char_location", "cited_text": "Oho", "document_index": 0, "document_title": "B"}
PLACE |= {"start_char_index": 0, "end_char_index": 3}
CODE, DONE = {"language": "PYTHON", "code": "1"}, {"outcome": "OUTCOME_OK", "output": "1"}
GROUNDED = {
    "webSearchQueries": ["a"],
    "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
}
SOURCE = {"type": "document", "id": "doc:0", "document": {**PAGE, "snippet": "Aha"}}
BY_COHERE = {"start": 0, "end": 5, "text": "Hello", "sources": [SOURCE], "type": "TEXT_CONTENT"}
REFERENCE = {"type": "reference", "reference_ids": [1, 2]}
FILES = {"id": "fs_1", "type": "file_search_call", "status": "in_progress", "queries": []}
LISTING_FIELDS: dict[str, Any] = {"output_index": 2, "item_id": "mcp_1"}
LISTING: dict[str, Any] = {"kind": "response.mcp_list_tools.in_progress", **LISTING_FIELDS}
DRAFT: dict[str, Any] = {
    "kind": "response.image_generation_call.partial_image",
    "partial_image_b64": STANDARD,
    "output_format": "webp",
}
IMAGE = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": STANDARD}
FILE = {"type": "file_citation", "file_id": "f", "filename": "a.txt", "index": 2}
HOSTED_CALL = {"toolUseId": "t_1", "name": "nova_grounding", "type": "server_tool_use"}
HOSTED_RESULT = {"toolUseId": "t_1", "status": "success"}
BY_BEDROCK = {
    "title": "A",
    "sourceContent": [{"text": "Aha"}],
    "location": {"web": {"url": "https://a.example"}},
}

OTHERS: list[tuple[str, list[bytes], list[ChunkPart]]] = [
    (
        "openai",
        [
            completion_chunk({"annotations": [CITED, {"type": "file", "file": {}}]}),
            completion_chunk({"audio": {"id": "a", "data": STANDARD}}),
            completion_chunk({"audio": {"transcript": "Hi"}}),
            completion_chunk({"audio": {"expires_at": 1}}),
            completion_chunk(
                {
                    "images": [
                        {"image_url": {"url": f"data:image/png;base64,{STANDARD}"}},
                        {"image_url": {"url": "https://a.example/b.png"}},
                    ]
                }
            ),
        ],
        [
            Citation("https://a.example", "A", None, CITED),
            AudioDelta(b"\xff\xfe\xfd", None),
            AudioDelta(b"", None, "Hi"),
            ImageDelta(b"\xff\xfe\xfd", "image/png"),
            ImageDelta(b"", None, "https://a.example/b.png"),
        ],
    ),
    (
        "groq",
        [completion_chunk({"executed_tools": [EXECUTED]})],
        [HostedToolEvent("search", "search", None, 0, EXECUTED)],
    ),
    (
        "mistral",
        [completion_chunk({"content": [REFERENCE]})],
        [Citation(None, None, None, REFERENCE)],
    ),
    (
        "anthropic",
        [
            block_start(0, **SEARCH),
            block_delta(0, "input_json_delta", partial_json="{}"),
            block_stop(0),
            block_start(1, **RESULT),
            block_stop(1),
            block_start(2, type="text", text=""),
            block_delta(2, "citations_delta", citation=WEB),
            block_delta(2, "citations_delta", citation=PLACE),
            block_stop(2),
        ],
        [
            HostedToolEvent("server_tool_use", "web_search", "srv_1", 0, SEARCH),
            HostedToolEvent(
                "input_json_delta",
                None,
                None,
                0,
                {"type": "input_json_delta", "partial_json": "{}"},
            ),
            HostedToolEvent("web_search_tool_result", None, "srv_1", 1, RESULT),
            Citation("https://a.example", "A", "Aha", WEB),
            Citation(None, "B", "Oho", PLACE),
        ],
    ),
    (
        "gemini",
        [
            gemini_parts({"inlineData": {"mimeType": "image/png", "data": PIXEL}}),
            gemini_parts({"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thought": True}),
            gemini_parts({"inlineData": {"mimeType": "audio/L16", "data": PIXEL}}),
            gemini_parts({"executableCode": CODE}, {"codeExecutionResult": DONE}),
            gemini_parts(groundingMetadata=GROUNDED),
        ],
        [
            ImageDelta(b"\xff\xfe\xfd", "image/png"),
            AudioDelta(b"\xff\xfe\xfd", "audio/L16"),
            HostedToolEvent("executableCode", "code_execution", None, None, CODE),
            HostedToolEvent("codeExecutionResult", "code_execution", None, None, DONE),
            HostedToolEvent("groundingMetadata", "google_search", None, None, GROUNDED),
            Citation("https://a.example", "A", None, GROUNDED["groundingChunks"][0]),
        ],
    ),
    (
        "cohere",
        [
            event(
                {
                    "type": "citation-start",
                    "index": 0,
                    "delta": {"message": {"citations": BY_COHERE}},
                }
            ),
            event({"type": "citation-end", "index": 0}),
        ],
        [Citation("https://a.example", "A", "Aha", BY_COHERE)],
    ),
    (
        "openai_responses",
        [
            item_added(1, FILES),
            responses_event(**LISTING),
            responses_event(**DRAFT),
            item_done(2, IMAGE),
            responses_event("response.output_text.annotation.added", annotation=FILE),
        ],
        [
            HostedToolEvent("file_search_call", "file_search", "fs_1", 1, FILES),
            HostedToolEvent(
                "mcp_list_tools.in_progress",
                "mcp_list_tools",
                "mcp_1",
                2,
                {"type": LISTING["kind"], "sequence_number": 0, **LISTING_FIELDS},
            ),
            ImageDelta(b"\xff\xfe\xfd", "image/webp", partial=True),
            ImageDelta(b"\xff\xfe\xfd", "image/png"),
            HostedToolEvent("image_generation_call", "image_generation", "ig_1", 2, IMAGE),
            Citation(None, "a.txt", None, FILE),
        ],
    ),
    (
        "bedrock",
        [
            block("contentBlockStart", 1, start={"toolUse": HOSTED_CALL}),
            bedrock_delta(1, toolUse={"input": "{}"}),
            block("contentBlockStart", 2, start={"toolResult": HOSTED_RESULT}),
            bedrock_delta(3, citation=BY_BEDROCK),
            bedrock_delta(4, image={"format": "png", "source": {"bytes": STANDARD}}),
        ],
        [
            HostedToolEvent("server_tool_use", "nova_grounding", "t_1", 1, HOSTED_CALL),
            HostedToolEvent("toolUse", None, None, 1, {"input": "{}"}),
            HostedToolEvent("toolResult", None, "t_1", 2, HOSTED_RESULT),
            Citation("https://a.example", "A", "Aha", BY_BEDROCK),
            ImageDelta(b"\xff\xfe\xfd", "image/png"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("case", "events", "parts"),
    [pytest.param(case_of(name), *rest, id=name) for name, *rest in OTHERS],
)
def test_what_else_a_provider_sends_is_a_part(
    case: Case, driver: Driver, server: Loopback, events: list[bytes], parts: list[ChunkPart]
) -> None:
    server.queue = [Response([*case.begin, *events, *case.end(3, 2)])]
    _, items = driver.call_and_read(driver.function(case))
    by_chunk = [chunk.parts for chunk, _ in items]
    assert [*itertools.chain.from_iterable(by_chunk)] == parts
    assert [chunk.chunk and chunk.parts for chunk, _ in items] == by_chunk
    assert PIXEL not in repr(by_chunk)


@pytest.mark.parametrize("case", [case_of("openai")], ids=["openai"])
def test_sources_that_each_record_repeats_are_parts_once(case: Case, server: Loopback) -> None:
    both = {"citations": ["https://a.example"], "search_results": [PAGE]}
    for sources, title in ((both, "A"), ({"citations": ["https://a.example"]}, None)):
        ending = [completion_chunk({}, "stop", **sources), completion_chunk({}, **sources)]
        server.queue = [Response([completion_chunk({"content": "Hi"}, **sources), *ending])]
        _, items = Driver(asynchronous=False).call_and_read(
            Driver(asynchronous=False).function(case)
        )
        parts = [part for chunk, _ in items for part in chunk.parts]
        assert parts[0] == TextDelta("Hi")
        assert [(part.url, part.title) for part in parts[1:]] == [("https://a.example", title)]


@pytest.mark.parametrize("case", [case_of("gemini")], ids=["gemini"])
def test_an_event_of_several_items_has_its_parts_once(case: Case, server: Loopback) -> None:
    call = {"functionCall": {"name": "look_up", "args": EMMA}}
    image = {"inlineData": {"mimeType": "image/png", "data": PIXEL}}
    server.queue = [Response([gemini_parts(call, image, call), *case.end(3, 2)])]
    _, items = Driver(asynchronous=False).call_and_read(
        Driver(asynchronous=False).function(case, tools=[look_up])
    )
    assert [len(chunk.parts) for chunk, _ in items] == [3, 0, 0]
    assert [tool is not None for _, tool in items] == [True, True, False]


@pytest.mark.parametrize("case", [case_of("openai_responses")], ids=["openai_responses"])
def test_the_last_event_repeats_no_part_though_the_server_numbers_none(
    case: Case, server: Loopback
) -> None:
    cited = {**message("Hello"), "content": [{"type": "output_text", "text": "Hello"}]}
    cited["content"][0]["annotations"] = [FILE]
    whole = response([FILES, cited])
    events = [
        {"type": "response.created", "response": response([], "in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": FILES},
        {"type": "response.output_item.added", "output_index": 1, "item": message("")},
        {"type": "response.output_text.delta", "output_index": 1, "delta": "Hello"},
        {"type": "response.output_text.annotation.added", "output_index": 1, "annotation": FILE},
        {"type": "response.completed", "response": whole},
    ]
    expected = [HostedToolEvent, Citation]
    for body in ([event(each, each["type"]) for each in events], [json.dumps(whole).encode()]):
        server.queue = [Response(body)]
        _, items = Driver(asynchronous=False).call_and_read(
            Driver(asynchronous=False).function(case)
        )
        found = [type(part) for chunk, _ in items for part in chunk.parts]
        assert [kind for kind in found if kind is not TextDelta] == expected


@pytest.mark.parametrize("case", [case_of("openai")], ids=["openai"])
def test_operators_that_cut_a_chunk_keep_its_parts_once(case: Case, server: Loopback) -> None:
    text = "<think>Hm</think>One two"
    chunk = completion_chunk({"content": text, "annotations": [CITED]})
    server.queue = [Response([chunk, *case.end(3, 2)])]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    read = streams.smooth(streams.extract_reasoning(stream), max_delay=0.01)
    parts = [part for chunk, _ in read for part in chunk.parts]
    assert (joined(ReasoningDelta, parts), joined(TextDelta, parts)) == ("Hm", "One two")
    assert len(of_kind(Citation, parts)) == 1
