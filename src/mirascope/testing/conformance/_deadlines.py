"""Three deadlines: a response that takes too long ends in time, and the error names which."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from time import monotonic
from typing import Any, Final

import pytest

from mirascope import errors
from mirascope.core.base import Timeout
from mirascope.testing.conformance._driver import Attempt, Driver
from mirascope.testing.conformance._promises import Promises, disconnects, expect, raised, require
from mirascope.testing.loopback import Loopback, Response, Stall, dripping

SOON: Final = 0.2
LATE = 5.0
GENEROUS: Final = 15.0

OUTPUT: Final = "only text, reasoning and tool arguments are output: a chunk's `_read` sets them"
INTERRUPTED: Final = "`ChatAPI.set_timeout` and `Source.interrupt` end a read that waits"


class Expiring(Promises):
    """Tests of deadlines."""

    def on_a_warm_client(
        self, driver: Driver, server: Loopback, **options: Any
    ) -> Callable[[str], Any]:
        """Return a function whose client has made a call before, in the same event loop.

        So no deadline depends on how long the machine takes to construct and connect a client.
        """
        server.queue.insert(0, Response(self.case.response("Hi")))
        first, function = driver.function(self.case), driver.function(self.case, **options)

        def call(genre: str) -> Any:
            list(first(genre))
            return function(genre)

        async def acall(genre: str) -> Any:
            async for _ in await first(genre):
                pass
            return await function(genre)

        return acall if driver.asynchronous else call

    def timed_out(
        self, driver: Driver, server: Loopback, timeout: float | Timeout, *, stream: bool = True
    ) -> tuple[Attempt, errors.StreamTimeout]:
        """Call what takes too long; check that it ended in time, and the connection with it."""
        function = self.on_a_warm_client(driver, server, timeout=timeout, stream=stream)
        began = monotonic()
        tried = driver.attempt(function, stream=stream)
        elapsed = monotonic() - began
        error = raised(tried, errors.StreamTimeout, self.case, INTERRUPTED)
        in_time = SOON <= elapsed < SOON + GENEROUS
        require(in_time, f"the deadline expires after {elapsed:.2f} seconds: {INTERRUPTED}")
        require(error.retryable, "the error is not retryable")
        disconnects(server.connections[-1], "after a deadline expires")
        expect(len(server.requests), 2, "the number of requests", "a timeout is not retried then")
        return tried, error

    @pytest.mark.parametrize("clock", ["first", "total"])
    def test_a_response_that_never_begins_times_out(
        self, driver: Driver, server: Loopback, clock: str
    ) -> None:
        """Without any response, `first` and `total` expire."""
        server.queue = [Response(before=[Stall()])]
        tried, error = self.timed_out(driver, server, Timeout(**{clock: SOON}))
        seen = (error.clock, error.phase, error.partial, tried.stream.state)
        expect(seen, (clock, "open", None, "failed"), "the deadline", INTERRUPTED)
        require(f"`{clock}`" in str(error), f"the error does not name the deadline: {error}")

    def test_keep_alives_are_no_first_output(self, driver: Driver, server: Loopback) -> None:
        """What keeps the connection alive does not meet `first`."""
        server.queue = [self.keeping_alive()]
        _, error = self.timed_out(driver, server, Timeout(first=SOON, idle=LATE))
        seen = (error.clock, error.phase, error.partial)
        expect(seen, ("first", "first", None), "the deadline", OUTPUT)

    def test_keep_alives_do_not_reset_the_idle_deadline(
        self, driver: Driver, server: Loopback
    ) -> None:
        """What keeps the connection alive does not meet `idle`, and what was received is kept."""
        server.queue = [self.keeping_alive(self.case.text("Hello"))]
        tried, error = self.timed_out(driver, server, Timeout(first=LATE, idle=SOON))
        expect((error.clock, error.phase), ("idle", "mid"), "the deadline", OUTPUT)
        content = error.partial and error.partial.content
        expect((content, tried.stream.content), ("Hello", "Hello"), "what was received", OUTPUT)

    def test_a_response_that_stalls_times_out(self, driver: Driver, server: Loopback) -> None:
        """A stream from which nothing more is received ends with `idle`."""
        case = self.case
        server.queue = [Response([*case.begin, case.text("Hello"), Stall()])]
        tried, error = self.timed_out(driver, server, Timeout(first=LATE, idle=SOON))
        seen = (error.clock, error.phase, tried.stream.content)
        expect(seen, ("idle", "mid", "Hello"), "the deadline", INTERRUPTED)

    def test_a_response_that_takes_too_long_times_out(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A stream that never pauses ends with `total`."""
        case = self.case
        server.queue = [Response(dripping([*case.begin, *[case.text("a")] * 250], 0.02))]
        tried, error = self.timed_out(driver, server, 4 * SOON)
        seen = (error.clock, error.phase, {*tried.stream.content})
        expect(seen, ("total", "mid", {"a"}), "the deadline", INTERRUPTED)

    def test_a_plain_response_that_is_never_sent_times_out(
        self, driver: Driver, server: Loopback
    ) -> None:
        """A plain call ends with `total`."""
        server.queue = [Response(before=[Stall()])]
        _, error = self.timed_out(driver, server, SOON, stream=False)
        expect((error.clock, error.phase), ("total", "open"), "the deadline", INTERRUPTED)

    def keeping_alive(self, *begin: bytes) -> Response:
        """Return a response that holds no output after its beginning, and ends when it is late."""
        signs = repeat(self.case.keepalive + self.case.text(""), round(LATE / 0.02))
        return Response(dripping([*self.case.begin, *begin, *signs], 0.02))
