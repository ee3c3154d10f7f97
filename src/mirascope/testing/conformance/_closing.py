"""However a consumer stops reading, the server sees the connection end, within half a second."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import cycle
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest

from mirascope import errors
from mirascope.testing.conformance._case import Case
from mirascope.testing.conformance._driver import Driver
from mirascope.testing.conformance._leaving import (
    ASYNC_WAYS,
    WAYS,
    by_break,
    by_break_async,
    until_text,
    until_text_async,
)
from mirascope.testing.conformance._promises import (
    HALF_A_SECOND,
    Promises,
    disconnects,
    expect,
    require,
)
from mirascope.testing.loopback import Abort, Fault, Loopback, Response, Stall, dripping

SYNC: Final = Driver(asynchronous=False)
ASYNC: Final = Driver(asynchronous=True)
ENGINE: Final = "the engine closes the `Source` when the consumer leaves the loop"


def endless(case: Case) -> Response:
    """Return a response that streams for much longer than a test lasts."""
    return Response(dripping([*case.begin, *[case.text("a")] * 10_000]))


class Closing(Promises):
    """Tests of consumers that stop reading."""

    @pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
    def test_stopping_closes_the_connection(
        self, server: Loopback, leave: Callable[[Any], None]
    ) -> None:
        """Each way to leave a loop disconnects at once."""
        server.queue = [endless(self.case)]
        stream = SYNC.function(self.case)("fantasy")
        leave(stream)
        disconnects(server.connections[0], f"after a stream is left {leave.__name__}")
        expect((stream.state, {*stream.content}), ("closed", {"a"}), "the stream", ENGINE)

    @pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
    def test_stopping_closes_the_connection_async(
        self, server: Loopback, leave: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Each way to leave an async loop disconnects at once, cancellation too."""
        server.queue = [endless(self.case)]
        function = ASYNC.function(self.case)

        async def call_and_leave() -> Any:
            stream = await function("fantasy")
            await leave(stream)
            await anyio.to_thread.run_sync(server.connections[0].disconnected.wait, HALF_A_SECOND)
            disconnects(server.connections[0], f"after a stream is left {leave.__name__}")
            return stream

        stream = anyio.run(call_and_leave)
        expect((stream.state, {*stream.content}), ("closed", {"a"}), "the stream", ENGINE)

    def test_another_thread_can_close_a_stream_that_waits(self, server: Loopback) -> None:
        """`close` interrupts a read in another thread."""
        case = self.case
        server.queue = [Response([*case.begin, case.text("a"), Stall()])]
        stream = SYNC.function(case)("fantasy")
        first, ended = threading.Event(), threading.Event()

        def read() -> None:
            for chunk, _ in stream:
                if chunk.content:
                    first.set()
            ended.set()

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        require(first.wait(5), "the first text is not received before the next bytes are sent")
        stream.close()
        require(ended.wait(HALF_A_SECOND), "`close` does not end a read in another thread")
        thread.join()
        disconnects(server.connections[0], "after another thread closes the stream")
        expect((stream.state, stream.content), ("closed", "a"), "the stream", ENGINE)

    def test_another_task_can_close_a_stream_that_waits(self, server: Loopback) -> None:
        """`aclose` interrupts a read in another task."""
        case = self.case
        server.queue = [Response([*case.begin, case.text("a"), Stall()])]
        function = ASYNC.function(case)

        async def read_and_close() -> Any:
            stream = await function("fantasy")
            first = anyio.Event()

            async def read() -> None:
                async for chunk, _ in stream:
                    if chunk.content:
                        first.set()

            with anyio.fail_after(5):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(read)
                    await first.wait()
                    await stream.aclose()
            return stream

        stream = anyio.run(read_and_close)
        disconnects(server.connections[0], "after another task closes the stream")
        expect((stream.state, stream.content), ("closed", "a"), "the stream", ENGINE)

    def test_streams_leave_nothing_behind(self, driver: Driver, server: Loopback) -> None:
        """After complete, truncated, broken and abandoned streams, no connection or task stays."""
        case = self.case
        script = [*case.begin, case.text("a"), *[case.text("b")] * 20]
        ways: list[list[bytes | Fault]] = [[*case.end(3, 2)], [], [Abort()], [case.malformed[0]]]
        ends = cycle(ways)
        server.default = lambda: Response([*script, *next(ends)])
        function = driver.function(case, max_retries=0)
        turns = range(50)

        async def leave_all() -> None:
            for turn in turns:
                with suppress(errors.StreamError):
                    stream = await function("fantasy")
                    await by_break_async(stream) if turn % 3 == 0 else [i async for i in stream]
            await anyio.lowlevel.checkpoint()  # for what breaking off left to the event loop
            left = asyncio.all_tasks() - {asyncio.current_task()}
            require(not left, f"tasks are left behind: {left}")

        def leave_all_in_turn() -> None:
            for turn in turns:
                with suppress(errors.StreamError):
                    by_break(function("fantasy")) if turn % 3 == 0 else list(function("fantasy"))

        driver.run(leave_all) if driver.asynchronous else leave_all_in_turn()
        expect(len(server.requests), len(turns), "the number of requests", "one for each stream")
        kept = [each for each in server.connections if not each.disconnected.wait(HALF_A_SECOND)]
        # for another stream; one that was left may have come whole by then
        require(len(kept) <= 2, f"{len(kept)} connections stay open after {len(turns)} streams")  # noqa: PLR2004
        gc.collect()

    def test_what_was_received_stays_readable(self, driver: Driver, server: Loopback) -> None:
        """A stream that was closed has a partial response, and no complete one."""
        case = self.case
        server.queue = [endless(case)]
        function = driver.function(case)

        async def call_and_close() -> Any:
            stream = await function("fantasy")
            await until_text_async(aiter(stream))
            await stream.aclose()
            return stream

        if driver.asynchronous:
            stream = driver.run(call_and_close)
        else:
            stream = function("fantasy")
            until_text(iter(stream))
            stream.close()
        with pytest.raises(errors.StreamNotFinished, match="partial") as caught:
            stream.construct_call_response()
        require(isinstance(caught.value, case.sdk_error), "it is no error of the SDK's")
        with pytest.raises(errors.StreamNotFinished):
            _ = stream.message_param
        partial = stream.partial()
        hint = "the decoder's `response()` returns what was received so far"
        expect(partial.content, stream.content, "the text of the partial response", hint)
        expect(partial.content, "a", "the text of the partial response", hint)
        expect((partial.partial, partial.finish_reasons), (True, None), "its end", hint)
