"""Keys and prompts stay out of what is shown, and what is pickled is whole without a client."""

from __future__ import annotations

import pickle
import traceback
from typing import Any, Final

import pytest

from mirascope import errors
from mirascope.testing.conformance._case import OVERLOADED
from mirascope.testing.conformance._driver import Driver
from mirascope.testing.conformance._promises import (
    BOTH,
    Promises,
    complete,
    expect,
    needs,
    raised,
    received,
    require,
    tools_of,
)
from mirascope.testing.conformance._steps import one_after_another
from mirascope.testing.loopback import Abort, Loopback, Response

KEY: Final = "my-one-and-only-key-123"
PROMPT: Final = "fantasy"

SECRETS: Final = "`ChatAPI.secrets` returns the keys of a client, which are removed from messages"
PICKLED: Final = "the classes of a provider are those of a module, with what pickle finds in it"


def get_title(title: str) -> str:
    """Returns a title."""
    return title


def everything_of(error: BaseException) -> str:
    """Return all that an error shows: what a log or a debugger would show."""
    parts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*parts, *traceback.format_exception(error)])


def copied(thing: Any) -> Any:
    """Return what another process would get."""
    return pickle.loads(pickle.dumps(thing))  # noqa: S301  # our own bytes


class Keeping(Promises):
    """Tests of what is shown and kept."""

    @BOTH
    def test_a_key_that_the_provider_repeats_is_redacted(
        self, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch, *, stream: bool
    ) -> None:
        """The message of an HTTP error holds no key."""
        case = self.case
        monkeypatch.setenv(needs(case.key_variable, "key_variable"), KEY)
        message = f"Incorrect API key provided: {KEY}. Or was it sk-proj-123456789?"
        server.default = lambda: case.refusal(401, message, set_cookie="session=the-cookie")
        tried = driver.attempt(self.once(driver, stream=stream), stream=stream)
        error = raised(tried, errors.AuthenticationFailed, case, "`Provider.errors`")
        redacted = "Incorrect API key provided: ***. Or was it ***?"
        require(redacted in str(error), f"the message is {error}, not {redacted}: {SECRETS}")
        shown = everything_of(error)
        require(KEY not in shown, f"the key is in what the error shows: {SECRETS}")
        require("sk-proj" not in shown, f"a key is in what the error shows: {SECRETS}")
        printed = repr(error) + "".join(traceback.format_exception(error))
        require("the-cookie" not in printed, "a header is in what the error shows")

    def test_a_key_in_an_error_inside_a_stream_is_redacted(
        self, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The message of an error that a stream reports holds no key."""
        case = self.case
        monkeypatch.setenv(needs(case.key_variable, "key_variable"), KEY)
        failure = needs(case.failure, "failure")
        failure = failure.replace(OVERLOADED, OVERLOADED + f" by {KEY}".encode())
        server.queue = [Response([*case.begin, case.text("Hello"), failure])]
        tried = driver.attempt(self.once(driver))
        error = raised(tried, errors.Overloaded, case, "`find_error`")
        require("is overloaded by ***" in str(error), f"the message is {error}: {SECRETS}")
        require(KEY not in everything_of(error), f"the key is in what the error shows: {SECRETS}")

    @BOTH
    def test_neither_prompt_nor_key_is_shown(
        self, driver: Driver, server: Loopback, *, stream: bool
    ) -> None:
        """The `repr` of streams, requests and responses holds no prompt and no key."""
        case = self.case
        server.queue = [complete(case, "Hello", stream=stream)]
        function = self.once(driver, stream=stream)
        held = received(driver.attempt(function, stream=stream))
        things = [held]
        if stream:
            things += [held.stream, vars(held.stream), held.construct_call_response()]
        for thing in things:
            for hidden in (PROMPT, "a-secret-key"):
                name = type(thing).__name__
                require(hidden not in repr(thing), f"the `repr` of a {name} shows {hidden!r}")

    @BOTH
    def test_a_response_can_be_pickled(
        self, driver: Driver, server: Loopback, *, stream: bool
    ) -> None:
        """A response is whole after pickling, and holds no key and no header."""
        case = self.case
        response = complete(case, "Hello", stream=stream)
        response.headers["set-cookie"] = "session=the-cookie"
        server.queue = [response]
        function = self.once(driver, stream=stream)
        made = received(driver.attempt(function, stream=stream))
        if stream:
            made = made.construct_call_response()
        again = copied(made)
        for name in ("content", "model", "messages", "usage", "message_param", "finish_reasons"):
            got, expected = getattr(again, name), getattr(made, name)
            expect(got, expected, f"`{name}` of a response after pickling", PICKLED)
        written = pickle.dumps(made) + made.model_dump_json().encode()
        for hidden in ("a-secret-key", "the-cookie"):
            require(hidden.encode() not in written, f"{hidden!r} is in a pickled response")

    def test_items_and_responses_with_tools_can_be_pickled(
        self, driver: Driver, server: Loopback
    ) -> None:
        """Tools can be called after pickling, and their outputs sent back."""
        case = self.case
        needs(case.steps, "steps")
        steps = one_after_another(("get_title", '{"title": "Emma"}'))
        server.queue = [Response(case.tool_call_response(*steps))]
        tried = driver.attempt(self.once(driver, tools=[get_title]))
        stream, again = received(tried), copied(tried.items)
        texts = [str(chunk) for chunk, _ in again]
        expect(texts, [str(chunk) for chunk, _ in tried.items], "the text of the chunks", PICKLED)
        outputs = [tool.call() for tool in tools_of(again)]
        expect(outputs, ["Emma"], "the outputs of the tools after pickling", PICKLED)
        response = copied(stream.construct_call_response())
        expect(response.tool.call(), "Emma", "the output of the response's tool", PICKLED)
        results = response.tool_message_params([(tools_of(again)[0], "yes")])
        require(results, "the output of a tool after pickling is no message")

    def test_an_error_is_pickled_with_what_was_received(
        self, driver: Driver, server: Loopback
    ) -> None:
        """An error keeps its class, its message and its partial response."""
        case = self.case
        server.queue = [Response([*case.begin, case.text("Hel"), Abort()])]
        tried = driver.attempt(self.once(driver))
        error = raised(tried, errors.StreamConnectionError, case, "`SDKErrors.connections`")
        again = copied(error)
        require(isinstance(again, case.sdk_error), "it is no error of the SDK's after pickling")
        for name in ("provider", "phase", "status_code", "request_id", "retryable"):
            got, expected = getattr(again, name), getattr(error, name)
            expect(got, expected, f"`{name}` of an error after pickling", PICKLED)
        expect(str(again), str(error), "the message of an error after pickling", PICKLED)
        content = again.partial and again.partial.content
        expect(content, "Hel", "the text of the error's `partial` after pickling", PICKLED)
