"""Tools in streams and responses, for each provider, sync and async."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.genai.types import FunctionDeclaration, Tool
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue, TypeAdapter
from support.cases import Case, Driver
from support.scripts import CallDelta, CallEnd, CallStart, Reasoning, Step, Text, one_after_another

from mirascope import BaseTool, errors
from mirascope.core import Messages
from mirascope.testing.loopback import Loopback, Response


class FormatBook(BaseTool):
    """Formats a book."""

    title: str = Field(description="The title of the book")
    author: str

    def call(self) -> str:
        return f"{self.title} by {self.author}"


class Record(BaseTool):
    """Records anything."""

    data: JsonValue = None

    def call(self) -> str:
        return json.dumps(self.data)


def nothing() -> str:
    """Does nothing."""
    return "nothing was done"


TOOLS = [FormatBook, Record, nothing]
BOOK = json.dumps({"title": "The Name of the Wind", "author": "Rothfuss"})


def tools_in(items: Sequence[tuple[Any, Any]]) -> list[Any]:
    return [tool for _, tool in items if tool is not None]


def test_a_tool_is_yielded_with_the_chunk_that_completes_it(
    case: Case, driver: Driver, server: Loopback
) -> None:
    steps = [Text("Let me "), *one_after_another(("FormatBook", BOOK)), Text("see.")]
    server.queue = [Response(case.tool_call_response(*steps))]
    stream, items = driver.call_and_read(driver.function(case, tools=TOOLS))
    (tool,) = tools_in(items)
    assert isinstance(tool, FormatBook)
    assert tool.call() == "The Name of the Wind by Rothfuss"
    assert tool.args == json.loads(BOOK)
    assert tool.tool_call is not None
    assert "".join(chunk.content for chunk, _ in items) == stream.content == "Let me see."
    response = stream.construct_call_response()
    assert response.tool.args == tool.args
    assert [called.args for called in response.tools] == [tool.args]
    assert response.tool.tool_call == tool.tool_call
    assert stream.finish_reasons == [case.tool_stop]


def test_a_plain_response_has_its_tools(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json(case.called_plain("FormatBook", BOOK))]
    response = driver.call(driver.function(case, stream=False, tools=TOOLS))
    assert isinstance(response.tool, FormatBook)
    assert response.tool.call() == "The Name of the Wind by Rothfuss"
    sent = json.dumps(server.requests[0].json)
    assert all(name in sent for name in ("FormatBook", "Record", "nothing", "title of the book"))


def test_a_call_without_tools_yields_none(case: Case, driver: Driver, server: Loopback) -> None:
    events = case.tool_call_response(*one_after_another(("FormatBook", BOOK)))
    server.queue = [Response(events), Response(case.response("Hi"))]
    stream, items = driver.call_and_read(driver.function(case))
    assert tools_in(items) == []
    assert stream.construct_call_response().tools is None
    stream, items = driver.call_and_read(driver.function(case, tools=TOOLS))
    assert tools_in(items) == []
    assert stream.construct_call_response().tools is None


@st.composite
def scripts(draw: st.DrawFn) -> tuple[list[Step], list[tuple[str, Any]]]:
    """Return steps of calls that interleave, and what they call."""
    texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
    data = st.recursive(
        st.none() | st.booleans() | st.integers(-(10**6), 10**6) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )
    threads: list[list[Step]] = [
        [draw(st.builds(Text, texts) | st.builds(Reasoning, texts))] for _ in range(draw(_COUNTS))
    ]
    calls: list[tuple[str, Any]] = []
    for call in range(draw(_COUNTS)):
        name = draw(st.sampled_from(["Record", "nothing"]))
        args = {"data": draw(data)} if name == "Record" else {}
        text = json.dumps(args) if args or draw(st.booleans()) else ""
        cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=4)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        adds = [CallDelta(call, piece) for piece in pieces if piece]
        threads.append([CallStart(call, name), *adds, CallEnd(call)])
        calls.append((name, args))
    return _interleaved(draw, threads), calls


_COUNTS = st.integers(0, 4)


def _interleaved(draw: st.DrawFn, threads: list[list[Step]]) -> list[Step]:
    """Mix threads of steps; calls are opened in their order."""
    steps: list[Step] = []
    waiting = [thread for thread in threads if thread]
    while waiting:
        first_unopened = next((t for t in waiting if isinstance(t[0], CallStart)), None)
        ready = [t for t in waiting if t is first_unopened or not isinstance(t[0], CallStart)]
        thread = draw(st.sampled_from(ready))
        steps.append(thread.pop(0))
        waiting = [thread for thread in waiting if thread]
    return steps


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=scripts(), partial=st.booleans())
def test_each_call_is_yielded_once_however_calls_interleave(
    case: Case,
    driver: Driver,
    server: Loopback,
    script: tuple[list[Step], list[tuple[str, Any]]],
    *,
    partial: bool,
) -> None:
    steps, calls = script
    if case.whole_calls:
        order = [step.call for step in steps if isinstance(step, CallEnd)]
        calls = [calls[call] for call in order]
    server.queue = [Response(case.tool_call_response(*steps))]
    function = driver.function(
        case, tools=TOOLS, stream={"partial_tools": True} if partial else True
    )
    stream, items = driver.call_and_read(function)
    whole = [tool for tool in tools_in(items) if tool.delta is None]
    assert [(tool._name(), tool.args) for tool in whole] == [
        (name, {"data": None} | args if name == "Record" else {}) for name, args in calls
    ]
    said = "".join(step.text for step in steps if isinstance(step, Text))
    thought = "".join(step.text for step in steps if isinstance(step, Reasoning))
    assert "".join(chunk.content for chunk, _ in items) == stream.content == said
    assert "".join(chunk.reasoning for chunk, _ in items) == stream.reasoning == thought
    response = stream.construct_call_response()
    assert [tool.args for tool in response.tools or ()] == [tool.args for tool in whole]
    assert (stream.input_tokens, stream.output_tokens) == (3, 2)


def test_partial_tools_are_yielded_as_arguments_are_received(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.tool_call_response(*one_after_another(("FormatBook", BOOK))))]
    _, items = driver.call_and_read(
        driver.function(case, tools=TOOLS, stream={"partial_tools": True})
    )
    *growing, whole = tools_in(items)
    assert growing
    assert "".join(tool.delta for tool in growing) in {BOOK, json.dumps(json.loads(BOOK))}
    assert all(isinstance(tool, FormatBook) for tool in growing)
    assert all("The Name of the Wind".startswith(tool.title or "") for tool in growing)
    assert (whole.delta, whole.call()) == (None, "The Name of the Wind by Rothfuss")


@pytest.mark.parametrize(
    "unusable",
    [
        ("FormatBook", '{"title": "The N', "EOF"),
        ("FormatBook", '{"title": "The Name of the Wind"}', "author"),
        ("Unheard", "{}", "Unheard"),
    ],
    ids=["cut off", "does not fit", "unknown"],
)
def test_an_invalid_call_is_raised_after_everything_else(
    case: Case, driver: Driver, server: Loopback, unusable: tuple[str, str, str]
) -> None:
    name, arguments, message = unusable
    if case.whole_calls and case.name == "gemini" and message == "EOF":
        pytest.skip("the arguments come as JSON, so they are never cut off")
    calls = one_after_another(("Record", '{"data": 1}'), (name, arguments))
    steps = [*calls, Text("Done.")]
    server.queue = [Response(case.tool_call_response(*steps))]
    tried = driver.attempt(driver.function(case, tools=TOOLS))
    error, stream = tried.error, tried.stream
    assert isinstance(error, errors.ToolCallError)
    assert isinstance(error, case.sdk_error)
    assert message in str(error)
    assert (error.tool_name, error.arguments) == (name, arguments)
    assert [tool.args for tool in tools_in(tried.items)] == [{"data": 1}]
    assert "".join(chunk.content for chunk, _ in tried.items) == stream.content == "Done."
    assert (stream.state, stream.output_tokens) == ("finished", 2)
    response = stream.construct_call_response()
    assert response.content == "Done."
    with pytest.raises(errors.ToolCallError):
        _ = response.tools


def theirs(case: Case) -> list[Any]:
    """Return a tool of the name "search" in the provider's own form."""
    schema = {"type": "object", "properties": {"query": {"type": "string"}}}
    function = {"name": "search", "description": "Searches.", "parameters": schema}
    forms: dict[str, Any] = {
        "anthropic": {"name": "search", "input_schema": schema},
        "gemini": Tool(function_declarations=[FunctionDeclaration(name="search")]),
    }
    return [forms.get(case.name, {"type": "function", "function": function})]


def sent_tools(server: Loopback) -> str:
    (request,) = server.requests
    return json.dumps(request.json["tools"])


@pytest.mark.parametrize("where", ["decorator", "dynamic configuration"])
def test_tools_of_call_params_are_added(
    case: Case, driver: Driver, server: Loopback, where: str
) -> None:
    calls = [("search", "{}"), ("FormatBook", BOOK), ("search", "{}")]
    server.queue = [Response(case.tool_call_response(*one_after_another(*calls)))]
    config: Any = {"call_params": {"tools": theirs(case)}}
    options = {"tools": [FormatBook], **(config if where == "decorator" else {})}
    returned = ["Hi"] if where == "decorator" else {"messages": [Messages.User("Hi")], **config}

    def ask() -> Any:
        return returned

    async def aask() -> Any:
        return returned

    decorate = case.call("requested-model", stream=True, **options)
    stream, items = driver.call_and_read(lambda _: decorate(aask if driver.asynchronous else ask)())
    assert [tool.args for tool in tools_in(items)] == [json.loads(BOOK)]
    assert stream.state == "finished"
    response = stream.construct_call_response()
    assert [tool.args for tool in response.tools] == [json.loads(BOOK)]
    assert len(response._received_calls) == 3
    assert "FormatBook" in sent_tools(server)
    assert "search" in sent_tools(server)


def test_a_call_of_an_undeclared_tool_is_reported(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.tool_call_response(*one_after_another(("find", "{}"))))]
    options = {"tools": [FormatBook], "call_params": {"tools": theirs(case)}}
    tried = driver.attempt(driver.function(case, **options))
    assert isinstance(tried.error, errors.ToolCallError)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_a_response_model_can_be_called_beside_tools_of_call_params(
    case: Case, driver: Driver, server: Loopback, *, stream: bool
) -> None:
    class Book(BaseModel):
        title: str

    wind = '{"title": "Wind"}'
    if stream:
        calls = one_after_another(("search", '{"query": "Wind"}'), ("Book", wind))
        server.queue = [Response(case.tool_call_response(*calls))]
    else:
        server.queue = [Response.of_json(case.called_plain("Book", wind))]
    options = {"response_model": Book, "call_params": {"tools": theirs(case)}}
    function = driver.function(case, stream=stream, **options)
    book = driver.call_and_read(function)[1][-1] if stream else driver.call(function)
    assert book == Book(title="Wind")
    assert "Book" in sent_tools(server)
    assert "search" in sent_tools(server)
    body = server.requests[0].json
    choice = json.dumps(body.get("tool_choice") or body.get("toolConfig"))
    assert "Book" in choice or choice == '"REQUIRED"'


def test_a_user_supplied_tool_choice_holds(case: Case, driver: Driver, server: Loopback) -> None:
    choices: dict[str, Any] = {
        "anthropic": {"tool_choice": {"type": "auto"}},
        "cohere": {"tool_choice": "NONE"},
        "gemini": {"tool_config": {"function_calling_config": {"mode": "AUTO"}}},
    }
    params = choices.get(case.name, {"tool_choice": "auto"})
    server.queue = [Response.of_json(case.called_plain("Record", '{"data": 1}'))]
    function = driver.function(case, stream=False, response_model=Record, call_params=params)
    assert driver.call(function).data == 1
    body = server.requests[0].json
    choice = json.dumps(body.get("tool_choice") or body["toolConfig"])
    assert "auto" in choice.lower() or choice == '"NONE"'


def test_tool_outputs_go_back_to_the_model(case: Case, driver: Driver, server: Loopback) -> None:
    calls = one_after_another(("FormatBook", BOOK), ("nothing", ""))
    server.queue = [
        Response(case.tool_call_response(*calls)),
        Response.of_json(case.plain("Good.")),
    ]
    stream, items = driver.call_and_read(driver.function(case, tools=TOOLS))
    tools = tools_in(items)
    outputs = stream.tool_message_params([(tools[0], tools[0].call()), (tools[1], {"done": False})])
    history = [*stream.messages, stream.message_param, *outputs]
    TypeAdapter(case.messages).validate_python(history)

    @case.call("requested-model", tools=TOOLS)
    def go_on() -> Any:
        return {"messages": [*history, Messages.User("And?")]}

    assert go_on().content == "Good."
    sent = json.dumps(server.requests[1].json)
    assert "The Name of the Wind by Rothfuss" in sent
    assert "FormatBook" in sent
    if case.name != "gemini":
        assert sent.count("call_0") == sent.count("call_1") == 2


def test_a_stream_can_be_made_of_chunks_and_their_tools(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [
        Response(case.tool_call_response(Text("Hm"), *one_after_another(("FormatBook", BOOK))))
    ]
    stream, items = driver.call_and_read(driver.function(case, tools=TOOLS))
    again = type(stream)(stream=iter(items), tool_types=stream.tool_types)
    assert list(again) == items
    assert again.content == "Hm"
    assert again.construct_call_response().tool.args == json.loads(BOOK)
