"""Whatever goes wrong is an error of both trees, and nothing is silently short."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope import errors
from mirascope.core.base import Retry
from mirascope.testing.conformance._driver import Attempt, Driver
from mirascope.testing.conformance._promises import (
    BOTH,
    Promises,
    complete,
    expect,
    needs,
    raised,
    received,
    require,
)
from mirascope.testing.conformance._receiving import EXAMPLES
from mirascope.testing.conformance.strategies import breaks
from mirascope.testing.loopback import Abort, Fault, Loopback, Reset, Response, unreachable

STATUSES: Final[list[tuple[int, type[errors.StreamError], bool]]] = [
    (400, errors.BadRequest, False),
    (401, errors.AuthenticationFailed, False),
    (403, errors.PermissionDenied, False),
    (404, errors.NotFound, False),
    (409, errors.StreamAPIError, True),
    (422, errors.BadRequest, False),
    (429, errors.RateLimited, True),
    (500, errors.Overloaded, True),
    (503, errors.Overloaded, True),
]

TRUNCATED: Final = (
    "a body that ends before the finish reason is not complete: see the decoder's `is_complete`, "
    "and whether the `Source` raises an error if the connection breaks"
)
PARTIAL: Final = "the decoder's `response()` returns what was received so far"
MAPPED: Final = "`Provider.errors` maps the SDK's errors; `SDKErrors.status_of` finds the status"
REPORTED: Final = "the decoder raises `ProviderError` for a record that reports one; `find_error`"
MALFORMED: Final = "the decoder or the framing raises `MalformedEventError`"


class Failing(Promises):
    """Tests of failures."""

    def fail(self, driver: Driver, *, stream: bool = True) -> Attempt:
        """Call once, without retries."""
        return driver.attempt(self.once(driver, stream=stream), stream=stream)

    def test_a_response_without_its_end_is_truncated(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A body that ends without the provider's end is `StreamTruncated`, with what came."""
        case = self.case
        server.queue = [Response([*case.begin, case.text("Hello"), case.text(" wor")])]
        tried = self.fail(driver)
        error = raised(tried, errors.StreamTruncated, case, TRUNCATED)
        expect(tried.text, "Hello wor", "the text before the end", TRUNCATED)
        expect(tried.stream.state, "truncated", "the state of the stream", TRUNCATED)
        expect((error.phase, error.retryable), ("mid", True), "the phase of the error", TRUNCATED)
        content = error.partial and error.partial.content
        expect(content, "Hello wor", "the text of the error's `partial`", PARTIAL)

    def test_an_empty_response_is_truncated(self, driver: Driver, server: Loopback) -> None:
        """A body without anything is `StreamTruncated`, not an empty response."""
        server.queue = [Response([])]
        tried = self.fail(driver)
        error = raised(tried, errors.StreamTruncated, self.case, TRUNCATED)
        expect(tried.stream.state, "truncated", "the state of the stream", TRUNCATED)
        expect((error.phase, error.partial), ("first", None), "the phase of the error", TRUNCATED)

    def test_a_response_that_breaks_off_anywhere_is_never_silently_short(
        self, driver: Driver, server: Loopback
    ) -> None:
        """Wherever the bytes end, the stream fails, or has all of its text and a finish reason."""
        case = self.case
        function = self.once(driver)
        text = "The Name of the Wind"

        @EXAMPLES
        @given(body=breaks(b"".join(case.response(*text))), aborts=st.booleans())
        def check(body: bytes, *, aborts: bool) -> None:
            server.queue = [Response([body, Abort()] if aborts else [body])]
            tried = driver.attempt(function)
            if tried.error is None:
                stream = tried.stream
                expect(tried.text, text, "the text of a stream that does not fail", TRUNCATED)
                reasons = (stream.state, stream.finish_reasons)
                expect(reasons, ("finished", [case.stop]), "its end", TRUNCATED)
                return
            error = raised(tried, errors.StreamError, case, TRUNCATED)
            content = error.partial.content if error.partial else ""
            kept = content.startswith(tried.text) and text.startswith(content)
            seen = f"{content!r}, after the chunks {tried.text!r}"
            require(kept, f"the text of the error's `partial` is {seen}: {PARTIAL}")

        check()

    @pytest.mark.parametrize("fault", [Abort(), Reset()], ids=["abort", "reset"])
    def test_a_connection_that_breaks_in_the_middle_is_an_error(
        self, driver: Driver, server: Loopback, fault: Fault
    ) -> None:
        """A broken connection is `StreamConnectionError`, and what was received is kept."""
        case = self.case
        server.queue = [
            Response([*case.begin, case.text("Hello"), case.text(" world")[:20], fault])
        ]
        tried = self.fail(driver)
        hint = "`SDKErrors.connections` are the exceptions of a connection that breaks"
        error = raised(tried, errors.StreamConnectionError, case, hint)
        require(not isinstance(error, errors.StreamTruncated), f"it is `StreamTruncated`: {hint}")
        seen = (tried.stream.state, tried.stream.content, tried.text, error.phase)
        expect(seen, ("failed", "Hello", "Hello", "mid"), "the stream", hint)

    def test_a_connection_that_breaks_after_the_end_does_not_matter(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A response that is complete stays complete."""
        server.queue = [Response([*self.case.response("Hello"), Abort()])]
        stream = received(driver.attempt(self.once(driver)))
        expect((stream.state, stream.content), ("finished", "Hello"), "the stream", TRUNCATED)

    @BOTH
    def test_no_server_is_a_connection_error(
        self, driver: Driver, monkeypatch: pytest.MonkeyPatch, server: Loopback, *, stream: bool
    ) -> None:
        """A connection that cannot be made is `StreamConnectionError`."""
        with unreachable() as url:
            monkeypatch.setenv(self.case.url_variable, self.case.url(url))
            tried = self.fail(driver, stream=stream)
        hint = "`SDKErrors.connections` are the exceptions of a connection that cannot be made"
        error = raised(tried, errors.StreamConnectionError, self.case, hint)
        expect((error.phase, error.retryable), ("open", True), "the phase of the error", hint)
        expect(server.requests, [], "what is sent to another server", hint)

    @pytest.mark.parametrize(("status", "kind", "retryable"), STATUSES)
    @BOTH
    def test_an_http_error_has_its_status(
        self,
        driver: Driver,
        server: Loopback,
        status: int,
        kind: type[errors.StreamError],
        *,
        retryable: bool,
        stream: bool,
    ) -> None:
        """Each status is its class of error, before the first item."""
        case = self.case
        headers = {} if case.request_id_header is None else {case.request_id_header: "req-1"}
        server.queue = [case.refusal(status, **headers)]
        tried = self.fail(driver, stream=stream)
        error = raised(tried, kind, case, MAPPED)
        expect(error.status_code, status, "the status of the error", MAPPED)
        phase = (error.phase, error.retryable, error.partial)
        expect(phase, ("open", retryable, None), "the phase of the error", MAPPED)
        request_id = case.request_id_header and "req-1"
        expect(error.request_id, request_id, "its request's id", "`SDKErrors.request_id_header`")
        require(isinstance(error.__cause__, case.sdk_error), "its cause is not the SDK's error")
        if stream:
            expect(tried.stream.state, "failed", "the state of the stream", MAPPED)

    def test_an_error_inside_a_stream_is_raised(self, driver: Driver, server: Loopback) -> None:
        """What the provider reports in a 200 response is an error, with what came before."""
        case = self.case
        failure = needs(case.failure, "failure")
        server.queue = [Response([*case.begin, case.text("Hello") + failure])]
        tried = self.fail(driver)
        error = raised(tried, errors.Overloaded, case, REPORTED)
        phase = (error.status_code, error.phase, error.retryable)
        expect(phase, (case.failure_status, "mid", True), "the status of the error", REPORTED)
        require("overloaded" in str(error), f"the provider's message is lost: {error}")
        seen = (tried.stream.state, tried.stream.content, tried.text)
        expect(seen, ("failed", "Hello", "Hello"), "the stream", REPORTED)
        content = error.partial and error.partial.content
        expect(content, "Hello", "the text of the error's `partial`", PARTIAL)

    def test_malformed_data_is_an_error(self, driver: Driver, server: Loopback) -> None:
        """What is not JSON in a stream is `StreamDataError`, and what was received is kept."""
        case = self.case
        for data in case.malformed:
            server.queue = [Response([*case.begin, case.text("Hello") + data])]
            tried = self.fail(driver)
            raised(tried, errors.StreamDataError, case, f"{data!r}: {MALFORMED}")
            seen = (tried.stream.state, tried.stream.content, tried.text)
            expect(seen, ("failed", "Hello", "Hello"), f"the stream at {data!r}", MALFORMED)

    @BOTH
    def test_a_page_is_an_error(self, driver: Driver, server: Loopback, *, stream: bool) -> None:
        """The page of a proxy or a captive portal is `StreamDataError`, not an empty response."""
        server.queue = [Response([b"<html>Log in</html>"], headers={"content-type": "text/html"})]
        raised(self.fail(driver, stream=stream), errors.StreamDataError, self.case, MALFORMED)

    @BOTH
    def test_a_missing_key_is_an_error_at_the_call(
        self, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, stream: bool
    ) -> None:
        """A call without a key is `AuthenticationFailed`, which names the variable."""
        case = self.case
        variable = needs(case.key_variable, "key_variable")
        if not case.needs_key:
            pytest.skip("the case does not need a key")
        monkeypatch.delenv(variable, raising=False)
        function = driver.function(case, stream=stream)
        tried = driver.attempt(function, stream=False)  # which does not iterate
        hint = "`DefaultClients.make` raises the SDK's error"
        error = raised(tried, errors.AuthenticationFailed, case, hint)
        require(variable in str(error), f"the error does not name {variable}: {error}")


RETRIED: Final = "a retry sends the same request again; `ChatAPI.without_retries` for an SDK's own"


class Retrying(Promises):
    """Tests of retries."""

    def busy(self) -> Response:
        """Return a refusal after which a request may be sent again at once."""
        return self.case.refusal(503, "Later.", retry_after="0")

    def without_content(self, kind: str) -> Response:
        """Return a response that fails before its first content."""
        case = self.case
        if kind == "refused":
            return self.busy()
        if kind == "failing":
            return Response([*case.begin, needs(case.failure, "failure")], headers=AT_ONCE)
        fault: list[Fault] = [Abort()] if kind == "aborted" else []
        return Response([*case.begin, case.text(""), *fault], headers=AT_ONCE)

    @pytest.mark.parametrize("kind", ["refused", "failing", "aborted", "truncated"])
    def test_a_failure_before_the_first_content_is_retried(
        self, driver: Driver, server: Loopback, kind: str
    ) -> None:
        """A request is sent again as long as nothing was received, and `on_retry` is called."""
        case = self.case
        server.queue = [self.without_content(kind), Response(case.response("Hello"))]
        counts: list[tuple[int, bool, bool]] = []

        def count(retry: Retry) -> None:
            counts.append((retry.count, retry.restarts, isinstance(retry.error, case.sdk_error)))

        tried = driver.attempt(driver.function(case, on_retry=count))
        stream = received(tried)
        expect((stream.state, stream.content), ("finished", "Hello"), "the stream", RETRIED)
        expect(tried.text, "Hello", "the text of the chunks", RETRIED)
        expect(len(server.requests), 2, "the number of requests", RETRIED)
        hint = f"it is called once, with an error of the SDK's; {RETRIED}"
        expect(counts, [(1, False, True)], "the calls of `on_retry`", hint)

    @BOTH
    def test_a_request_is_retried_max_retries_times(
        self, driver: Driver, server: Loopback, *, stream: bool
    ) -> None:
        """`max_retries` requests follow the first one, and no SDK adds its own."""
        server.default = self.busy
        function = driver.function(self.case, stream=stream, max_retries=2)
        raised(driver.attempt(function, stream=stream), errors.Overloaded, self.case, RETRIED)
        expect(len(server.requests), 3, "the number of requests", RETRIED)

    @BOTH
    def test_a_retry_that_succeeds_is_the_response(
        self, driver: Driver, server: Loopback, *, stream: bool
    ) -> None:
        """Two refusals and a response are that response."""
        server.queue = [self.busy(), self.busy(), complete(self.case, "Hello", stream=stream)]
        function = driver.function(self.case, stream=stream)
        response = received(driver.attempt(function, stream=stream))
        expect(response.content, "Hello", "the text of the response", RETRIED)
        expect(len(server.requests), 3, "the number of requests", RETRIED)

    def test_an_invalid_request_is_not_retried(self, driver: Driver, server: Loopback) -> None:
        """What would fail again is sent once."""
        server.default = lambda: self.case.refusal(400)
        tried = driver.attempt(driver.function(self.case))
        raised(tried, errors.BadRequest, self.case, MAPPED)
        expect(len(server.requests), 1, "the number of requests", RETRIED)

    def test_a_response_that_was_begun_is_not_retried(
        self, driver: Driver, server: Loopback
    ) -> None:
        """After the first content, only `on_interrupt="restart"` sends a request again."""
        case = self.case
        broken: list[bytes | Fault] = [*case.begin, case.text("Hel"), Abort()]
        server.queue = [Response(broken), Response(case.response("Hello"))]
        tried = driver.attempt(driver.function(case))
        raised(tried, errors.StreamConnectionError, case, RETRIED)
        expect(len(server.requests), 1, "the number of requests", RETRIED)
        server.queue = [Response(broken), Response(case.response("Hello"))]
        tried = driver.attempt(driver.function(case, on_interrupt="restart"))
        stream = received(tried)
        hint = "a restart makes a new decoder: `Stream._new_decoder`"
        expect(tried.text, "HelHello", "the text of the chunks", hint)
        expect((stream.state, stream.content), ("finished", "Hello"), "the stream", hint)
        made = stream.construct_call_response()
        expect((made.content, made.output_tokens), ("Hello", 2), "its response", hint)


AT_ONCE: Final = {"retry-after": "0"}
