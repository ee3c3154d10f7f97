"""Responses to a streaming request that are no stream: JSON, complete or not, and other text."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from pydantic import BaseModel
from support.cases import Attempt, Case, Driver, records
from support.providers.anthropic import ANTHROPIC
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI, called, completion
from support.recordings import FOLDER, recordings

from mirascope import BaseTool, errors, llm
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.json_scanner import BareObjects
from mirascope.core._wire.sdk_models import to_builtins
from mirascope.testing.loopback import Loopback, Response, in_pieces

SYNC = Driver(asynchronous=False)
AS_JSON = {"content-type": "application/json"}


class Book(BaseModel):
    """A book."""

    title: str


class ReadBook(BaseTool):
    """Reads a book."""

    title: str

    def call(self) -> str:
        return self.title


def read(
    case: Case,
    driver: Driver,
    server: Loopback,
    body: bytes | Any,
    size: int = 100_000,
    *,
    headers: dict[str, str] = AS_JSON,
    **options: Any,
) -> Attempt:
    """Return a stream that was read from a body, given as bytes or as what is JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    server.queue = [Response(in_pieces(data, size), headers=headers)]
    return driver.attempt(driver.function(case, max_retries=0, **options))


def events(case: Case) -> list[Any]:
    """Return the records of a streamed response."""
    return records(case, case.response("Hello", " world"))


@pytest.mark.parametrize("size", [1, 100_000], ids=["byte by byte", "whole"])
def test_a_plain_response_is_one_chunk(
    case: Case, driver: Driver, server: Loopback, size: int
) -> None:
    pretty = json.dumps(case.plain("Zażółć"), indent=2).encode()
    read_ = read(case, driver, server, pretty, size)
    ((chunk, tool),) = read_.items
    assert (read_.error, read_.stream.state, tool) == (None, "finished", None)
    assert (chunk.content, chunk.finish_reasons) == ("Zażółć", [case.stop])
    assert (chunk.input_tokens, chunk.output_tokens) == (3, 2)
    assert type(chunk.chunk).__module__.startswith(case.sdk_package)
    if case.family != "openai_responses":  # whose last event repeats what was streamed before
        assert type(chunk)(chunk=chunk.chunk).content == chunk.content
    server.queue = [Response.of_json(case.plain("Zażółć"))]
    plain = driver.call(driver.function(case, stream=False))
    rebuilt = read_.stream.construct_call_response()
    assert case.comparable(rebuilt.response) == case.comparable(plain.response)
    assert rebuilt.message_param == plain.message_param
    assert (rebuilt.usage, rebuilt.id) == (plain.usage, plain.id)


@pytest.mark.parametrize("partial", [False, True], ids=["whole tools", "partial tools"])
def test_the_tools_of_a_plain_response_are_yielded_with_its_chunk(
    case: Case, driver: Driver, server: Loopback, *, partial: bool
) -> None:
    body = case.called_plain("ReadBook", '{"title": "Dune"}')
    if "choices" in body:
        body["choices"][0]["message"]["content"] = ""  # which null means, too, in a stream
    if case is MISTRAL:
        body["choices"][0]["message"]["tool_calls"][0]["index"] = 0  # as it does
    stream = {"partial_tools": True} if partial else True
    tried = read(case, driver, server, body, 7, tools=[ReadBook], stream=stream)
    tools = [tool for _, tool in tried.items if tool is not None and tool.delta is None]
    assert [tool.title for tool in tools] == ["Dune"]
    assert tried.items[-1][0].finish_reasons == [case.tool_stop]
    response = tried.stream.construct_call_response()
    server.queue = [Response.of_json(body)]
    plain = driver.call(driver.function(case, stream=False, tools=[ReadBook]))
    assert to_builtins(case.comparable(response.response)) == to_builtins(
        case.comparable(plain.response)
    )
    assert record_of(response.message_param) == record_of(plain.message_param)
    assert [tool.title for tool in response.tools] == ["Dune"]


def test_a_plain_response_s_call_without_arguments_is_valid(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Now(BaseTool):
        """Tells the time."""

        def call(self) -> str:
            return "now"

    tried = read(case, driver, server, case.called_plain("Now", "{}"), tools=[Now])
    assert [type(tool).__name__ for _, tool in tried.items] == ["Now"]


def test_a_plain_response_on_a_user_supplied_client(case: Case, driver: Driver) -> None:
    with Loopback() as own:
        own.default = lambda: Response(
            in_pieces(json.dumps(case.plain("mine")).encode(), 5), headers=AS_JSON
        )

        async def read_async() -> Any:
            async with case.async_client(case.url(own.url), "own-key") as client:
                stream = await driver.function(case, client=client)("fantasy")
                return stream, [item async for item in stream]

        if driver.asynchronous:
            stream, items = driver.run(read_async)
        else:
            with case.client(case.url(own.url), "own-key") as client:
                stream, items = driver.call_and_read(driver.function(case, client=client))
    assert (stream.state, [chunk.content for chunk, _ in items]) == ("finished", ["mine"])


def test_a_compressed_plain_response(case: Case, driver: Driver, server: Loopback) -> None:
    packed = gzip.compress(json.dumps(case.plain("Hello")).encode())
    headers = AS_JSON | {"content-encoding": "gzip"}
    assert read(case, driver, server, packed, 10, headers=headers).stream.content == "Hello"


@pytest.mark.parametrize("lead", [b"", b"\r\n \n", b"\xef\xbb\xbf"], ids=["none", "space", "bom"])
@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain; charset=utf-8", ""])
def test_the_body_decides_not_the_content_type(
    case: Case, driver: Driver, server: Loopback, lead: bytes, kind: str
) -> None:
    body = lead + json.dumps(case.plain("Hello")).encode()
    headers = {"content-type": kind}
    assert read(case, driver, server, body, 3, headers=headers).stream.content == "Hello"
    stream = b"".join(case.response("Hello"))
    assert read(case, driver, server, stream, headers=headers).stream.content == "Hello"


def test_a_plain_response_in_an_event(case: Case, driver: Driver, server: Loopback) -> None:
    body = b"data: " + json.dumps(case.plain("Hello")).encode() + b"\n\ndata: [DONE]\n\n"
    tried = read(case, driver, server, body)
    assert (tried.stream.state, tried.stream.content) == ("finished", "Hello")


@pytest.mark.parametrize("size", [1, 100_000], ids=["byte by byte", "whole"])
@pytest.mark.parametrize("form", ["lines", "array", "one after another"])
def test_records_that_are_in_no_event(
    case: Case, driver: Driver, server: Loopback, form: str, size: int
) -> None:
    records = [json.dumps(record) for record in events(case)]
    body = {
        "lines": "\n".join(records) + "\n",
        "array": f"[{', '.join(records)}]",
        "one after another": "".join(records),
    }[form]
    tried = read(case, driver, server, body.encode(), size)
    assert (tried.stream.state, tried.stream.content) == ("finished", "Hello world")
    assert tried.items[-1][0].finish_reasons == [case.stop]


def test_json_lines_are_read_as_they_are_received(case: Case, server: Loopback) -> None:
    lines = [json.dumps(record).encode() + b"\n" for record in events(case)]
    start = len(case.begin) + 1  # with the first text; not each record is an item
    read_: list[Any] = []

    def script() -> Any:
        yield from lines[:start]
        while not read_:
            yield b"\n"
        yield from lines[start:]

    server.queue = [Response(script(), headers={"content-type": "application/x-ndjson"})]
    if case is MISTRAL:  # whose SDK reads such a body to its end
        server.queue = [Response(script())]
    stream = SYNC.function(case)("fantasy")
    for chunk, _ in stream:
        read_ += [chunk]
    assert (stream.state, stream.content) == ("finished", "Hello world")


def test_events_may_follow_bare_json(case: Case, driver: Driver, server: Loopback) -> None:
    first, *rest = events(case)
    lines = b"".join(b"data: %b\n\n" % json.dumps(record).encode() for record in rest)
    body = json.dumps(first).encode() + b"\n" + lines + b"data: [DONE]\n\n"
    assert read(case, driver, server, body, 4).stream.content == "Hello world"


@pytest.mark.parametrize("size", [1, 100_000], ids=["byte by byte", "whole"])
def test_an_error_as_json_is_that_error(
    case: Case, driver: Driver, server: Loopback, size: int
) -> None:
    for body in (case.error_body("No such luck."), [case.error_body("No such luck.")]):
        tried = read(case, driver, server, body, size)
        assert isinstance(tried.error, errors.StreamAPIError)
        assert isinstance(tried.error, case.sdk_error)
        assert "No such luck." in str(tried.error)
        assert tried.stream.state == "failed"


def test_a_body_that_is_cut_off_keeps_its_text(
    case: Case, driver: Driver, server: Loopback
) -> None:
    body = json.dumps(case.plain("Hello world")).encode()
    for end in range(1, len(body) - 1, 17):
        tried = read(case, driver, server, body[:end], 50)
        assert isinstance(tried.error, errors.StreamTruncated), body[:end]
        assert isinstance(tried.error, case.sdk_error)
        assert (tried.stream.state, tried.items) == ("truncated", [])
        assert "Hello world".startswith(tried.stream.content)
    tried = read(case, driver, server, body[: body.index(b" world")])
    assert isinstance(tried.error, errors.StreamTruncated)
    assert tried.error.partial is not None
    assert tried.error.partial.content == "Hello"


def test_no_tool_is_made_of_a_body_that_is_cut_off(case: Case, server: Loopback) -> None:
    body = json.dumps(case.called_plain("ReadBook", '{"title": "Dune"}')).encode()
    for end in (*range(1, len(body) - 1, 9), body.index(b"Dune") + 2):
        tried = read(case, SYNC, server, body[:end], tools=[ReadBook])
        assert isinstance(tried.error, errors.StreamTruncated), body[:end]
        assert (tried.items, tried.stream.partial().tools) == ([], None)


PAGE = b"<!DOCTYPE html>\r\n<html>\n<body>Log in, bearer of a-secret-key" + b"<p>.</p>" * 5_000
TEXTS = {
    "'<!DOCTYPE html> <html> <body>Log in, bearer of ***<p>.</p>": PAGE,
    "'upstream connect error'": b"upstream connect error",
    "'OK'": b"OK\n",
    "'\"text\"'": b'"text"',
}


@pytest.mark.parametrize("size", [1_000, 100_000])
@pytest.mark.parametrize("shown", TEXTS, ids=["html", "text", "short", "json text"])
def test_other_text_is_no_response(
    case: Case, driver: Driver, server: Loopback, shown: str, size: int
) -> None:
    headers = {"content-type": "text/html"}
    tried = read(case, driver, server, TEXTS[shown], size, headers=headers)
    assert isinstance(tried.error, errors.StreamDataError)
    assert isinstance(tried.error, case.sdk_error)
    assert "neither a stream of events nor JSON" in str(tried.error)
    assert shown in str(tried.error)
    assert "a-secret-key" not in repr(tried.error) + str(vars(tried.error))
    assert len(str(tried.error)) < 400
    assert (tried.stream.state, tried.error.phase) == ("failed", "first")


def test_json_that_is_no_response(case: Case, driver: Driver, server: Loopback) -> None:
    for body in ({"fine": "a-secret-key"}, [], {}):
        tried = read(case, driver, server, body)
        assert isinstance(tried.error, errors.StreamTruncated)
        assert ('\'{"fine": "***"}\'' in str(tried.error)) is bool(body)
    tried = read(case, driver, server, b"{not json}")
    assert isinstance(tried.error, errors.StreamDataError)


@pytest.mark.parametrize("json_mode", [False, True], ids=["tool", "json mode"])
def test_a_response_model_is_read_from_a_plain_response(
    case: Case, driver: Driver, server: Loopback, *, json_mode: bool
) -> None:
    title = '{"title": "Dune"}'
    body = case.plain(title) if json_mode else case.called_plain("Book", title)
    tried = read(case, driver, server, body, response_model=Book, json_mode=json_mode)
    assert tried.error is None
    assert tried.items[-1] == Book(title="Dune")


def test_nothing_of_a_plain_response_is_kept_if_nothing_is_to_be(
    case: Case, driver: Driver, server: Loopback
) -> None:
    tried = read(case, driver, server, case.plain("Hello"), keep="none")
    assert [chunk.content for chunk, _ in tried.items] == ["Hello"]
    assert tried.stream.content == tried.stream.partial().content == ""
    assert tried.stream.output_tokens == 2


def test_the_chunk_of_a_plain_response_is_normalized(case: Case, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]

    @llm.call(provider=case.name, model="m", stream=True)  # pyright: ignore[reportArgumentType]
    def recommend() -> str:
        return "Hi"

    ((chunk, _),) = list(recommend())
    assert (chunk.content, chunk.finish_reasons) == ("Hello", ["stop"])
    assert chunk.usage is not None
    assert chunk.usage.output_tokens == 2


@pytest.mark.parametrize("case", [OPENAI, MISTRAL], ids=lambda case: case.name)
def test_a_plain_response_may_have_several_choices(
    case: Case, driver: Driver, server: Loopback
) -> None:
    body = completion({"role": "assistant", "content": "a"})
    second = {"index": 1, "message": {"role": "assistant", "content": "b"}}
    body["choices"].append({**second, "finish_reason": "length"})
    stream = read(case, driver, server, body).stream
    assert (stream.state, stream.content) == ("finished", "a")
    assert stream.finish_reasons == ["stop", "length"]
    choices = stream.construct_call_response().response.choices
    assert [choice.message.content for choice in choices] == ["a", "b"]


@pytest.mark.parametrize("case", [OPENAI, GROQ, MISTRAL], ids=lambda case: case.name)
def test_a_plain_response_without_a_finish_reason_is_complete(
    case: Case, driver: Driver, server: Loopback
) -> None:
    body = case.plain("Hello")
    body["choices"][0]["finish_reason"] = None
    tried = read(case, driver, server, body, 5)
    assert (tried.error, tried.stream.state) == (None, "finished")
    assert (tried.stream.content, tried.stream.finish_reasons) == ("Hello", None)


@pytest.mark.parametrize("case", [OPENAI], ids=["openai"])
def test_what_a_message_has_beside_text(case: Case, driver: Driver, server: Loopback) -> None:
    message = called("ReadBook", '{"title": "Dune"}')
    message["tool_calls"] += called("ReadBook", '{"title": "Emma"}')["tool_calls"]
    message["tool_calls"][1]["id"] = "call_9"
    message |= {"reasoning_content": "Hm", "content": "Here:"}
    body = completion(message, "tool_calls")
    tried = read(case, driver, server, body, tools=[ReadBook])
    assert [tool.title for _, tool in tried.items] == ["Dune", "Emma"]
    assert [chunk.finish_reasons for chunk, _ in tried.items] == [["tool_calls"]] * 2
    assert (tried.stream.content, tried.stream.reasoning) == ("Here:", "Hm")


@pytest.mark.parametrize("case", [ANTHROPIC], ids=["anthropic"])
def test_blocks_of_every_kind(case: Case, driver: Driver, server: Loopback) -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "SIG"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "b"}]},
        {"type": "tool_use", "id": "call_0", "name": "ReadBook", "input": {"title": "Dune"}},
        {"type": "text", "text": "b"},
    ]
    body = case.plain("") | {"content": blocks, "stop_reason": "tool_use"}
    tried = read(case, driver, server, body, tools=[ReadBook])
    ((chunk, tool),) = tried.items
    assert (chunk.content, chunk.thinking, chunk.signature) == ("ab", "Hm", "SIG")
    assert (tool.title, tried.stream.signature) == ("Dune", "SIG")
    assert tried.stream.message_param == {"role": "assistant", "content": blocks}


@pytest.mark.parametrize("case", [COHERE], ids=["cohere"])
def test_what_else_a_cohere_message_has(case: Case, driver: Driver, server: Loopback) -> None:
    body = case.plain("Hi") | {"logprobs": [{"text": "Hi", "token_ids": [1], "logprobs": [0.5]}]}
    citation = {"start": 0, "end": 2, "text": "Hi", "sources": []}
    thinking = {"type": "thinking", "thinking": "Hm"}
    body["message"] |= {"citations": [citation], "content": [thinking, *body["message"]["content"]]}
    stream = read(case, driver, server, body).stream
    assert (stream.content, stream.reasoning) == ("Hi", "Hm")
    server.queue = [Response.of_json(body)]
    plain = driver.call(driver.function(case, stream=False))
    rebuilt = stream.construct_call_response()
    assert rebuilt.response.model_dump() == plain.response.model_dump()


def test_json_that_is_cut_off_after_events(case: Case, driver: Driver, server: Loopback) -> None:
    cut_off = json.dumps(case.plain("Hello world")).encode().partition(b" world")[0]
    events = b": waiting\n\n" if case.server_sent else b""
    tried = read(case, driver, server, events + cut_off, 3)
    assert isinstance(tried.error, errors.StreamTruncated)
    assert tried.stream.content == "Hello"


@pytest.mark.skipif(not FOLDER.exists(), reason=f"no recordings in {FOLDER.name}")
@pytest.mark.parametrize("case", [GEMINI], ids=["gemini"])
def test_recorded_arrays(case: Case, driver: Driver, server: Loopback) -> None:
    arrays = [r for r in recordings("gemini") if "array" in case.disagree.get(r.name, "")]
    assert len(arrays) == 2
    for recording in arrays:
        records = json.loads(recording.body)
        parts = [p for r in records for p in r["candidates"][0]["content"]["parts"]]
        said = "".join(p["text"] for p in parts if "text" in p and not p.get("thought"))
        stream = read(case, driver, server, recording.body, 1_447).stream
        assert (stream.state, stream.content) == ("finished", said)
        assert json.loads(said)


def test_many_small_objects_take_linear_time() -> None:
    body = b'{"a": [1, 2]}\n' * 20_000
    found, rest = BareObjects().feed(body)
    assert (len(found), rest) == (20_000, b"")
