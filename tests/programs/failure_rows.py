"""The ways for a stream to be closed and to fail, as data: the rows of the page failures.md."""

from __future__ import annotations

import asyncio
import gc
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock, Thread
from time import sleep
from typing import Any

from support.cases import Case

from mirascope import Timeout, errors
from mirascope.core.base import BaseTool
from mirascope.testing.conformance import CallDelta, CallEnd, CallStart
from mirascope.testing.conformance._closing import endless
from mirascope.testing.conformance._leaving import (
    by_a_cancel_scope,
    by_a_timeout,
    by_an_exception,
    by_an_exception_async,
    by_break,
    by_break_async,
    by_cancellation,
    by_dropping_the_iterator,
    by_dropping_the_iterator_async,
    by_return,
    until_text,
    until_text_async,
)
from mirascope.testing.loopback import Abort, Fault, Raw, Reset, Response, Stall, Wait, dripping

SOON = 0.25
LATE = 20.0
PAUSE = Wait(0.05)
"""So that what is sent before is read before."""

GOING_ON = Wait(2)
"""The response has not ended yet: it is the reader who disconnects."""

NOWHERE = "http://127.0.0.1:1/"

_collecting = Lock()

Way = Callable[[Any], None]
AsyncWay = Callable[[Any], Awaitable[None]]


def to_the_end(stream: Any) -> None:
    for _ in stream:
        pass


async def to_the_end_async(stream: Any) -> None:
    async for _ in stream:
        pass


def not_at_all(_: Any) -> None:
    pass


async def not_at_all_async(_: Any) -> None:
    pass


def collect() -> None:
    """Collect the garbage; while another thread does, `gc.collect` does nothing."""
    with _collecting:
        gc.collect()


def by_garbage_collection(stream: Any) -> None:
    items = iter(stream)
    until_text(items)
    circle: list[Any] = [items]
    circle.append(circle)
    del stream, items, circle
    collect()


async def by_garbage_collection_async(stream: Any) -> None:
    items = aiter(stream)
    await until_text_async(items)
    circle: list[Any] = [items]
    circle.append(circle)
    del stream, items, circle
    collect()


def by_closing_a_generator(stream: Any) -> None:
    def texts() -> Iterator[str]:
        for chunk, _ in stream:
            yield chunk.content

    generator: Any = texts()
    while not next(generator):
        pass
    generator.close()


async def by_closing_a_generator_async(stream: Any) -> None:
    async def texts() -> Any:
        async for chunk, _ in stream:
            yield chunk.content

    generator = texts()
    while not await anext(generator):
        pass
    await generator.aclose()


async def by_return_async(stream: Any) -> None:
    async def first() -> Any:
        async for chunk, _ in stream:
            if chunk.content:
                return chunk
        return None

    assert await first() is not None


def by_close(stream: Any) -> None:
    items = iter(stream)
    until_text(items)
    stream.close()


async def by_aclose(stream: Any) -> None:
    items = aiter(stream)
    await until_text_async(items)
    await stream.aclose()


def by_with(stream: Any) -> None:
    with stream:
        items = iter(stream)
        until_text(items)


async def by_async_with(stream: Any) -> None:
    async with stream:
        items = aiter(stream)
        await until_text_async(items)


def by_another_thread(stream: Any) -> None:
    begun = Event()

    def close() -> None:
        assert begun.wait(5)
        sleep(PAUSE.seconds)
        stream.close()

    closing = Thread(target=close)
    closing.start()
    for chunk, _ in stream:
        if chunk.content:
            begun.set()
    closing.join()


async def by_another_task(stream: Any) -> None:
    begun = asyncio.Event()

    async def close() -> None:
        await begun.wait()
        await asyncio.sleep(PAUSE.seconds)
        await stream.aclose()

    closing = asyncio.create_task(close())
    async for chunk, _ in stream:
        if chunk.content:
            begun.set()
    await closing


class Book(BaseTool):
    """A book."""

    title: str

    def call(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """A way to be closed or to fail, and what has to be seen then.

    Attributes:
        says: What happens, in words.
        answers: Returns what the server answers: to each request one, to further ones the last.
        leave: What is done with a sync stream; ``None`` if there is no such way.
        aleave: What is done with an async stream.
        times: How often it is asked and left, one time after another.
        refused: Whether there is no server at all.
        held: Whether whoever leaves an SDK's stream still holds it.
        collects: Whether garbage is collected, which is that of all.
        state: The state that a stream of ours is then in; several with "or" between them.
        error: The classes of ours one of which is raised; none if nothing is.
        text: The text that has come then; ``None`` if some has.
        closes: Whether the connection has to end at once.
        cancels: Whether the task is cancelled while it waits, which a span reports as an error.
        requests: How many requests there are, with ours.
        options: Further options of the call, with ours.
        sdk_timeout: The timeout that is told to an SDK, in seconds.
    """

    says: str
    answers: Callable[[Case], Sequence[Response]]
    leave: Way | None = to_the_end
    aleave: AsyncWay | None = to_the_end_async
    times: int = 1
    refused: bool = False
    held: bool = True
    collects: bool = False
    state: str
    error: tuple[type[errors.StreamError], ...] = ()
    text: str | None = ""
    closes: bool = False
    cancels: bool = False
    requests: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    sdk_timeout: float | None = None

    @property
    def spans(self) -> int:
        """How many spans there are: one for each stream that is iterated."""
        return 0 if self.state == "pending" else self.times


def left(
    says: str,
    leave: Way | None,
    aleave: AsyncWay | None,
    answer: Callable[[Case], Response] = endless,
    **more: Any,
) -> Row:
    """Return the row of a way to stop reading a response of which some text was received."""
    return Row(
        says=says,
        answers=lambda case: [answer(case)],
        leave=leave,
        aleave=aleave,
        state="closed",
        text=None,
        closes=True,
        **more,
    )


def failed(
    says: str,
    answer: Callable[[Case], Response],
    *error: type[errors.StreamError],
    state: str = "failed",
    text: str | None = "",
    closes: bool = True,
    sdk_timeout: float | None = None,
    **options: Any,
) -> Row:
    """Return the row of a response that fails and is not retried."""
    return Row(
        says=says,
        answers=lambda case: [answer(case)],
        state=state,
        error=error,
        text=text,
        closes=closes,
        options={"max_retries": 0, **options},
        sdk_timeout=sdk_timeout,
    )


truncated = partial(failed, state="truncated", closes=False)


def late(
    says: str,
    answer: Callable[[Case], Response],
    text: str | None,
    timeout: Timeout,
    *,
    sdk_timeout: float = SOON,
) -> Row:
    """Return the row of a response that takes too long."""
    return failed(
        says, answer, errors.StreamTimeout, text=text, sdk_timeout=sdk_timeout, timeout=timeout
    )


def whole(says: str, *answers: Callable[[Case], Response], **more: Any) -> Row:
    """Return the row of a complete response, to the last of several requests."""
    return Row(
        says=says,
        answers=lambda case: [answer(case) for answer in answers],
        state="finished",
        text="Hello",
        requests=len(answers),
        **more,
    )


def hello(case: Case) -> Response:
    return Response(case.response("Hello"))


def begun(case: Case, *more: bytes | Fault, **answer: Any) -> Response:
    """Return a response with "Hello" and then something else than its end."""
    return Response([*case.begin, case.text("Hello"), *more], **answer)


def stalled(case: Case) -> Response:
    return begun(case, Stall())


def failing(case: Case) -> Response:
    return Response([*case.begin, case.failure, GOING_ON])


def failing_later(case: Case) -> Response:
    return begun(case, case.failure, GOING_ON)


def malformed(case: Case) -> Response:
    return begun(case, b"data: {not json}\n\n", GOING_ON, *case.end(3, 2))


def too_big(case: Case) -> Response:
    return begun(case, b"data: ", *[b"x" * 2**20] * 40, Stall())


def empty(case: Case) -> Response:
    return Response(case.begin)


def ending_in_a_call(case: Case) -> Response:
    """Return a response that is cut off in a tool call, or after a complete one."""
    steps = [CallStart(0, "Book"), CallDelta(0, '{"title": "The')]
    if case.whole_calls:
        steps += [CallDelta(0, ' Name"}'), CallEnd(0)]
    return Response([*case.begin, *case.steps(steps)])


def ending_in_mid_event(case: Case) -> Response:
    return begun(case, case.text("more")[:20], PAUSE, Abort())


def reset(case: Case) -> Response:
    return begun(case, PAUSE, Reset())


def reset_at_once(_: Case) -> Response:
    return Response(before=[Reset()])


def alive(case: Case) -> Response:
    return Response(dripping([*case.begin, *[case.keepalive + case.text("")] * 500], 0.02))


def dropping(case: Case) -> Response:
    return Response(dripping([*case.begin, *[case.text("a")] * 500], 0.02))


def too_short(case: Case) -> Response:
    body = b"".join([*case.begin, case.text("Hello")])
    return Response([body, PAUSE, Abort()], length=len(body) + 100)


def too_long(case: Case) -> Response:
    body = b"".join([*case.begin, case.text("Hello")])
    return Response([body, PAUSE, *case.end(3, 2)], length=len(body))


def without_a_last_line(case: Case) -> Response:
    return Response([b"".join(case.response("Hello")).rstrip(b"\n")])


def half_zipped(case: Case) -> Response:
    packer = zlib.compressobj(wbits=31)
    said = packer.compress(b"".join([*case.begin, case.text("Hello")]))
    return Response([said + packer.flush(zlib.Z_SYNC_FLUSH)], headers={"content-encoding": "gzip"})


EXIT = Row(
    says="exit of the interpreter",
    answers=lambda case: [endless(case)],
    leave=None,
    aleave=None,
    state="open",
)
"""How streams are held here, `exit_while_streaming.py` defines."""

SECTIONS = {
    "Stopped early": [
        left("`break`", by_break, by_break_async),
        left("an exception in the loop", by_an_exception, by_an_exception_async),
        left("`return` out of the loop", by_return, by_return_async),
        left(
            "`del` of the iterator",
            by_dropping_the_iterator,
            by_dropping_the_iterator_async,
            held=False,
        ),
        left(
            "garbage collection of a cycle that holds the iterator",
            by_garbage_collection,
            by_garbage_collection_async,
            held=False,
            collects=True,
        ),
        left("`close()`, `aclose()`", by_close, by_aclose),
        left(
            "`close()` from another thread or task, while the loop waits",
            by_another_thread,
            by_another_task,
            stalled,
        ),
        left("`with`, `async with`", by_with, by_async_with),
        left(
            "`close()` of a generator that reads the stream",
            by_closing_a_generator,
            by_closing_a_generator_async,
        ),
        left("cancellation of the task", None, by_cancellation, cancels=True),
        left("`anyio.CancelScope`", None, by_a_cancel_scope, cancels=True),
        left("`asyncio.timeout`", None, by_a_timeout, cancels=True),
        Row(
            says="never iterated",
            answers=lambda case: [endless(case)],
            leave=not_at_all,
            aleave=not_at_all_async,
            state="pending",
            requests=0,
            closes=True,
        ),
        EXIT,
    ],
    "The server does not stream": [
        Row(
            says="no server",
            answers=lambda _: [],
            refused=True,
            state="failed",
            error=(errors.StreamConnectionError,),
            requests=0,
            options={"max_retries": 0},
        ),
        failed("401", lambda case: case.refusal(401), errors.AuthenticationFailed, closes=False),
        Row(
            says="500 for every request",
            answers=lambda case: [case.refusal(500, retry_after="0")],
            state="failed",
            error=(errors.Overloaded,),
            requests=3,
        ),
        failed(
            "a redirect to a server that does not exist",
            lambda _: Response(status=307, headers={"location": NOWHERE}),
            errors.StreamConnectionError,
            closes=False,
        ),
        failed(
            "an HTML page with status 200",
            lambda _: Response([b"<html>Log in!</html>"], headers={"content-type": "text/html"}),
            errors.StreamDataError,
            closes=False,
        ),
        whole(
            "a response that is not streamed (JSON)",
            lambda case: Response.of_json(case.plain("Hello")),
        ),
    ],
    "Retried": [
        whole("429 with `Retry-After`", lambda case: case.refusal(429, retry_after="0"), hello),
        whole("503", lambda case: case.refusal(503, retry_after="0"), hello),
        whole("the connection is reset before the response", reset_at_once, hello),
        whole("an error event before the content", failing, hello),
        whole("the body ends before the content", empty, hello),
        whole(
            'the connection ends in the middle, with `on_interrupt="restart"`',
            ending_in_mid_event,
            hello,
            options={"on_interrupt": "restart"},
        ),
    ],
    "Cut off, not retried": [
        failed("an error event before the content", failing, errors.Overloaded),
        failed("an error event in the middle", failing_later, errors.Overloaded, text="Hello"),
        failed("malformed JSON", malformed, errors.StreamDataError, text="Hello"),
        failed("one event of 40 MiB", too_big, errors.StreamDataError, text="Hello"),
        truncated("the body ends before the content", empty, errors.StreamTruncated),
        truncated("the body ends in the middle", begun, errors.StreamTruncated, text="Hello"),
        truncated(
            "the body ends in a tool call",
            ending_in_a_call,
            errors.StreamTruncated,
            tools=[Book],
        ),
        failed(
            "the connection ends in the middle",
            ending_in_mid_event,
            errors.StreamConnectionError,
            text="Hello",
        ),
        failed(
            "the connection is reset in the middle",
            reset,
            errors.StreamConnectionError,
            text="Hello",
            closes=False,
        ),
        failed(
            "the connection is reset before the response",
            reset_at_once,
            errors.StreamConnectionError,
            closes=False,
        ),
    ],
    "Timeouts": [
        late("no response headers", lambda _: Response(before=[Stall()]), "", Timeout(first=SOON)),
        late("no content, only keep-alives", alive, "", Timeout(first=SOON), sdk_timeout=3),
        late("silence in the middle", stalled, "Hello", Timeout(first=LATE, idle=SOON)),
        late("slow content without an end", dropping, None, Timeout(total=2 * SOON), sdk_timeout=3),
        whole(
            "the response is complete, but its body does not end",
            lambda case: begun(case, *case.end(3, 2), Stall()),
        ),
    ],
    "Invalid HTTP": [
        failed(
            "the body is shorter than its `Content-Length`",
            too_short,
            errors.StreamConnectionError,
            text="Hello",
        ),
        truncated(
            "the body is longer than its `Content-Length`",
            too_long,
            errors.StreamTruncated,
            text="Hello",
        ),
        failed(
            "an HTTP chunk without a size",
            lambda case: begun(case, PAUSE, Raw(b"no size\r\n"), Stall()),
            errors.StreamConnectionError,
            text="Hello",
        ),
        failed(
            "a header names gzip, but the body is not gzip",
            lambda case: begun(case, GOING_ON, headers={"content-encoding": "gzip"}),
            errors.StreamDataError,
        ),
        truncated("an incomplete gzip body", half_zipped, errors.StreamTruncated, text="Hello"),
        whole("the last HTTP chunk is missing", lambda case: begun(case, *case.end(3, 2), Abort())),
        whole("the empty line at the end is missing", without_a_last_line),
    ],
    "Twenty streams, one after another": [
        Row(
            says="complete responses",
            answers=lambda case: [hello(case) for _ in range(20)],
            times=20,
            state="finished",
            text="Hello",
            requests=20,
        ),
    ],
}
"""The rows of the page, by its headings."""
