"""What the server and the user see when a stream is left or fails: ours, and each SDK's own.

A column is one provider, sync or async, and has a server of its own. Its rows run one after another,
the columns at the same time. What was seen (`Seen`) is judged by what a `Row` asks for; a cell is
red if anything else was seen, and says what. Words, not figures, are told of time, so that the page
is the same each time.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import anyio
from cases import Case, Driver
from failure_rows import NOWHERE, Row
from loopback import Answer, Loopback, Request
from providers import CASES
from sdk_streams import SDKS

from mirascope import errors

AT_ONCE = 0.5
"""Within how many seconds the server has to see that a connection ends."""

A_WHILE = 1.0
"""After how many seconds an SDK's connection is still open if it is told to be."""

TOO_LONG = 4.0
"""After how many seconds a stream hangs."""

KEY = "a-secret-key"


class Cell(NamedTuple):
    """A cell of the table."""

    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'✓' if self.good else '✗'} {self.text}".strip()


@dataclass
class Seen:
    """What was seen of one row in one column.

    Attributes:
        row: The row.
        case: The provider.
        stream: The stream, where there was one.
        error: What was raised, in words; the error itself would keep its frames alive.
        meant: Whether that is one of the errors of ours that the row asks for.
        sdk_s: Whether that is an error of the SDK.
        hung: Whether it went on for too long.
        requests: The requests that the server saw.
        open: Whether a connection had still not ended, a while after the stream was left.
    """

    row: Row
    case: Case
    stream: Any = None
    error: str | None = None
    meant: bool = False
    sdk_s: bool = False
    hung: bool = False
    requests: list[Request] = field(default_factory=list)
    open: bool = False

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is raised."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever an SDK raises
            kind = type(error)
            self.error = f"`{kind.__module__.partition('.')[0]}.{kind.__qualname__}`"
            self.meant = isinstance(error, self.row.error)
            self.sdk_s = isinstance(error, self.case.sdk_error)
            if isinstance(error, errors.StreamError):
                ours = next(each for each in kind.__mro__ if each.__module__ == errors.__name__)
                clock = getattr(error, "clock", None)
                self.error = f"`{ours.__name__}`" + (f" ({clock})" if clock else "")

    @property
    def connections(self) -> int:
        return len({id(request.connection) for request in self.requests})

    @property
    def text(self) -> str:
        return self.stream.content if self.stream is not None else ""

    def answer(self, request: Request) -> Answer:
        """Return what the server answers to a request."""
        self.requests.append(request)
        answers = self.row.answers(self.case)
        return answers[min(len(self.requests), len(answers)) - 1]

    def hung_up(self, seconds: float) -> bool:
        """Wait until all connections have ended."""
        return all(request.connection.hung_up.wait(seconds) for request in self.requests)

    def cut(self) -> None:
        """End what is still open."""
        for request in self.requests:
            request.connection.cut()


def judged(seen: Seen) -> Cell:
    """Judge one of our cells."""
    row = seen.row
    state = seen.stream.state if seen.stream is not None else "no stream"
    told = f"`{state}`" + (f", {seen.error}" if seen.error else "")
    wrong = [*_wrong(seen)]
    if state != row.state:
        wrong.append(f"not `{row.state}`")
    if seen.error and not seen.meant:
        wrong.append("another error than meant")
    if len(seen.requests) != row.requests:
        wrong.append(f"{len(seen.requests)} requests")
    if row.closes and not wrong:
        told += ", closed at once" if seen.requests else ", no request"
    elif row.requests > 1:
        told += f", {row.requests} requests"
    if row.times > 1:
        told += ", 1 connection"
    return Cell(not wrong, ": ".join([told, ", ".join(wrong)]) if wrong else told)


def judged_raw(seen: Seen) -> Cell:
    """Judge a cell of an SDK's own."""
    wrong = [*_wrong(seen)]
    return Cell(not wrong, ", ".join(wrong) if wrong else seen.error or "")


def _wrong(seen: Seen) -> Iterator[str]:
    row = seen.row
    if seen.hung:
        yield "hangs"
        return
    if row.error and seen.error is None:
        yield "no error"
    elif seen.error and not (row.error and seen.sdk_s):
        yield seen.error
    elif row.text != seen.text if row.text is not None else not seen.text:
        yield "text is lost"
    if row.requests == 0 and seen.requests:
        yield "is sent"
    if seen.open:
        yield "stays open"
    if row.times > 1 and seen.connections > 1:
        yield f"{seen.connections} connections"


@dataclass(frozen=True)
class Side:
    """Whose streams are asked for: ours, or the SDKs' own."""

    ours: bool

    @contextmanager
    def asking(self, case: Case, row: Row, url: str) -> Iterator[Callable[[], Any]]:
        """Give a function that asks for a stream; ours has the default client if it can."""
        own = row.refused or not self.ours
        with case.client(url, KEY) if own else nullcontext() as client:
            if self.ours:
                driver = Driver(asynchronous=False)
                yield lambda: driver.function(case, client=client, **row.options)("fantasy")
            else:
                yield lambda: SDKS[case.name].stream(client, held=row.held, **_limit(case, row))

    @asynccontextmanager
    async def aasking(
        self, case: Case, row: Row, url: str
    ) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
        """Give a function that asks for an async stream; see `asking`."""
        own = row.refused or not self.ours
        async with case.async_client(url, KEY) if own else nullcontext() as client:
            if self.ours:
                driver = Driver(asynchronous=True)
                yield lambda: driver.function(case, client=client, **row.options)("fantasy")
            else:
                yield lambda: SDKS[case.name].astream(client, held=row.held, **_limit(case, row))

    def judge(self, seen: Seen) -> Cell:
        return judged(seen) if self.ours else judged_raw(seen)

    @property
    def patience(self) -> float:
        return AT_ONCE if self.ours else A_WHILE


def _limit(case: Case, row: Row) -> dict[str, Any]:
    return {} if row.sdk_timeout is None else case.timeout(row.sdk_timeout)


@dataclass(frozen=True)
class Column:
    """One provider, sync or async, and its server."""

    side: Side
    case: Case
    server: Loopback

    def run(self, rows: Iterable[Row]) -> Iterator[Cell]:
        """Run rows, sync."""
        for row in rows:
            seen = Seen(row, self.case)
            self.server.answer = seen.answer
            with self.side.asking(self.case, row, self._url(row)) as ask:
                use = threading.Thread(target=self._use, args=(seen, ask), daemon=True)
                use.start()
                use.join(TOO_LONG)
                seen.hung = use.is_alive()
                seen.open = row.closes and not seen.hung_up(self.side.patience)
                cell = self.side.judge(seen)
                seen.cut()
                use.join(TOO_LONG)
                seen.stream = None
            yield cell

    async def arun(self, rows: Iterable[Row], noise: list[str]) -> list[Cell]:
        """Run rows, async, in one event loop; add what that says to the noise."""
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: noise.append(f"{context['message']}: {context.get('exception')!r}")
        )
        return [await self._arun(row) for row in rows]

    async def _arun(self, row: Row) -> Cell:
        seen = Seen(row, self.case)
        self.server.answer = seen.answer
        async with self.side.aasking(self.case, row, self._url(row)) as ask:
            use = asyncio.create_task(self._ause(seen, ask))
            await asyncio.wait([use], timeout=TOO_LONG)
            seen.hung = not use.done()
            if row.closes:
                seen.open = not await asyncio.to_thread(seen.hung_up, self.side.patience)
            cell = self.side.judge(seen)
            seen.cut()
            use.cancel()
            await asyncio.wait([use], timeout=TOO_LONG)
            seen.stream = None
        return cell

    def _use(self, seen: Seen, ask: Callable[[], Any]) -> None:
        assert seen.row.leave is not None
        with seen.noting():
            for _ in range(seen.row.times):
                seen.stream = ask()
                seen.row.leave(seen.stream)

    async def _ause(self, seen: Seen, ask: Callable[[], Awaitable[Any]]) -> None:
        assert seen.row.aleave is not None
        with seen.noting():
            for _ in range(seen.row.times):
                seen.stream = await ask()
                await seen.row.aleave(seen.stream)

    def _url(self, row: Row) -> str:
        return self.case.url(NOWHERE.rstrip("/") if row.refused else self.server.url)


Cells = dict[tuple[str, str, bool], Cell]
"""Cells by row, provider and whether async."""


def look(rows: Iterable[Row], *, ours: bool) -> tuple[Cells, list[str]]:
    """Run rows in all columns; return the cells, and what was said that nobody asked for."""
    cells: Cells = {}
    noise: list[str] = []
    gc.collect()
    gc.freeze()
    for asynchronous in (False, True):
        runnable = [row for row in rows if (row.aleave if asynchronous else row.leave) is not None]
        with _servers() as servers, _listening(noise), ThreadPoolExecutor(len(CASES)) as pool:
            columns = [Column(Side(ours), case, servers[case.name]) for case in CASES]

            def run(
                column: Column, *, asynchronous: bool = asynchronous, rows: list[Row] = runnable
            ) -> list[Cell]:
                if asynchronous:
                    return anyio.run(column.arun, rows, noise)
                return list(column.run(rows))

            for column, found in zip(columns, pool.map(run, columns), strict=True):
                for row, cell in zip(runnable, found, strict=True):
                    cells[row.says, column.case.name, asynchronous] = cell
    return cells, noise


@contextmanager
def _servers() -> Iterator[dict[str, Loopback]]:
    """Give each provider a server, which its default clients talk to."""
    before = dict(os.environ)
    servers = {case.name: Loopback() for case in CASES}
    for case in CASES:
        os.environ[case.key_variable] = KEY
        os.environ[case.url_variable] = case.url(servers[case.name].url)
        servers[case.name].__enter__()
    try:
        yield servers
    finally:
        for server in servers.values():
            server.__exit__()
        for case in CASES:
            for name in (case.key_variable, case.url_variable):
                os.environ.pop(name)
                os.environ.update({name: before[name]} if name in before else {})


class _Noted(logging.Handler):
    def __init__(self, noise: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.noise = noise

    def emit(self, record: logging.LogRecord) -> None:
        self.noise.append(record.getMessage())


@contextmanager
def _listening(noise: list[str]) -> Iterator[None]:
    """Note what no one catches, warns of or logs as a warning."""
    hooks = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = lambda told: noise.append(f"{told.err_msg}: {told.exc_value!r}")
    threading.excepthook = lambda told: noise.append(repr(told.exc_value))
    handler = _Noted(noise)
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)  # of the SDKs' own doing
        try:
            yield
        finally:
            sys.unraisablehook, threading.excepthook = hooks
            logging.getLogger().removeHandler(handler)
            noise += [str(each.message) for each in warned]
