"""The events of each protocol, for all providers, sync and async."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import anyio.lowlevel
import pytest
from pydantic import BaseModel
from web_support import (
    HALF_A_SECOND,
    Abort,
    CallDelta,
    CallEnd,
    CallStart,
    Case,
    Driver,
    Reasoning,
    Response,
    Stall,
    Streams,
    Text,
    Wait,
    one_after_another,
    parsed,
)

from mirascope import BaseMessageParam, converse, errors
from mirascope.testing import ScriptedProvider, call
from mirascope.web import Approval, Events, ag_ui, ai_sdk, sse

PROTOCOLS = [sse, ai_sdk, ag_ui]
EMMA = '{"title":"Emma"}'
USAGE = {"inputTokens": 3, "cachedTokens": 0, "outputTokens": 2, "totalTokens": 5}


class Book(BaseModel):
    title: str
    pages: int
    tags: list[str] = []


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return f"the author of {title}"


def types(told: list[dict[str, Any]]) -> list[str]:
    """Return the types of events, of those that repeat one."""
    found: list[str] = []
    for event in told:
        if not found or found[-1] != event["type"]:
            found.append(event["type"])
    return found


def joined(told: list[dict[str, Any]], kind: str, field: str) -> str:
    return "".join(event[field] for event in told if event["type"] == kind)


def everything(case: Case) -> Response:
    said = [Reasoning("Hm, "), Reasoning("Emma."), Text("It "), Text('is "é\U0001f600"\n')]
    return Response(case.tool_call_response(*said, *one_after_another(("get_author", EMMA))))


def test_plain_events(streams: Streams) -> None:
    streams.server.queue = [everything(streams.case)]
    events = sse.events(streams.stream(tools=[get_author]))
    text = streams.text(events)
    told = parsed(text)
    assert types(told) == ["reasoning", "text", "tool-delta", "tool", "usage", "finish"]
    assert joined(told, "reasoning", "text") == "Hm, Emma."
    assert joined(told, "text", "text") == 'It is "é\U0001f600"\n'
    assert joined(told, "tool-delta", "delta").replace(" ", "") == EMMA
    tool, usage, finish = told[-3:]
    assert (tool["name"], tool["args"]) == ("get_author", {"title": "Emma"})
    assert {event["id"] for event in told if event["type"].startswith("tool")} == {tool["id"]}
    assert usage == {"type": "usage", **USAGE}
    assert finish["type"] == "finish"
    ids = [line for line in text.splitlines() if line.startswith("id: ")]
    assert ids == [f"id: {at}" for at in range(1, len(told) + 1)]
    assert events.headers == sse.HEADERS


def test_events_of_the_ai_sdk(streams: Streams) -> None:
    streams.server.queue = [everything(streams.case)]
    text = streams.text(ai_sdk.events(streams.stream(tools=[get_author]), message_id="m1"))
    assert text.endswith("data: [DONE]\n\n")
    told = [event for event in parsed(text) if event["type"] != "data-message"]
    assert types(told) == [
        *("start", "start-step"),
        *("reasoning-start", "reasoning-delta", "reasoning-end"),
        *("text-start", "text-delta", "text-end"),
        *("tool-input-start", "tool-input-delta", "tool-input-available"),
        *("finish-step", "finish"),
    ]
    assert told[0]["messageId"] == "m1"
    assert joined(told, "text-delta", "delta") == 'It is "é\U0001f600"\n'
    assert joined(told, "reasoning-delta", "delta") == "Hm, Emma."
    assert told[-3]["input"] == {"title": "Emma"}
    assert told[-1]["finishReason"] == "tool-calls"
    usage = {"inputTokens": 3, "cachedInputTokens": 0, "outputTokens": 2, "totalTokens": 5}
    assert told[-1]["messageMetadata"]["usage"] == usage


def test_events_of_ag_ui(streams: Streams) -> None:
    streams.server.queue = [everything(streams.case)]
    run = ag_ui.run_input({"threadId": "t", "runId": "r", "messages": []})
    told = streams.told(ag_ui.events(streams.stream(tools=[get_author]), run))
    told = [event for event in told if event["type"] != "REASONING_ENCRYPTED_VALUE"]
    reasoning = ("MESSAGE_START", "MESSAGE_CONTENT", "MESSAGE_END")
    assert types(told) == [
        "RUN_STARTED",
        *("REASONING_START", *(f"REASONING_{each}" for each in reasoning), "REASONING_END"),
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"),
        *("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"),
        "RUN_FINISHED",
    ]
    assert joined(told, "TOOL_CALL_ARGS", "delta").replace(" ", "") == EMMA
    end = told[-1]
    assert (end["threadId"], end["runId"]) == ("t", "r")
    assert end["result"] == {"finishReason": "tool_calls"}
    assert end["outcome"]["pendingToolCallIds"] == [told[-2]["toolCallId"]]
    assert end["usage"][0]["totalTokens"] == 5


def test_partial_tools_are_told_once(streams: Streams) -> None:
    streams.server.queue = [everything(streams.case)]
    function = streams.driver.function(
        streams.case, tools=[get_author], stream={"partial_tools": True}
    )
    told = streams.told(sse.events(function("fantasy")))
    assert [event["type"] for event in told].count("tool") == 1
    assert joined(told, "tool-delta", "delta").replace(" ", "") == EMMA


def test_a_call_without_arguments(streams: Streams) -> None:
    def roll() -> int:
        """Rolls a die."""
        return 4

    streams.server.queue = [
        Response(streams.case.tool_call_response(*one_after_another(("roll", ""))))
    ]
    told = streams.told(sse.events(streams.stream(tools=[roll])))
    (tool,) = [event for event in told if event["type"] == "tool"]
    assert (tool["name"], tool["args"]) == ("roll", {})


BOOK = '{"title": "Emma", "pages": 474, "tags": ["witty", "long"]}'


def of_a_book(name: str, text: str, stop: str = "") -> list[Any]:
    del stop
    return [CallStart(0, name), *(CallDelta(0, letter) for letter in text), CallEnd(0)]


def test_a_structured_value_grows(streams: Streams) -> None:
    answer = streams.case.tool_call_response(*of_a_book("Book", BOOK))
    streams.server.queue = [Response(answer), Response(answer), Response(answer)]
    values = streams.told(sse.events(streams.stream(response_model=Book)))[:-2]
    assert types(values) == ["partial"]
    assert values[-1]["value"] == {"title": "Emma", "pages": 474, "tags": ["witty", "long"]}
    assert [value["complete"] for value in values] == [False] * (len(values) - 1) + [True]
    if not streams.case.whole_calls:
        assert {"title": "Em"} in [value["value"] for value in values]
    told = streams.told(ai_sdk.events(streams.stream(response_model=Book)))
    (last,) = [each for each in told if each["type"] == "data-object"][-1:]
    assert last["data"]["pages"] == 474
    told = streams.told(ag_ui.events(streams.stream(response_model=Book)))
    (last,) = [each for each in told if each["type"] == "STATE_SNAPSHOT"][-1:]
    assert last["snapshot"]["tags"] == ["witty", "long"]


def test_the_text_of_a_structured_stream_is_its_json(streams: Streams) -> None:
    streams.server.queue = [Response(streams.case.tool_call_response(*of_a_book("Book", BOOK)))]
    text = streams.text(ai_sdk.text(streams.stream(response_model=Book)))
    assert Book.model_validate_json(text) == Book(title="Emma", pages=474, tags=["witty", "long"])


@pytest.mark.parametrize("before", ["", "<think>{}</think>", "Here:\n```json\n"])
def test_json_in_a_text_is_cut_out(streams: Streams, before: str) -> None:
    texts = [before, *BOOK, "\n```", " There."] if before else [*BOOK]
    streams.server.queue = [Response(streams.case.response(*filter(None, texts)))]
    text = streams.text(ai_sdk.text(streams.stream(response_model=Book, json_mode=True)))
    assert Book.model_validate_json(text).title == "Emma"


def test_a_bare_list_is_completed(streams: Streams) -> None:
    texts = ['[{"title": "Emma", ', '"pages": 474}]']
    streams.server.queue = [Response(streams.case.response(*texts))] * 2
    options = {"response_model": list[Book], "json_mode": True}
    text = streams.text(ai_sdk.text(streams.stream(**options)))
    assert text == '{"value":[{"title": "Emma", "pages": 474}]}'
    told = streams.told(sse.events(streams.stream(**options)))
    assert told[-3]["value"] == [{"title": "Emma", "pages": 474, "tags": []}]


def test_a_long_value_is_not_sent_again_for_each_letter(streams: Streams) -> None:
    book = BOOK.replace("Emma", "E" * 20_000)
    steps = [
        CallStart(0, "Book"),
        *(CallDelta(0, book[at : at + 4]) for at in range(0, len(book), 4)),
    ]
    streams.server.queue = [Response(streams.case.tool_call_response(*steps, CallEnd(0)))]
    text = streams.text(sse.events(streams.stream(response_model=Book)))
    assert len(text) < 40 * len(book)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=["sse", "ai_sdk", "ag_ui"])
def test_a_value_that_does_not_fit_is_an_error(streams: Streams, protocol: Any) -> None:
    broken = Response(streams.case.tool_call_response(*of_a_book("Book", '{"title": "Emma"}')))
    streams.server.queue = [broken]
    told = streams.told(protocol.events(streams.stream(response_model=Book)))
    assert told[-1]["type"].lower().endswith("error")
    assert "Emma" not in str(told[-1])


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=["sse", "ai_sdk", "ag_ui"])
def test_what_breaks_off_or_fails_ends_with_an_error(
    streams: Streams, protocol: Any, caplog: pytest.LogCaptureFixture
) -> None:
    begun = [*streams.case.begin, streams.case.text("It is ")]
    streams.server.queue = [Response([*begun, Abort()]), Response([*begun, streams.case.failure])]
    with caplog.at_level(logging.ERROR, "mirascope.web"):
        cut_off, failed = (streams.told(protocol.events(streams.stream())) for _ in range(2))
    texts = [
        next(each[-1].get(name) for name in ("error", "errorText", "message") if name in each[-1])
        for each in (cut_off, failed)
    ]
    assert texts == ["The answer was cut off.", "The model is overloaded. Try again later."]
    assert [record.name for record in caplog.records] == ["mirascope.web"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_text_breaks_off_where_the_answer_does(streams: Streams) -> None:
    begun = [*streams.case.begin, streams.case.text("It is ")]
    streams.server.queue = [Response([*begun, Abort()])]
    with pytest.raises(streams.case.sdk_error):
        streams.text(ai_sdk.text(streams.stream()))


def test_text_cannot_begin_again(streams: Streams) -> None:
    begun = [*streams.case.begin, streams.case.text("It is ")]
    streams.server.queue = [Response([*begun, Abort()]), Response(streams.case.response("Emma"))]
    function = streams.driver.function(streams.case, on_interrupt="restart", max_retries=1)
    with pytest.raises(errors.StreamTruncated):
        streams.text(ai_sdk.text(function("fantasy")))


def test_a_value_that_begins_again(streams: Streams) -> None:
    """A model may write JSON before it calls the tool whose arguments are the answer."""
    steps = [Text('{"title": '), *of_a_book("Book", BOOK)]
    broken = [Response([*streams.case.begin, streams.case.text('{"title": "Em'), Abort()])]
    streams.server.queue = [Response(streams.case.tool_call_response(*steps)), *broken]
    told = streams.told(sse.events(streams.stream(response_model=Book)))
    values = [event for event in told if event["type"] == "partial"]
    assert values[-1]["value"]["pages"] == 474
    assert told[-1]["type"] == "finish"
    streams.server.queue = [*broken, Response(streams.case.response(*BOOK))]
    options = {"response_model": Book, "json_mode": True, "on_interrupt": "restart"}
    function = streams.driver.function(streams.case, max_retries=1, **options)
    told = streams.told(sse.events(function("fantasy")))
    assert [event["type"] for event in told].count("restart") == 1
    assert told[-3]["value"]["pages"] == 474


def test_on_error_makes_the_text(streams: Streams) -> None:
    streams.server.queue = [streams.case.refusal(400, "wrong: sk-1234")] * 2
    events = sse.events(streams.stream(), on_error=lambda error: type(error).__name__)
    assert streams.told(events) == [{"type": "error", "error": "BadRequest"}]
    events = sse.events(streams.stream(), on_error=lambda _: 1 / 0)  # type: ignore[arg-type]
    assert streams.told(events)[-1]["error"] == "The model did not accept this conversation."


STATUSES = {400: 400, 401: 502, 429: 429, 503: 503}


@pytest.mark.parametrize("told", STATUSES)
def test_a_failure_before_the_first_event_has_a_status(streams: Streams, told: int) -> None:
    streams.server.queue = [streams.case.refusal(told, "key sk-1234 is wrong", retry_after="999")]
    response = opened(streams, ai_sdk.events(streams.stream()))
    assert response.status == STATUSES[told]
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text
    assert "sk-1234" not in response.text
    assert "data:" not in response.text


class Opened(NamedTuple):
    """Events that were opened, and read."""

    status: int
    headers: Mapping[str, str]
    text: str


def opened(streams: Streams, events: Events) -> Opened:
    async def read() -> Opened:
        await events.aopen()
        text = b"".join([block async for block in events]).decode()
        return Opened(events.status, events.headers, text)

    if streams.driver.asynchronous:
        return streams.driver.run(read)
    events.open()
    return Opened(events.status, events.headers, b"".join(events).decode())


def test_open_waits_for_the_first_event_and_loses_none(streams: Streams) -> None:
    streams.server.queue = [Response(streams.case.response("a", "b"))]
    response = opened(streams, sse.events(streams.stream()))
    assert response.status == 200
    assert joined(parsed(response.text), "text", "text") == "ab"


def test_an_answer_that_begins_again(streams: Streams) -> None:
    begun = [*streams.case.begin, streams.case.text("It is ")]
    answers = [Response([*begun, Abort()]), Response(streams.case.response("Emma"))]
    shapes: dict[Any, Any] = {
        sse: ["text", "restart", "text", "usage", "finish"],
        ai_sdk: [
            *("start", "start-step", "text-start", "text-delta", "text-end", "data-restart"),
            *("text-start", "text-delta", "text-end", "finish-step", "finish"),
        ],
    }
    for protocol, shape in shapes.items():
        streams.server.queue = answers.copy()
        function = streams.driver.function(streams.case, on_interrupt="restart", max_retries=1)
        told = streams.told(protocol.events(function("fantasy")))
        assert types(told) == shape


def test_a_turn_shows_what_tools_gave(streams: Streams) -> None:
    call = one_after_another(("get_author", EMMA))
    made: list[Any] = []

    def first() -> Any:
        return keep(streams.stream(tools=[get_author]), made)

    def output() -> Any:
        assert made[0].state == "finished"  # a step is made when the one before was read
        (tool,) = made[0].construct_call_response().tools
        return tool, tool.call()

    for protocol in PROTOCOLS:
        made.clear()
        streams.server.queue = [
            Response(streams.case.tool_call_response(*call)),
            Response(streams.case.response("By her.")),
        ]
        told = streams.told(protocol.events(streams.turn(first, output, streams.stream)))
        text = str(told)
        assert "the author of Emma" in text
        assert "By her." in text
        if protocol is ai_sdk:
            kinds = types([each for each in told if each["type"] != "data-message"])
            at = kinds.index("tool-output-available")
            assert kinds[at : at + 3] == ["tool-output-available", "finish-step", "start-step"]
            assert told[-1]["messageMetadata"]["usage"]["totalTokens"] == 10


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_conversation_is_a_turn(
    case: Case, driver: Driver, llm: ScriptedProvider, protocol: Any
) -> None:
    def answer(messages: list[BaseMessageParam]) -> list[BaseMessageParam]:
        return messages

    async def aanswer(messages: list[BaseMessageParam]) -> list[BaseMessageParam]:
        return messages

    decorate = case.call("a-model", stream=True, tools=[get_author])
    llm.reply("One moment. ", tools=[call("get_author", title="Emma"), call("get_author")])
    llm.reply("It is Jane Austen.")
    conversation = converse(decorate(aanswer if driver.asynchronous else answer), "Who?")
    steps = conversation.asteps() if driver.asynchronous else conversation.steps()

    async def aread() -> list[bytes]:
        return [block async for block in protocol.events(steps)]

    blocks = driver.run(aread) if driver.asynchronous else list(protocol.events(steps))
    text = b"".join(blocks).decode()
    assert text.count("the author of Emma") == 1
    assert text.index("Jane") > text.index("the author of Emma") > text.index("moment")
    assert [message.role for message in conversation.messages] == [
        *("user", "assistant", "tool", "assistant")
    ]


def keep(stream: Any, into: list[Any]) -> Any:
    """Note a stream, awaited or not."""
    if not hasattr(stream, "__await__"):
        into.append(stream)
        return stream

    async def awaited() -> Any:
        into.append(await stream)
        return into[-1]

    return awaited()


def test_a_tool_that_fails_and_one_that_needs_approval(streams: Streams) -> None:
    made: list[Any] = []
    calls = [("get_author", EMMA), ("get_author", EMMA.replace("Emma", "Dune"))]
    streams.server.queue = [
        Response(streams.case.tool_call_response(*one_after_another(*calls)))
    ] * 3
    for protocol in PROTOCOLS:
        made.clear()
        turn = streams.turn(
            lambda: keep(streams.stream(tools=[get_author]), made),
            lambda: (made[0].construct_call_response().tools[0], RuntimeError("sk-1234")),
            lambda: Approval(made[0].construct_call_response().tools[1]),
        )
        told = streams.told(protocol.events(turn))
        assert "sk-1234" not in str(told)
        assert "Something went wrong." in str(told)
        assert "approv" in str(told)
    assert told[-1]["outcome"]["type"] == "interrupt"


def test_a_call_that_is_unusable(streams: Streams) -> None:
    call = one_after_another(("get_author", '{"name": 1}'))
    streams.server.queue = [Response(streams.case.tool_call_response(Text("Hm."), *call))] * 2
    told = streams.told(sse.events(streams.stream(tools=[get_author])))
    assert types(told)[-2:] == ["tool-error", "error"]
    told = streams.told(ai_sdk.events(streams.stream(tools=[get_author])))
    assert types(told)[-2:] == ["tool-input-error", "error"]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=["sse", "ai_sdk", "ag_ui"])
def test_a_stream_that_is_closed_is_aborted(streams: Streams, protocol: Any) -> None:
    begun = [*streams.case.begin, *map(streams.case.text, "abc")]
    streams.server.queue = [Response([*begun, Wait(30)])]
    made: list[Any] = []
    events = protocol.events(streams.turn(lambda: keep(streams.stream(), made)))

    async def aread() -> list[bytes]:
        blocks = []
        async for block in events:
            blocks.append(block)
            await made[0].aclose()
        return blocks

    if streams.driver.asynchronous:
        blocks = streams.driver.run(aread)
    else:
        blocks = []
        for block in events:
            blocks.append(block)
            made[0].close()
    last = parsed(b"".join(blocks).decode())[-1]
    assert last["type"] in {"abort", "RUN_FINISHED"}
    if protocol is ag_ui:
        assert last["outcome"]["type"] == "cancelled"


def test_pings_come_while_nothing_does(streams: Streams) -> None:
    start, *rest = streams.case.response("a")
    streams.server.queue = [Response([Wait(0.3), start, *rest])]
    text = streams.text(sse.events(streams.stream(), ping=0.05))
    assert text.startswith(": ping\n\n")
    assert joined(parsed(text), "text", "text") == "a"


def test_either_loop_reads_either_stream(streams: Streams) -> None:
    streams.server.queue = [Response(streams.case.response("a", "b"))] * 2

    async def aread(events: Any) -> list[bytes]:
        return [block async for block in events]

    events = sse.events(streams.stream())
    text = b"".join(streams.driver.run(lambda: aread(events))).decode()
    assert joined(parsed(text), "text", "text") == "ab"
    text = b"".join(sse.events(streams.stream())).decode()
    assert joined(parsed(text), "text", "text") == "ab"


def test_an_iterator_of_bytes(streams: Streams) -> None:
    streams.server.queue = [Response(streams.case.response("a", "b"))]
    events = sse.events(streams.stream())
    assert b'"text":"a"' in next(events)
    assert b'"text":"b"' in b"".join(events)
    with pytest.raises(errors.StreamConsumed):
        next(events)
    with pytest.raises(errors.StreamConsumed):
        iter(events)


def test_leaving_the_iteration_closes_the_stream(streams: Streams) -> None:
    begun = [*streams.case.begin, *map(streams.case.text, "ab"), Stall()]
    streams.server.queue = [Response(begun), Response(begun)]

    async def leave(events: Events) -> None:
        async for block in events:
            if b'"b"' in block:
                break
        del block
        await anyio.lowlevel.checkpoint()

    kept = []
    for ping in (None, 10.0):
        kept.append(events := sse.events(streams.stream(), ping=ping))
        if streams.driver.asynchronous:
            streams.driver.run(partial(leave, events))
        else:
            for block in events:
                if b'"b"' in block:
                    break
        assert streams.server.connections[-1].disconnected.wait(HALF_A_SECOND)


def test_what_is_never_iterated_is_left_alone(streams: Streams) -> None:
    events = sse.events(streams.stream())
    if streams.driver.asynchronous:
        streams.driver.run(events.aclose)
    else:
        events.close()
    assert list(events) == []
    assert streams.server.requests == []


@pytest.mark.parametrize("keep", ["none", "text"])
def test_what_is_not_kept_is_streamed(streams: Streams, keep: str) -> None:
    streams.server.queue = [everything(streams.case)]
    told = streams.told(ai_sdk.events(streams.stream(tools=[get_author], keep=keep)))
    assert joined(told, "text-delta", "delta") == 'It is "é\U0001f600"\n'
    assert told[-1]["finishReason"] in {"tool-calls", "stop"}  # as Gemini says it


def test_what_is_no_stream_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a stream or a turn, not int"):
        sse.events(1)  # type: ignore[arg-type]
    told = parsed(b"".join(sse.events([1])).decode())  # type: ignore[list-item]
    assert told == [{"type": "error", "error": "Something went wrong."}]


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("mirascope", ["mirascope.web", "starlette"]),
        ("mirascope.web", ["starlette", "ag_ui", "openai"]),
        ("mirascope.web.sse", ["starlette", "ag_ui"]),
        ("mirascope.web.ai_sdk", ["starlette", "ag_ui"]),
        ("mirascope.web.ag_ui", ["starlette"]),
    ],
)
def test_nothing_is_imported_that_is_not_needed(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([m for m in {absent} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("starlette", "from mirascope.web import sse; sse.response([])"),
        ("ag_ui", "from mirascope.web import ag_ui"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(missing: str, code: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingSDKError" in done.stderr
    assert "pip install 'mirascope-streams[web]'" in done.stderr
