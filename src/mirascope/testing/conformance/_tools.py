"""Tools: each call is yielded once, when it is complete, and its output can be sent back."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from mirascope import errors
from mirascope.core import Messages
from mirascope.core.base import BaseTool, StreamConfig
from mirascope.core.providers import name_of
from mirascope.testing.conformance._case import Case
from mirascope.testing.conformance._driver import Driver
from mirascope.testing.conformance._promises import (
    Promises,
    continuing,
    expect,
    needs,
    raised,
    received,
    require,
    tools_of,
)
from mirascope.testing.conformance._receiving import EXAMPLES, TEXT, USAGE
from mirascope.testing.conformance._steps import Step, Text, call_id, one_after_another
from mirascope.testing.conformance.strategies import ARGUMENTS, Script, responses
from mirascope.testing.loopback import Loopback, Response


class FormatBook(BaseTool):
    """Formats a book."""

    title: str = Field(description="The title of the book")
    author: str

    def call(self) -> str:
        """Format it."""
        return f"{self.title} by {self.author}"


class Record(BaseTool):
    """Records anything."""

    data: JsonValue = None

    def call(self) -> str:
        """Record it."""
        return json.dumps(self.data)


def nothing() -> str:
    """Does nothing."""
    return "nothing was done"


TOOLS: Final[list[Any]] = [FormatBook, Record, nothing]
BOOK: Final = json.dumps({"title": "The Name of the Wind", "author": "Rothfuss"})

YIELDED: Final = "a chunk's `_read` sets `tool_calls`, and the decoder adds them to its `reply`"
PLAIN: Final = "the response's `_tool_call_records`"
ENCODED: Final = "`Provider.encode` adds the tools, and the messages of earlier turns"


class Calling(Promises):
    """Tests of tools."""

    def test_a_tool_is_yielded_with_the_chunk_that_completes_it(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A stream yields the tool, and its response has the same one."""
        case = self.case
        needs(case.steps, "steps")
        steps = [Text("Let me "), *one_after_another(("FormatBook", BOOK)), Text("see.")]
        server.queue = [Response(case.tool_call_response(*steps))]
        tried = driver.attempt(self.once(driver, tools=TOOLS))
        stream, tools = received(tried), tools_of(tried.items)
        expect([type(tool).__name__ for tool in tools], ["FormatBook"], "the tools", YIELDED)
        [tool] = tools
        expect(tool.args, json.loads(BOOK), "the arguments of the tool", YIELDED)
        expect(tool.call(), "The Name of the Wind by Rothfuss", "its output", YIELDED)
        require(tool.tool_call is not None, "the tool does not hold its `tool_call`")
        expect(tried.text, "Let me see.", "the text of the chunks", TEXT)
        expect(stream.content, "Let me see.", "the text of the stream", TEXT)
        response = stream.construct_call_response()
        made = [(each.args, each.tool_call) for each in response.tools or ()]
        expect(made, [(tool.args, tool.tool_call)], "the tools of its response", PLAIN)
        hint = "a chunk's `_read` sets `finish_reasons`; `Case.tool_stop`"
        expect(stream.finish_reasons, [case.tool_stop], "the finish reason", hint)

    def test_a_plain_response_has_its_tools(self, driver: Driver, server: Loopback) -> None:
        """The tools are sent with the request, and the response calls one."""
        case = self.case
        server.queue = [
            Response.of_json(needs(case.called_plain, "called_plain")("FormatBook", BOOK))
        ]
        function = self.once(driver, stream=False, tools=TOOLS)
        response = received(driver.attempt(function, stream=False))
        called = [tool.args for tool in response.tools or ()]
        expect(called, [json.loads(BOOK)], "the arguments of the tools of the response", PLAIN)
        sent = server.requests[0].body.decode()
        for part in ("FormatBook", "Record", "nothing", "title of the book"):
            require(part in sent, f"{part!r} of the tools is not in the request: {ENCODED}")

    def test_each_call_is_yielded_once_however_calls_interleave(
        self, driver: Driver, server: Loopback
    ) -> None:
        """Calls in any order among text and reasoning are complete tools, each once."""
        case = self.case
        needs(case.steps, "steps")
        tools = {"Record": ARGUMENTS, "nothing": st.just(dict[str, Any]())}
        scripts = responses(tools=tools, reasoning=case.reasoning is not None)

        @EXAMPLES
        @given(script=scripts, partial=st.booleans())
        def check(script: Script, *, partial: bool) -> None:
            server.queue = [Response(case.tool_call_response(*script.steps))]
            config: StreamConfig | bool = {"partial_tools": True} if partial else True
            tried = driver.attempt(self.once(driver, tools=TOOLS, stream=config))
            stream = received(tried)
            whole = [tool for tool in tools_of(tried.items) if tool.delta is None]
            types: list[type[BaseTool]] = [type(tool) for tool in whole]
            called = [(name_of(kind), tool.args) for kind, tool in zip(types, whole, strict=True)]
            sent = script.completed if case.whole_calls else script.calls
            expect(called, [*sent], "the tools", YIELDED)
            expect(tried.text, script.text, "the text of the chunks", TEXT)
            expect(stream.content, script.text, "the text of the stream", TEXT)
            thought = "".join(chunk.reasoning for chunk, _ in tried.items)
            expect(thought, script.reasoning, "the reasoning of the chunks", TEXT)
            expect(stream.reasoning, script.reasoning, "the reasoning of the stream", TEXT)
            made = stream.construct_call_response().tools or ()
            args = [tool.args for tool in whole]
            expect([tool.args for tool in made], args, "the tools of its response", PLAIN)
            tokens = (stream.input_tokens, stream.output_tokens)
            expect(tokens, (3, 2), "the usage of the stream", USAGE)

        check()

    @pytest.mark.parametrize(
        ("name", "arguments", "message"),
        [
            ("FormatBook", '{"title": "The N', "EOF"),
            ("FormatBook", '{"title": "The Name of the Wind"}', "author"),
            ("Unheard", "{}", "Unheard"),
        ],
        ids=["cut off", "does not fit", "unknown"],
    )
    def test_an_invalid_call_is_raised_after_everything_else(
        self, driver: Driver, server: Loopback, name: str, arguments: str, message: str
    ) -> None:
        """A call whose arguments are invalid is `ToolCallError`, and nothing else is lost."""
        case = self.case
        calls = one_after_another(("Record", '{"data": 1}'), (name, arguments))
        server.queue = [Response(_sent(case, [*calls, Text("Done.")]))]
        tried = driver.attempt(self.once(driver, tools=TOOLS))
        hint = "the arguments of a call are text until a tool is made of them"
        error, stream = raised(tried, errors.ToolCallError, case, hint), tried.stream
        require(message in str(error), f"the error does not name {message!r}: {error}")
        expect((error.tool_name, error.arguments), (name, arguments), "the call", hint)
        whole = [tool.args for tool in tools_of(tried.items)]
        expect(whole, [{"data": 1}], "the tools before", YIELDED)
        expect(stream.content, "Done.", "the text of the stream", TEXT)
        expect((stream.state, stream.output_tokens), ("finished", 2), "the stream", USAGE)
        response = stream.construct_call_response()
        expect(response.content, "Done.", "the text of its response", TEXT)
        with pytest.raises(errors.ToolCallError):
            _ = response.tools

    def test_tool_outputs_can_be_sent_back(self, driver: Driver, server: Loopback) -> None:
        """The second round of a conversation holds the calls of the first, and their outputs."""
        case = self.case
        needs(case.steps, "steps")
        calls = one_after_another(("FormatBook", BOOK), ("nothing", ""))
        server.queue = [
            Response(case.tool_call_response(*calls)),
            Response.of_json(case.plain("Good.")),
        ]
        tried = driver.attempt(self.once(driver, tools=TOOLS))
        stream, tools = received(tried), tools_of(tried.items)
        expect(len(tools), 2, "the number of tools", YIELDED)
        outputs = stream.tool_message_params(
            [(tools[0], tools[0].call()), (tools[1], {"done": False})]
        )
        history = [*stream.messages, stream.message_param, *outputs]
        _check_form(case, history)
        history.append(Messages.User("And?"))
        function = continuing(case, driver, history, tools=TOOLS)
        response = received(driver.attempt(function, stream=False))
        expect(response.content, "Good.", "the text of the second round", ENCODED)
        sent = server.requests[1].body.decode()
        for part in ("FormatBook", "The Name of the Wind by Rothfuss", "And?"):
            require(part in sent, f"{part!r} is not in the second request: {ENCODED}")
        for name in map(call_id, range(2)):
            both = "is sent either with the call or with its output, not with both"
            require(sent.count(name) != 1, f"the id {name} {both}: {ENCODED}")


def _sent(case: Case, steps: list[Step]) -> list[bytes]:
    """Return a response; skip the test if the provider's JSON has to hold arguments that are."""
    needs(case.steps, "steps")
    try:
        return case.tool_call_response(*steps)
    except ValueError:
        pytest.skip("the provider sends arguments as JSON, which is never cut off")


def _check_form(case: Case, messages: list[Any]) -> None:
    """Fail unless messages have the form that the SDK declares."""
    if case.messages is None:
        return
    try:
        TypeAdapter(case.messages).validate_python(messages)
    except ValidationError as error:
        hint = "`message_param` and `tool_message_params` return the provider's own messages"
        raise AssertionError(f"{messages!r} are not {case.messages}: {hint}") from error
