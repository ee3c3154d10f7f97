"""What the protocols' own JavaScript packages make of the events, for all providers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from web_support import (
    CASES,
    Abort,
    CallDelta,
    CallEnd,
    CallStart,
    Case,
    Driver,
    Loopback,
    Reasoning,
    Response,
    ServerThread,
    Streams,
    Text,
    node,
    one_after_another,
    recordings,
)

from mirascope import llm
from mirascope.core import BaseMessageParam
from mirascope.web import Approval, ag_ui, ai_sdk

EMMA = '{"title": "Emma"}'
BOOK = '{"title": "Emma", "pages": 474}'


class Book(BaseModel):
    title: str
    pages: int


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return f"the author of {title}"


def thoughtful(case: Case) -> list[bytes]:
    call = one_after_another(("get_author", EMMA))
    return case.tool_call_response(
        Reasoning("Hm, "), Reasoning("Emma."), Text("It "), Text("is"), *call
    )


def agent_turn(streams: Streams) -> Any:
    """Return a turn of two streams, with a tool that runs between."""
    made: list[Any] = []

    def first() -> Any:
        stream = streams.stream(tools=[get_author])
        if not hasattr(stream, "__await__"):
            made.append(stream)
            return stream

        async def awaited() -> Any:
            made.append(await stream)
            return made[0]

        return awaited()

    def output() -> Any:
        (tool,) = made[0].construct_call_response().tools
        return tool, {"author": tool.call()}

    def approval() -> Any:
        return Approval(made[0].construct_call_response().tools[0])

    return first, output, approval


def test_every_event_fits_the_schema_of_the_ai_sdk(streams: Streams, node_modules: Path) -> None:
    case, queue = streams.case, streams.server.queue
    begun = [*case.begin, case.text("It is ")]
    letters = [CallStart(0, "Book"), *(CallDelta(0, letter) for letter in BOOK), CallEnd(0)]
    bad = one_after_another(("get_author", '{"name": 1}'))
    first, output, approval = agent_turn(streams)
    bodies: list[str] = []

    def body(stream: Any, *answers: list[Any]) -> None:
        queue[:] = map(Response, answers)
        bodies.append(streams.text(ai_sdk.events(stream)))

    body(streams.stream(tools=[get_author]), thoughtful(case))
    body(streams.stream(response_model=Book), case.tool_call_response(*letters))
    body(streams.stream(), [*begun, Abort()])
    body(streams.stream(), [*begun, case.failure])
    body(streams.stream(tools=[get_author]), case.tool_call_response(*bad))
    turn = streams.turn(first, output, streams.stream)
    body(turn, thoughtful(case), case.response("By her."))
    first, output, approval = agent_turn(streams)
    body(streams.turn(first, approval), thoughtful(case))
    restarting = streams.driver.function(case, on_interrupt="restart", max_retries=1)
    body(restarting("fantasy"), [*begun, Abort()], case.response("Emma"))
    results = node("read_ui_message_stream.mjs", node_modules, data=json.dumps(bodies))
    assert [result["problems"] for result in results] == [[]] * len(bodies)
    assert all(result["count"] > 3 for result in results)
    one, book, *_, agent, asked, _ = (result["message"]["parts"] for result in results)
    shown = [(part["type"], part.get("text")) for part in one]
    assert ("reasoning", "Hm, Emma.") in shown
    assert ("text", "It is") in shown
    (tool,) = [part for part in one if part["type"] == "tool-get_author"]
    assert (tool["state"], tool["input"]) == ("input-available", {"title": "Emma"})
    assert book[-1]["data"] == {"title": "Emma", "pages": 474}
    (tool,) = [part for part in agent if part["type"] == "tool-get_author"]
    assert tool["output"] == {"author": "the author of Emma"}
    assert agent[-1]["text"] == "By her."
    (tool,) = [part for part in asked if part["type"] == "tool-get_author"]
    assert tool["state"] == "approval-requested"


def test_a_message_goes_to_the_browser_and_back(streams: Streams, node_modules: Path) -> None:
    """The provider gets back what it would get if the message had stayed here."""
    case, server = streams.case, streams.server
    first, output, _ = agent_turn(streams)
    server.queue = [Response(thoughtful(case)), Response(case.response("By her."))]
    body = streams.text(ai_sdk.events(streams.turn(first, output, streams.stream)))
    (result,) = node("read_ui_message_stream.mjs", node_modules, data=json.dumps([body]))
    asked = {"role": "user", "parts": [{"type": "text", "text": "Who?"}]}
    messages = ai_sdk.messages({"messages": [asked, result["message"], asked]})
    here = _kept_here(streams)
    reply = streams.function(tools=[get_author])
    server.queue = [Response(case.response("Yes."))] * 2
    for conversation in (messages, here):
        streams.text(ai_sdk.events(reply(conversation)))
    there, stayed = (_without_ids(request.json) for request in server.requests[-2:])
    assert there == stayed


@pytest.mark.parametrize("of", CASES, ids=lambda case: case.name)
def test_what_real_servers_sent_fits_the_schema_of_the_ai_sdk(
    of: Case, node_modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = [each for each in recordings(*of.recordings) if each.expected.get("api") == of.api]
    recorded = recorded[::4]  # all of them do, but take a minute
    if not recorded:
        pytest.skip("there are no recordings")
    bodies: list[str] = []
    with Loopback() as server:
        monkeypatch.setenv(of.key_variable, "key")
        monkeypatch.setenv(of.url_variable, of.url(server.url))
        call = Driver(asynchronous=False).function(of, max_retries=0)
        for each in recorded:
            kind = "text/event-stream" if each.status == 200 else "application/json"
            server.queue = [Response([each.body], each.status, {"content-type": kind})]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an SDK, about words that it does not know
                bodies.append(b"".join(ai_sdk.events(call("fantasy"))).decode())
    results = node("read_ui_message_stream.mjs", node_modules, data=json.dumps(bodies))
    problems = {
        each.name: result["problems"]
        for each, result in zip(recorded, results, strict=True)
        if result["problems"]
    }
    assert problems == {}


def _kept_here(streams: Streams) -> list[BaseMessageParam]:
    """Return the same conversation as it is where no browser is."""
    case, server = streams.case, streams.server
    server.queue = [Response(thoughtful(case)), Response(case.response("By her."))]
    call = streams.driver.function(case, tools=[get_author])
    one, _ = streams.driver.call_and_read(call)
    two, _ = streams.driver.call_and_read(call)
    (tool,) = one.construct_call_response().tools
    form = llm.Stream.tool_message_params([(tool, {"author": tool.call()})])
    asked = BaseMessageParam(role="user", content="Who?")
    return [asked, one.common_message_param, *form, two.common_message_param, asked]


def _without_ids(request: Any) -> Any:
    """Return a request without the ids that are made where a provider gives none."""
    if isinstance(request, dict):
        left_out = {"id", "tool_call_id", "tool_use_id", "stream", "stream_options"}
        return {k: _without_ids(v) for k, v in request.items() if k not in left_out}
    return [_without_ids(each) for each in request] if isinstance(request, list) else request


def test_the_client_of_ag_ui_accepts_the_whole_of_a_run(
    streams: Streams, node_modules: Path
) -> None:
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response as StarletteResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    runs: list[Any] = []

    async def agent(request: Request) -> StarletteResponse:
        run = ag_ui.run_input(await request.body())
        runs.append(run)
        first, output, _ = agent_turn(streams)
        return ag_ui.response(streams.turn(first, output, streams.stream), run)

    tools = [{"name": "scroll", "description": "Scrolls.", "parameters": {"type": "object"}}]
    asked = {"id": "1", "role": "user", "content": "Who?"}
    streams.server.queue = [
        Response(thoughtful(streams.case)),
        Response(streams.case.response("By her.")),
    ]
    with ServerThread(Starlette(routes=[Route("/", agent, methods=["POST"])]), "asgi") as url:
        data = json.dumps({"messages": [asked], "tools": tools})
        result = node("run_ag_ui_agent.mjs", node_modules, url, data=data)
    assert (result["problems"], result["error"]) == ([], None)
    assert result["events"][0] == "RUN_STARTED"
    assert result["events"][-1] == "RUN_FINISHED"
    roles = [message["role"] for message in result["messages"]]
    assert roles == ["user", "reasoning", "assistant", "tool", "assistant"]
    assert result["messages"][2]["content"] == "It is"
    assert result["messages"][-1]["content"] == "By her."
    assert ag_ui.tools(runs[0])[0].model_json_schema()["type"] == "object"
    again = ag_ui.messages(
        ag_ui.run_input({"threadId": "t", "runId": "r", "messages": result["messages"]})
    )
    assert [message.role for message in again] == ["user", "assistant", "tool", "assistant"]
    _sent_back(streams, [*again, BaseMessageParam(role="user", content="Who?")])


def _sent_back(streams: Streams, again: list[BaseMessageParam]) -> None:
    here = _kept_here(streams)
    reply = streams.function(tools=[get_author])
    streams.server.queue = [Response(streams.case.response("Yes."))] * 2
    for conversation in (again, here):
        streams.text(ai_sdk.events(reply(conversation)))
    there, stayed = (_without_ids(request.json) for request in streams.server.requests[-2:])
    assert there == stayed


def test_a_run_that_fails_and_a_state(streams: Streams, node_modules: Path) -> None:

    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response as StarletteResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def agent(request: Request) -> StarletteResponse:
        run = ag_ui.run_input(await request.body())
        options: Any = {"response_model": Book}
        if run.messages[0].id == "restart":
            options = {"on_interrupt": "restart"}
        call = streams.driver.function(streams.case, max_retries=1, **options)("fantasy")
        return ag_ui.response(call, run)

    letters = [CallStart(0, "Book"), *(CallDelta(0, letter) for letter in BOOK), CallEnd(0)]
    begun = [*streams.case.begin, streams.case.text("x"), Abort()]
    answers = [
        streams.case.tool_call_response(*letters),
        begun,
        begun,
        streams.case.response("Emma"),
    ]
    streams.server.queue = list(map(Response, answers))

    def asked(message_id: str) -> str:
        return json.dumps({"messages": [{"id": message_id, "role": "user", "content": "Who?"}]})

    with ServerThread(Starlette(routes=[Route("/", agent, methods=["POST"])]), "asgi") as url:
        grown, failed, restarted = (
            node("run_ag_ui_agent.mjs", node_modules, url, data=asked(each))
            for each in ("grows", "fails", "restart")
        )
    assert (grown["problems"], grown["error"]) == ([], None)
    assert grown["state"] == {"title": "Emma", "pages": 474}
    assert failed["problems"] == []
    assert "cut off" in failed["error"] or "502" in failed["error"]
    assert (restarted["problems"], restarted["error"]) == ([], None)
    assert "CUSTOM" in restarted["events"]
    assert [message.get("content") for message in restarted["messages"]] == ["Who?", "x", "Emma"]
