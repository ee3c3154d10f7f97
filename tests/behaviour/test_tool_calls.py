"""Tools in streams and responses, for each provider, sync and async."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.genai.types import FunctionDeclaration, Tool
from pydantic import BaseModel
from support.cases import Case, Driver
from support.fixtures import built_in, every_case

from mirascope import errors
from mirascope.core import Messages
from mirascope.testing.conformance import Text, one_after_another
from mirascope.testing.conformance._tools import FormatBook, Record, nothing
from mirascope.testing.loopback import Loopback, Response

case = every_case


TOOLS = [FormatBook, Record, nothing]
BOOK = json.dumps({"title": "The Name of the Wind", "author": "Rothfuss"})


def tools_in(items: Sequence[tuple[Any, Any]]) -> list[Any]:
    return [tool for _, tool in items if tool is not None]


def test_a_call_without_tools_yields_none(case: Case, driver: Driver, server: Loopback) -> None:
    events = case.tool_call_response(*one_after_another(("FormatBook", BOOK)))
    server.queue = [Response(events), Response(case.response("Hi"))]
    stream, items = driver.call_and_read(driver.function(case))
    assert tools_in(items) == []
    assert stream.construct_call_response().tools is None
    stream, items = driver.call_and_read(driver.function(case, tools=TOOLS))
    assert tools_in(items) == []
    assert stream.construct_call_response().tools is None


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


def theirs(case: Case) -> dict[str, Any]:
    """Return call parameters with a tool of the name "search" in the provider's own form."""
    schema = {"type": "object", "properties": {"query": {"type": "string"}}}
    function = {"name": "search", "description": "Searches.", "parameters": schema}
    forms: dict[str, Any] = {
        "anthropic": {"name": "search", "input_schema": schema},
        "gemini": Tool(function_declarations=[FunctionDeclaration(name="search")]),
    }
    if case.name == "bedrock":
        spec = {"toolSpec": {"name": "search", "inputSchema": {"json": schema}}}
        return {"toolConfig": {"tools": [spec]}}
    return {"tools": [forms.get(case.family, {"type": "function", "function": function})]}


def sent_tools(server: Loopback) -> str:
    (request,) = server.requests
    return json.dumps(request.json.get("tools") or request.json["toolConfig"])


@pytest.mark.parametrize("where", ["decorator", "dynamic configuration"])
def test_tools_of_call_params_are_added(
    case: Case, driver: Driver, server: Loopback, where: str
) -> None:
    calls = [("search", "{}"), ("FormatBook", BOOK), ("search", "{}")]
    server.queue = [Response(case.tool_call_response(*one_after_another(*calls)))]
    config: Any = {"call_params": theirs(case)}
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
    options = {"tools": [FormatBook], "call_params": theirs(case)}
    tried = driver.attempt(driver.function(case, **options))
    assert isinstance(tried.error, errors.ToolCallError)


@built_in  # Ollama's API cannot force a tool
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
    options = {"response_model": Book, "call_params": theirs(case)}
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
        "bedrock": {"toolConfig": {"toolChoice": {"auto": {}}}},
        "cohere": {"tool_choice": "NONE"},
        "gemini": {"tool_config": {"function_calling_config": {"mode": "AUTO"}}},
    }
    params = choices.get(case.family, {"tool_choice": "auto"})
    server.queue = [Response.of_json(case.called_plain("Record", '{"data": 1}'))]
    function = driver.function(case, stream=False, response_model=Record, call_params=params)
    assert driver.call(function).data == 1
    body = server.requests[0].json
    choice = json.dumps(body.get("tool_choice") or body["toolConfig"])
    assert "auto" in choice.lower() or choice == '"NONE"'


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
