"""Progress of streams, of responses and of loops."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
from rich.console import Console
from show_support import TerminalFile
from support.cases import Case, Driver
from support.providers.openai import OPENAI

from mirascope import errors, streams
from mirascope.show import track
from mirascope.testing import ScriptedProvider


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def written(where: Console) -> str:
    file = where.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def tracked(driver: Driver, function: Callable[[str], Any], where: Console, **options: Any) -> Any:
    """Return the items of a tracked stream and the stream."""

    async def read() -> Any:
        stream = await function("fantasy")
        return stream, [item async for item in track(stream, console=where, **options)]

    if driver.asynchronous:
        return anyio.run(read)
    stream = function("fantasy")
    return stream, list(track(stream, console=where, **options))


def test_a_stream(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.reply("one two three", usage=(3, 5))
    where = console()
    stream, items = tracked(driver, driver.function(case), where, description="Books", total=9)
    assert "".join(chunk.content for chunk, _ in items) == "one two three"
    assert stream.state == "finished"
    counted = rf"Books: {len(items)}/9 chunks · [\d.,]+ tokens/s · 5 tokens( · .*)?\n"
    assert re.fullmatch(counted, written(where))


def test_leaving_the_loop_closes_the_stream(
    case: Case, driver: Driver, llm: ScriptedProvider
) -> None:
    llm.stall(after="one two three")
    where, function = console(), driver.function(case)

    async def aleave() -> Any:
        stream = await function("fantasy")
        async with anyio.create_task_group():
            items = aiter(track(stream, console=where))
            await anext(items)
            await items.aclose()  # type: ignore[attr-defined]
        return stream

    if driver.asynchronous:
        stream = anyio.run(aleave)
    else:
        stream = function("fantasy")
        for _ in track(stream, console=where):
            break
    assert stream.state == "closed"
    assert written(where).count("\n") == 1


def test_an_error_ends_the_bar(driver: Driver, llm: ScriptedProvider) -> None:
    llm.cut(after="one two")
    where = console()
    with pytest.raises(errors.StreamError):
        tracked(driver, driver.function(OPENAI), where)
    assert "3 chunks" in written(where)


@pytest.mark.parametrize("stream", [True, False])
def test_a_loop_counts_streams_and_responses(
    case: Case, driver: Driver, llm: ScriptedProvider, *, stream: bool
) -> None:
    for _ in range(3):
        llm.reply("one two", usage=(3, 5))
    where, function = console(), driver.function(case, stream=stream)

    async def results() -> AsyncIterator[Any]:
        for _ in range(3):
            yield await function("fantasy")

    async def aloop() -> None:
        async for result in track(results(), "Books", total=3, console=where):
            if stream:
                async for _ in result:
                    pass

    if driver.asynchronous:
        anyio.run(aloop)
    else:
        for result in track(map(function, "abc"), "Books", total=3, console=where):
            if stream:
                list(result)
    assert re.fullmatch(r"Books: 3/3 · [\d.,]+ tokens/s · 15 tokens( · .*)?\n", written(where))


def test_the_rows_of_gather_are_counted(driver: Driver, llm: ScriptedProvider) -> None:
    llm.reply("one", usage=(3, 5), to="fantasy")
    llm.fail(400, to="crime")
    where = console()
    rows = streams.gather(driver.function(OPENAI), ["fantasy", "crime"])

    async def aread() -> None:
        async for _ in track(rows, console=where, total=2):
            pass

    if driver.asynchronous:
        anyio.run(aread)
    else:
        for _ in track(rows, console=where, total=2):
            pass
    assert re.fullmatch(r"2/2 · [\d.,]+ tokens/s · 5 tokens( · .*)?\n", written(where))


def test_anything_else_is_counted() -> None:
    where = console()
    assert list(track([1, 2], console=where)) == [1, 2]
    assert written(where) == "2\n"


def test_a_generator_is_closed() -> None:
    ended: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(9)
        finally:
            ended.append("closed")

    for _ in track(numbers(), console=console()):
        break
    assert ended == ["closed"]


class ProgressFile(TerminalFile):
    """A terminal whose content does not matter."""

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return len(text)


def test_bars_that_are_open_at_once_share_a_display() -> None:
    file = ProgressFile()
    where = Console(file=file, force_terminal=True, width=100)
    one, two = (
        iter(track(range(2), "One [b]", total=2, console=where)),
        iter(track(range(5), "Two", console=where)),
    )
    assert (next(one), next(two)) == (0, 0)
    assert [list(one), list(two)] == [[1], [1, 2, 3, 4]]
    last = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", "".join(file.writes)).split("\r")[-1]
    lines = [line.rstrip() for line in last.splitlines() if line.strip()]
    bar = "━" * 24
    assert lines == [f"One [b] {bar} 2/2", f"Two     {bar} 5"]
    assert list(track("a", console=where)) == ["a"]
