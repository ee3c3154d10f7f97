"""The ways for a stream to be left and to fail, as data: the rows of ``docs/failures.md``."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cases import Case
from loopback import Abort, Answer, Fault, Raw, Reset, Stall, Wait, dripping
from scripts import Adds, Closes, Opens
from test_leaving import (
    by_a_cancel_scope,
    by_a_timeout,
    by_aclose,
    by_an_exception,
    by_an_exception_async,
    by_async_with,
    by_break,
    by_break_async,
    by_cancellation,
    by_close,
    by_dropping_the_iterator,
    by_dropping_the_iterator_async,
    by_return,
    by_with,
    endless,
    until_text,
    until_text_async,
)

from mirascope import Timeout, errors
from mirascope.core.base import BaseTool

SOON = 0.25
LATE = 20.0
PAUSE = Wait(0.05)
"""So that what came before is read before."""

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


class Book(BaseTool):
    """A book."""

    title: str

    def call(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True)
class Row:
    """A way to be left or to fail, and what has to be seen then.

    Attributes:
        says: What happens, in words.
        answers: Returns what the server answers: to each request one, to further ones the last.
        leave: What is done with a sync stream; ``None`` if there is no such way.
        aleave: What is done with an async stream.
        times: How often it is asked and left, one time after another.
        refused: Whether there is no server at all.
        held: Whether whoever leaves an SDK's stream still holds it.
        state: The state that a stream of ours is then in.
        error: The classes of ours one of which is raised; none if nothing is.
        text: The text that has come then; ``None`` if some has.
        closes: Whether the connection has to end at once.
        requests: How many requests there are, with ours.
        options: Further options of the call, with ours.
        sdk_timeout: The timeout that is told to an SDK, in seconds.
    """

    says: str
    answers: Callable[[Case], Sequence[Answer]]
    leave: Way | None = to_the_end
    aleave: AsyncWay | None = to_the_end_async
    times: int = 1
    refused: bool = False
    held: bool = True
    state: str
    error: tuple[type[errors.StreamError], ...] = ()
    text: str | None = ""
    closes: bool = False
    requests: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    sdk_timeout: float | None = None


def left(says: str, leave: Way | None, aleave: AsyncWay | None, *, held: bool = True) -> Row:
    """Return the row of a way to leave an endless answer, in which some text has come."""
    return Row(
        says=says,
        answers=lambda case: [endless(case)],
        leave=leave,
        aleave=aleave,
        held=held,
        state="closed",
        text=None,
        closes=True,
    )


def failed(
    says: str,
    answer: Callable[[Case], Answer],
    *error: type[errors.StreamError],
    state: str = "failed",
    text: str = "",
    closes: bool = True,
    **options: Any,
) -> Row:
    """Return the row of an answer that fails and is not asked for again."""
    return Row(
        says=says,
        answers=lambda case: [answer(case)],
        state=state,
        error=error,
        text=text,
        closes=closes,
        options={"max_retries": 0, **options},
    )


def late(says: str, answer: Callable[[Case], Answer], text: str | None, timeout: Timeout) -> Row:
    """Return the row of an answer that takes too long."""
    return Row(
        says=says,
        answers=lambda case: [answer(case)],
        state="failed",
        error=(errors.StreamTimeout,),
        text=text,
        closes=True,
        options={"max_retries": 0, "timeout": timeout},
        sdk_timeout=SOON,
    )


def whole(says: str, *answers: Callable[[Case], Answer], **more: Any) -> Row:
    """Return the row of an answer that comes whole, in the end."""
    return Row(
        says=says,
        answers=lambda case: [answer(case) for answer in answers],
        state="finished",
        text="Hello",
        requests=len(answers),
        **more,
    )


def hello(case: Case) -> Answer:
    return Answer(case.answer("Hello"))


def begun(case: Case, *more: bytes | Fault, **answer: Any) -> Answer:
    """Return an answer that says "Hello" and then something else than its end."""
    return Answer([*case.begin, case.text("Hello"), *more], **answer)


def alive(case: Case) -> Answer:
    return Answer(dripping([*case.begin, *[case.keepalive + case.text("")] * 500], 0.02))


def drops(case: Case) -> Answer:
    return Answer(dripping([*case.begin, *[case.text("a")] * 500], 0.02))


def too_big(case: Case) -> Answer:
    return begun(case, b"data: ", *[b"x" * 2**20] * 40, Stall())


def too_short(case: Case) -> Answer:
    body = b"".join([*case.begin, case.text("Hello")])
    return Answer([body, PAUSE, Abort()], length=len(body) + 100)


def too_long(case: Case) -> Answer:
    body = b"".join([*case.begin, case.text("Hello")])
    return Answer([body, PAUSE, *case.end(3, 2)], length=len(body))


def without_a_last_line(case: Case) -> Answer:
    return Answer([b"".join(case.answer("Hello")).rstrip(b"\n")])


def zipped_and_cut(case: Case) -> Answer:
    packer = zlib.compressobj(wbits=31)
    said = packer.compress(b"".join([*case.begin, case.text("Hello")]))
    said += packer.flush(zlib.Z_SYNC_FLUSH)
    return Answer([said], headers={"content-encoding": "gzip"})


def calling(case: Case) -> Answer:
    """Return an answer that is cut off in a tool call, or after one that is told at once."""
    steps = [Opens(0, "Book"), Adds(0, '{"title": "The')]
    if case.whole_calls:
        steps += [Adds(0, ' Name"}'), Closes(0)]
    return Answer([*case.begin, *case.steps(steps)])


LEFT = [
    left("`break`", by_break, by_break_async),
    left("an exception in the loop", by_an_exception, by_an_exception_async),
    left("`return` out of the loop", by_return, by_return_async),
    left("`del` of the iterator", by_dropping_the_iterator, by_dropping_the_iterator_async, held=False),
    left("garbage collection of a cycle", by_garbage_collection, by_garbage_collection_async, held=False),
    left("`close()`, `aclose()`", by_close, by_aclose),
    left("`with`, `async with`", by_with, by_async_with),
    left("the end of a generator that reads it", by_closing_a_generator, by_closing_a_generator_async),
    left("cancellation of the task", None, by_cancellation),
    left("an `anyio.CancelScope`", None, by_a_cancel_scope),
    left("`asyncio.timeout`", None, by_a_timeout),
    Row(
        says="never iterated",
        answers=lambda case: [endless(case)],
        leave=not_at_all,
        aleave=not_at_all_async,
        state="pending",
        requests=0,
        closes=True,
    ),
]

REFUSED = [
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
    whole(
        "429 with `Retry-After`, then the answer",
        lambda case: case.refusal(429, retry_after="0"),
        hello,
    ),
    whole("503, then the answer", lambda case: case.refusal(503, retry_after="0"), hello),
    Row(
        says="500 again and again",
        answers=lambda case: [case.refusal(500, retry_after="0")],
        state="failed",
        error=(errors.Overloaded,),
        requests=3,
    ),
    failed(
        "a redirect to nowhere",
        lambda _: Answer(status=307, headers={"location": NOWHERE}),
        errors.StreamConnectionError,
        errors.StreamAPIError,
        closes=False,
    ),
    failed(
        "a page of HTML at status 200",
        lambda _: Answer([b"<html><body>Log in!</body></html>"], headers={"content-type": "text/html"}),
        errors.StreamTruncated,
        errors.StreamDataError,
        state="truncated",
        closes=False,
    ),
]

BROKEN = [
    failed("an error event before the content", lambda case: Answer([*case.begin, case.failure, Stall()]), errors.Overloaded),
    failed("an error event after content", lambda case: begun(case, case.failure, Stall()), errors.Overloaded, text="Hello"),
    failed("malformed JSON", lambda case: begun(case, b"data: {not json}\n\n", Stall()), errors.StreamDataError, text="Hello"),
    failed("an event of 40 MiB", too_big, errors.StreamDataError, text="Hello"),
    failed("the body ends before the content", lambda case: Answer(case.begin), errors.StreamTruncated, state="truncated", closes=False),
    failed("the body ends in the middle", begun, errors.StreamTruncated, state="truncated", text="Hello", closes=False),
    failed("the body ends in a tool call", calling, errors.StreamTruncated, state="truncated", closes=False, tools=[Book]),
    failed("the connection ends in the middle", lambda case: begun(case, case.text("more")[:20], PAUSE, Abort()), errors.StreamConnectionError, text="Hello"),
    failed("the connection is reset in the middle", lambda case: begun(case, PAUSE, Reset()), errors.StreamConnectionError, text="Hello", closes=False),
    failed("the connection is reset before the head", lambda case: Answer(before=[Reset()]), errors.StreamConnectionError, closes=False),
]

LATE_ONES = [
    late("no head", lambda _: Answer(before=[Stall()]), "", Timeout(first=SOON)),
    late("no content, but keep-alives", alive, "", Timeout(first=SOON)),
    late("silence in the middle", lambda case: begun(case, Stall()), "Hello", Timeout(first=LATE, idle=SOON)),
    late("drop by drop, without end", drops, None, Timeout(total=4 * SOON)),
    whole("the body does not end after the answer", lambda case: begun(case, *case.end(3, 2), Stall())),
]

FRAMED = [
    failed("the body is shorter than its length", too_short, errors.StreamConnectionError, text="Hello"),
    failed("the body is longer than its length", too_long, errors.StreamTruncated, state="truncated", text="Hello", closes=False),
    failed("a chunk without a size", lambda case: begun(case, PAUSE, Raw(b"no size\r\n"), Stall()), errors.StreamConnectionError, text="Hello"),
    failed("it is not gzip", lambda case: begun(case, Stall(), headers={"content-encoding": "gzip"}), errors.StreamDataError),
    failed("half of a gzip", zipped_and_cut, errors.StreamDataError, errors.StreamTruncated, state="truncated", text="Hello", closes=False),
    whole("the last chunk is missing", lambda case: begun(case, *case.end(3, 2), Abort())),
    whole("the last empty line is missing", without_a_last_line),
    Row(
        says="twenty streams, one after another",
        answers=lambda case: [hello(case) for _ in range(20)],
        times=20,
        state="finished",
        text="Hello",
        requests=20,
    ),
]
