"""Whatever the server sends is received: once, in order, all of it."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirascope.core import Messages
from mirascope.core.base import Timeout
from mirascope.testing.conformance._driver import Driver
from mirascope.testing.conformance._promises import (
    BOTH,
    HALF_A_SECOND,
    Promises,
    complete,
    continuing,
    expect,
    needs,
    received,
    require,
    tools_of,
)
from mirascope.testing.conformance.strategies import Script, cuts, responses
from mirascope.testing.loopback import Loopback, Response, Stall

EXAMPLES: Final = settings(
    max_examples=25,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)

TEXT: Final = "a chunk's `_read` sets `content`, and the decoder adds it to its `reply`"
REASONING: Final = "a chunk's `_read` sets `reasoning`, and the decoder adds it to its `reply`"
USAGE: Final = "a chunk's `_read` sets `tokens`, totals so far; the decoder keeps the newest"
REASON: Final = "a chunk's `_read` sets `finish_reasons`"
RESPONSE: Final = "the decoder's `response()` returns the JSON of a plain response"
CLIENT: Final = "`ChatAPI` sends a request with the client that it is given"
DEFAULT: Final = "`DefaultClients.env` names the variables that a default client is made of"


class Receiving(Promises):
    """Tests of complete responses."""

    def test_a_streamed_response_is_received_whole(self, driver: Driver, server: Loopback) -> None:
        """Text, reasoning, usage, finish reason and model are those of the response."""
        case = self.case
        thought = [case.reasoning(text) for text in ("Hm", "m")] if case.reasoning else []
        answer = [*map(case.text, ["Hello", " world"]), *case.end(3, 2)]
        server.queue = [Response([*case.begin, *thought, *answer])]
        tried = driver.attempt(self.once(driver))
        stream, chunks = received(tried), [chunk for chunk, _ in tried.items]
        expect(tools_of(tried.items), [], "the tools of a response without any", "`tool_calls`")
        expect("".join(map(str, chunks)), "Hello world", "the text of the chunks", TEXT)
        expect(stream.content, "Hello world", "the text of the stream", TEXT)
        reasoning = "Hmm" if thought else ""
        in_chunks = "".join(chunk.reasoning for chunk in chunks)
        expect(in_chunks, reasoning, "the reasoning of the chunks", REASONING)
        expect(stream.reasoning, reasoning, "the reasoning of the stream", REASONING)
        reasons = [chunk.finish_reasons for chunk in chunks if chunk.finish_reasons is not None]
        require(reasons, f"no chunk has a finish reason: {REASON}")
        expect(reasons, [[case.stop]] * len(reasons), "the finish reasons of the chunks", REASON)
        expect(stream.finish_reasons, [case.stop], "the finish reasons of the stream", REASON)
        counted = [chunk.output_tokens for chunk in chunks if chunk.output_tokens is not None]
        expect(counted[-1:], [2], "the last number of output tokens of the chunks", USAGE)
        tokens = (stream.input_tokens, stream.output_tokens)
        expect(tokens, (3, 2), "the usage of the stream", USAGE)
        model = case.model or "requested-model"
        expect(stream.model, model, "the model of the stream", "a chunk's `_read` sets `model`")
        require(
            {chunk.model for chunk in chunks} <= {model, None}
            and {chunk.id for chunk in chunks} <= {stream.id, None},
            "the chunks of one response have several ids or models",
        )

    def test_a_finished_stream_is_the_response_of_a_plain_call(
        self, driver: Driver, server: Loopback
    ) -> None:
        """`construct_call_response` returns what a plain call would have returned."""
        case = self.case
        server.queue = [
            Response(case.response("Hello", " world")),
            Response.of_json(case.plain("Hello world")),
        ]
        stream = received(driver.attempt(self.once(driver)))
        plain = received(driver.attempt(self.once(driver, stream=False), stream=False))
        expect(plain.content, "Hello world", "the text of a plain response", "its `content`")
        tokens = (plain.input_tokens, plain.output_tokens)
        expect(tokens, (3, 2), "the usage of a plain response", "the response's `_tokens`")
        reasons = plain.finish_reasons
        expect(reasons, [case.stop], "the finish reasons of a plain response", "`finish_reasons`")
        made = stream.construct_call_response()
        raw, theirs = case.comparable(made.response), case.comparable(plain.response)
        expect(raw, theirs, "the raw response of a stream", RESPONSE)
        for name in ("content", "finish_reasons", "usage", "model", "id", "message_param"):
            got, expected = getattr(made, name), getattr(plain, name)
            expect(got, expected, f"`{name}` of the response of a stream", RESPONSE)
            if name != "usage":
                expect(getattr(stream, name), expected, f"`{name}` of the stream", RESPONSE)
        require(not made.partial, "the response of a finished stream is marked as partial")
        require(
            plain.end_time >= plain.start_time > 0, "a plain response has no start and end times"
        )

    def test_any_text_is_received_whole_however_it_is_cut(
        self, driver: Driver, server: Loopback
    ) -> None:
        """Texts and reasoning in any order, in any pieces of bytes, arrive as they were sent."""
        case = self.case
        function = self.once(driver)
        bodies = st.shared(responses(reasoning=case.reasoning is not None), key="script")

        @EXAMPLES
        @given(script=bodies, pieces=bodies.flatmap(self._cut))
        def check(script: Script, pieces: list[bytes]) -> None:
            server.queue = [Response(pieces)]
            tried = driver.attempt(function)
            stream = received(tried)
            expect(tried.text, script.text, "the text of the chunks", CUT)
            expect(stream.content, script.text, "the text of the stream", CUT)
            expect(stream.reasoning, script.reasoning, "the reasoning of the stream", CUT)
            tokens = (stream.input_tokens, stream.output_tokens)
            expect(tokens, (3, 2), "the usage of the stream", USAGE)

        check()

    def _cut(self, script: Script) -> st.SearchStrategy[list[bytes]]:
        case = self.case
        return cuts(b"".join([*case.begin, *case.events(script.steps), *case.end(3, 2)]))

    def test_keepalives_hold_nothing(self, driver: Driver, server: Loopback) -> None:
        """What only keeps the connection alive is no item."""
        case = self.case
        body = case.response("Hello", " world")
        server.queue = [
            Response(body),
            Response([case.keepalive, *(piece + case.keepalive for piece in body)]),
        ]
        without = driver.attempt(self.once(driver))
        tried = driver.attempt(self.once(driver))
        received(without)
        expect(received(tried).content, "Hello world", "the text of the stream", "`keepalive`")
        items = len(without.items)
        expect(len(tried.items), items, "the number of items with keep-alives", "`Stream._framing`")

    def test_chunks_hold_the_typed_object_of_their_record(
        self, driver: Driver, server: Loopback
    ) -> None:
        """`chunk.chunk` is one object of the SDK's class, and a chunk can be made of it."""
        case = self.case
        server.queue = [Response(case.response("Hello"))]
        tried = driver.attempt(self.once(driver))
        received(tried)
        for chunk, _ in tried.items:
            raw = chunk.chunk
            require(chunk.chunk is raw, "`chunk.chunk` is another object each time")
            module = type(raw).__module__
            require(
                module.startswith(case.sdk_package or ""),
                f"`chunk.chunk` is of the module {module}, not of {case.sdk_package}: `_raw_type`",
            )
            again = type(chunk)(chunk=raw)
            expect(again.content, chunk.content, "the text of a chunk that is made of it", TEXT)

    def test_nothing_is_sent_before_iteration(self, driver: Driver, server: Loopback) -> None:
        """A stream that is never iterated sends no request."""
        stream = driver.call(self.once(driver))
        known = (stream.state, stream.content, stream.model, stream.start_time, stream.end_time)
        expected = ("pending", "", "requested-model", 0, 0)
        expect(known, expected, "what a new stream knows", "nothing was received yet")
        unknown = (stream.finish_reasons, stream.id, stream.input_tokens)
        expect(unknown, (None, None, None), "what a new stream reports", "nothing was received yet")
        del stream
        expect(len(server.connections), 0, "the number of connections", "`encode` sends nothing")

    @BOTH
    def test_the_model_and_the_messages_are_sent(
        self, driver: Driver, server: Loopback, *, stream: bool
    ) -> None:
        """The request has the name of the model and the prompt, and requests what it gets."""
        case = self.case
        server.queue = [complete(case, "Hello", stream=stream)]
        function = self.once(driver, stream=stream)
        received(driver.attempt(function, stream=stream))
        [request] = server.requests
        sent = request.path + request.body.decode()
        for part in ("requested-model", "Recommend a fantasy book"):
            require(part in sent, f"{part!r} is not in the request: `Provider.encode`")

    def test_a_response_can_be_sent_back(self, driver: Driver, server: Loopback) -> None:
        """`message_param` of a stream is a message of the next request, as its prompt is."""
        case = self.case
        server.queue = [
            Response(case.response("Hello", " world")),
            complete(case, "", stream=False),
        ]
        stream = received(driver.attempt(self.once(driver)))
        history = [*stream.messages, stream.message_param, Messages.User("And then?")]
        received(driver.attempt(continuing(case, driver, history), stream=False))
        sent = server.requests[1].body.decode()
        at = [sent.find(text) for text in ("Recommend a fantasy book", "Hello world", "And then?")]
        require(
            -1 < at[0] < at[1] < at[2],
            f"the request lacks a message, or their order is another: {sent}",
        )

    def test_streams_in_a_row_use_one_connection(self, driver: Driver, server: Loopback) -> None:
        """A stream that is complete leaves its connection to the next one."""
        server.default = lambda: Response(self.case.response("Hello", " world"))
        function = self.once(driver)

        async def in_a_row() -> None:
            for _ in range(20):
                async for _ in await function("fantasy"):
                    pass

        if driver.asynchronous:
            driver.run(in_a_row)
        else:
            for _ in range(20):
                list(function("fantasy"))
        expect(len(server.requests), 20, "the number of requests", "one is sent for each stream")
        hint = "the default client is kept, and `Source.finish` reads the rest of the body"
        expect(len(server.connections), 1, "the number of connections of 20 streams", hint)

    def test_a_server_that_lingers_after_the_end_is_not_waited_for(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A stream ends with the terminal event, not with the connection."""
        case = self.case
        server.queue = [Response([*case.response("Hello"), Stall()])]
        options: dict[str, Any] = {} if case.last_event else {"timeout": Timeout(idle=0.2)}
        stream = received(driver.attempt(self.once(driver, **options)))
        hint = "the decoder's `done`; or else `Case.last_event`"
        expect((stream.state, stream.content), ("finished", "Hello"), "the stream", hint)
        gone = server.connections[0].disconnected.wait(HALF_A_SECOND)
        require(gone, f"the connection to a server that lingers stays open: {hint}")

    def test_a_user_supplied_client_is_used(self, driver: Driver, server: Loopback) -> None:
        """`client=` sends the request, with its own key and base URL."""
        case = self.case
        make, amake = needs(case.client, "client"), needs(case.async_client, "async_client")

        async def call_and_read(url: str) -> Any:
            async with amake(url, "own-key") as client:
                stream = await self.once(driver, client=client)("fantasy")
                return stream, [item async for item in stream]

        with Loopback() as own:
            own.queue = [Response(case.response("mine"))]
            if driver.asynchronous:
                stream, _ = driver.run(lambda: call_and_read(case.url(own.url)))
            else:
                with make(case.url(own.url), "own-key") as client:
                    stream, _ = driver.call_and_read(self.once(driver, client=client))
            expect(case.key_of(own.requests[0]), "own-key", "the key of the request", CLIENT)
        expect(stream.content, "mine", "the text of the stream", CLIENT)
        expect(server.requests, [], "what the default client has sent", CLIENT)

    def test_the_default_client_follows_the_environment(
        self, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A new key, or a new base URL, makes a new default client."""
        case = self.case
        server.default = lambda: Response(case.response("Hello"))
        function = self.once(driver)
        with Loopback() as other:
            other.default = server.default
            received(driver.attempt(function))
            monkeypatch.setenv(case.url_variable, case.url(other.url))
            received(driver.attempt(function))
            expect(len(other.requests), 1, "the number of requests to the new base URL", DEFAULT)
        if case.key_variable is not None:
            monkeypatch.setenv(case.url_variable, case.url(server.url))
            monkeypatch.setenv(case.key_variable, "another-key")
            received(driver.attempt(function))
            keys = [*map(case.key_of, server.requests)]
            expect(keys, ["a-secret-key", "another-key"], "the keys of the requests", DEFAULT)


CUT: Final = "`Stream._framing` keeps what is not a whole record until the next block of bytes"
