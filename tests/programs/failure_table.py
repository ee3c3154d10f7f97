"""What the server and the user see when a stream is closed or fails: ours, and each SDK's own.

A column is one provider, sync or async. Its rows run one after another, the columns at the same
time. What was seen (`Seen`) is judged by what a `Row` asks for; a cell is red if anything else was
seen, and says what. Words, not figures, are told of time, so that the page is the same each time.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, NamedTuple

import anyio
from support.cases import Case, Driver
from support.providers import SERVERS
from support.sdk_streams import SDKS, LackingError
from support.spans import Spans, of_provider, outcome, traced

from mirascope import errors
from mirascope.testing.loopback import Loopback, Request, Response
from programs.failure_rows import EXIT, NOWHERE, SECTIONS, Row

CASES = [case for case in SERVERS if case.name in SDKS]
"""The providers that are compared with their SDKs."""

AT_ONCE = 0.5
"""Within how many seconds the server has to see that a connection ends."""

A_WHILE = 1.0
"""After how many seconds an SDK's connection that is kept open is still open."""

MOMENT = 0.01
"""How long spans are waited for at a time, in seconds."""

TOO_LONG = 4.0
"""After how many seconds a stream hangs."""

KEY = "a-secret-key"

EXITS = (False, True)
"""Which streams the interpreter ends in the middle of: async or not."""


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
        spans: The spans of the calls, as their `outcome`; ``None`` if they are not traced.
        waits: How often spans were waited for.
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
    spans: list[tuple[str, str | None, str | None]] | None = None
    waits: int = 0

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is raised."""
        try:
            yield
        except LackingError as error:
            self.error = f"has no `{error}`"
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

    def respond(self, request: Request) -> Response:
        """Return the server's response to a request."""
        self.requests.append(request)
        answers = self.row.answers(self.case)
        return answers[min(len(self.requests), len(answers)) - 1]

    def disconnected(self, seconds: float) -> bool:
        """Wait until all connections have ended."""
        return all(request.connection.disconnected.wait(seconds) for request in self.requests)

    def cut(self) -> None:
        """End what is still open."""
        for request in self.requests:
            request.connection.cut()


def judged(seen: Seen) -> Cell:
    """Judge one of our cells."""
    row = seen.row
    state = seen.stream.state if seen.stream is not None else "no stream"
    reported = f"`{state}`" + (f", {seen.error}" if seen.error else "")
    wrong = [*_wrong(seen)]
    if state not in row.state.split(" or "):
        wrong.append(f"not `{row.state}`")
    if seen.error and not seen.meant:
        wrong.append("another error than meant")
    wrong += _wrong_spans(seen)
    if len(seen.requests) != row.requests:
        wrong.append(f"{len(seen.requests)} requests")
    if row.closes and not wrong:
        reported += ", closed at once" if seen.requests else ", no request"
    elif row.requests > 1:
        reported += f", {row.requests} requests"
    if row.times > 1:
        reported += ", 1 connection"
    return Cell(not wrong, ": ".join([reported, ", ".join(wrong)]) if wrong else reported)


def judged_raw(seen: Seen) -> Cell:
    """Judge a cell of an SDK's own."""
    wrong = [*_wrong(seen)]
    reported = [seen.error] if seen.error and seen.error not in wrong else []
    return Cell(not wrong, ", ".join(reported + wrong))


def _wrong(seen: Seen) -> Iterator[str]:
    row = seen.row
    if seen.hung:
        yield "hangs"
        return
    lost = row.text != seen.text if row.text is not None else not seen.text
    if seen.error and not (row.error and seen.sdk_s):
        yield seen.error
    elif seen.error is None and (row.error or lost):
        yield "no error"
        return
    elif lost:
        yield "text is lost"
    if row.requests == 0 and seen.requests and not row.refused:
        yield "sends a request"
    if seen.open:
        yield "stays open"
    if row.times > 1 and seen.connections > 1:
        yield f"{seen.connections} connections"


def _wrong_spans(seen: Seen) -> Iterator[str]:
    """Yield what is wrong with the spans: each stream that was iterated has exactly one."""
    row, state = seen.row, seen.stream.state if seen.stream is not None else None
    if seen.spans is None:
        return
    error = "CancelledError" if row.cancels else seen.error and seen.error.split("`")[1]
    expected = ("ERROR" if error else "UNSET", error, state)
    if seen.spans != [expected] * row.spans:
        yield f"spans: {seen.spans}"


@dataclass(frozen=True)
class Side:
    """Whose streams are requested: ours, or the SDKs' own."""

    ours: bool

    @contextmanager
    def asking(self, case: Case, row: Row, url: str) -> Iterator[Callable[[], Any]]:
        """Yield a function that requests a stream; ours has the default client if it can."""
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
        """Yield a function that requests an async stream; see `asking`."""
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
    traces: Spans | None = None

    def run(self, rows: Iterable[Row]) -> Iterator[Cell]:
        """Run rows, sync."""
        for row in rows:
            seen = Seen(row, self.case)
            before = self._ended()
            self.server.respond = seen.respond
            with self.side.asking(self.case, row, self._url(row)) as ask:
                use = threading.Thread(target=self._use, args=(seen, ask), daemon=True)
                use.start()
                use.join(TOO_LONG)
                seen.hung = use.is_alive()
                seen.open = row.closes and not seen.disconnected(self.side.patience)
                while self._waits_for_spans(seen, before):
                    time.sleep(MOMENT)
                seen.spans = self._spans(before)
                cell = self.side.judge(seen)
                seen.cut()
                use.join(TOO_LONG)
                seen.stream = None
            yield cell

    async def arun(self, rows: Iterable[Row], noise: list[str]) -> list[Cell]:
        """Run rows, async, in one event loop; add what that logs to the noise."""
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: noise.append(f"{context['message']}: {context.get('exception')!r}")
        )
        return [await self._arun(row) for row in rows]

    async def _arun(self, row: Row) -> Cell:
        seen = Seen(row, self.case)
        before = self._ended()
        self.server.respond = seen.respond
        async with self.side.aasking(self.case, row, self._url(row)) as ask:
            use = asyncio.create_task(self._ause(seen, ask))
            await asyncio.wait([use], timeout=TOO_LONG)
            seen.hung = not use.done()
            if row.closes:
                seen.open = not await asyncio.to_thread(seen.disconnected, self.side.patience)
            while self._waits_for_spans(seen, before):  # noqa: ASYNC110  # they end in any thread
                await asyncio.sleep(MOMENT)
            seen.spans = self._spans(before)
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

    def _ended(self) -> int:
        """Return how many spans of this provider have ended."""
        return len(of_provider(self.traces.ended, self.case.name)) if self.traces else 0

    def _waits_for_spans(self, seen: Seen, before: int) -> bool:
        """Return whether spans may still end: the server sees the end of a connection earlier."""
        seen.waits += 1
        missing = self.traces is not None and self._ended() - before < seen.row.spans
        return missing and seen.waits * MOMENT < AT_ONCE

    def _spans(self, before: int) -> list[tuple[str, str | None, str | None]] | None:
        """Return how calls ended since there were so many spans."""
        if self.traces is None:
            return None
        return [outcome(span) for span in of_provider(self.traces.ended, self.case.name)[before:]]

    def _url(self, row: Row) -> str:
        return self.case.url(NOWHERE.rstrip("/") if row.refused else self.server.url)


Cells = dict[tuple[Row, str, bool], Cell]
"""Cells by row, provider and whether async."""


def look(rows: Iterable[Row], *, ours: bool) -> tuple[Cells, list[str]]:
    """Run rows in all columns; return the cells, and warnings and logs that are not expected.

    Nothing but the rows that do so collects garbage; they come last. What is left of all is
    collected in the end.
    """
    cells: Cells = {}
    noise: list[str] = []
    in_turn = sorted(rows, key=lambda row: row.collects)
    with _listening(noise), traced() if ours else nullcontext() as spans:
        with _uncollected():
            for asynchronous in (False, True):
                columns = _look(in_turn, noise, spans, ours=ours, asynchronous=asynchronous)
                for name, found in columns.items():
                    cells.update({(row, name, asynchronous): cell for row, cell in found})
        gc.collect()
    if spans is not None and spans.open:
        noise.append(f"{spans.open} spans are open")
    return cells, noise


def _look(
    rows: Iterable[Row],
    noise: list[str],
    spans: Spans | None,
    *,
    ours: bool,
    asynchronous: bool,
) -> dict[str, list[tuple[Row, Cell]]]:
    runnable = [row for row in rows if (row.aleave if asynchronous else row.leave) is not None]

    def run(column: Column) -> list[Cell]:
        if asynchronous:
            return anyio.run(column.arun, runnable, noise)
        return list(column.run(runnable))

    with _servers() as servers, ThreadPoolExecutor(len(CASES)) as pool:
        found = pool.map(
            run, [Column(Side(ours), case, servers[case.name], spans) for case in CASES]
        )
        return {
            case.name: list(zip(runnable, cells, strict=True))
            for case, cells in zip(CASES, found, strict=True)
        }


def look_at_exits(*, ours: bool) -> Cells:
    """Let interpreters end in the middle of streams; return the cells."""
    columns = [(case.name, asynchronous) for case in CASES for asynchronous in EXITS]
    with _servers(EXIT) as servers:
        streams = [
            {
                "provider": name,
                "url": servers[name].url,
                "ours": ours,
                "asynchronous": asynchronous,
            }
            for name, asynchronous in columns
        ]
        done = subprocess.run(
            [sys.executable, "-m", "programs.exit_while_streaming", json.dumps(streams)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        ends = [Cell(**_exit(**each)) for each in json.loads(done.stdout)]
        for server in servers.values():
            for connection in server.connections:
                assert connection.disconnected.wait(AT_ONCE)
    return {
        (EXIT, name, asynchronous): cell
        for (name, asynchronous), cell in zip(columns, ends, strict=True)
    }


def _exit(*, code: int | None, said: str) -> dict[str, Any]:
    if code is None:
        return {"good": False, "text": "hangs"}
    last = said.strip().rpartition("\n")[2]
    return {
        "good": not code and not said,
        "text": f"prints `{last}`" if said else "exits silently",
    }


@contextmanager
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextmanager
def _servers(row: Row | None = None) -> Iterator[dict[str, Loopback]]:
    """Give each provider a server, which its default clients talk to, for a row or for any."""
    before = dict(os.environ)
    servers = {case.name: Loopback() for case in CASES}
    if row is not None:
        for case in CASES:
            servers[case.name].respond = lambda _, case=case: row.answers(case)[0]
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
        if record.name == "mirascope":  # of retries, and of responses that are cut off
            return
        self.noise.append(record.getMessage())


@contextmanager
def _listening(noise: list[str]) -> Iterator[None]:
    """Note what no one catches, warns of or logs as a warning."""
    hooks = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = lambda reported: noise.append(
        f"{reported.err_msg}: {reported.exc_value!r}"
    )
    threading.excepthook = lambda reported: noise.append(repr(reported.exc_value))
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


# The page.


NAMES = [case.name for case in CASES]


def page(ours: Cells, raw: Cells) -> str:
    """Return the tables of the page."""
    head = _line("", "mirascope, all six", *NAMES) + "|---" * (len(NAMES) + 2) + "|\n"
    scores = _line("as promised", _score(ours), *(_score(raw, name) for name in NAMES))
    tables = [head + scores]
    for heading, rows in SECTIONS.items():
        lines = [_line(row.says, reported(row, ours), *told_each(row, raw)) for row in rows]
        tables.append(f"## {heading}\n\n{head}{''.join(lines)}")
    return "\n".join(tables)


def _line(*columns: str) -> str:
    return f"| {' | '.join(columns)} |\n"


def versions() -> str:
    """Return the SDKs of the columns, with their versions."""
    names = [SDKS[name].distribution for name in NAMES]
    return ", ".join(f"{name} {version(name)}" for name in names)


def told_each(row: Row, cells: Cells) -> list[str]:
    """Return a row's cells as text, one for each provider."""
    return [reported(row, cells, [name]) for name in NAMES]


def reported(row: Row, cells: Cells, names: list[str] = NAMES) -> str:
    """Return a row's cells as text, once if it is the same for all."""
    found: dict[str, list[str]] = {}
    for name in names:
        both = {
            asynchronous: str(cells[row, name, asynchronous])
            for asynchronous in (False, True)
            if (row, name, asynchronous) in cells
        }
        for asynchronous, text in both.items():
            who = name if len(names) > 1 else ""
            if len(set(both.values())) > 1:
                who = f"{who} {'async' if asynchronous else 'sync'}".strip()
            found.setdefault(text, []).append(who)
    if len(found) == 1:
        return next(iter(found))
    most = max(found, key=lambda text: len(found[text]))
    others = [
        f"{', '.join(dict.fromkeys(whose))}: {text}"
        for text, whose in found.items()
        if text != most or len(names) == 1
    ]
    return "<br>".join(others if len(names) == 1 else [most, *others])


def _score(cells: Cells, name: str | None = None) -> str:
    judged = [cell.good for (_, whose, _), cell in cells.items() if name in (whose, None)]
    return f"{sum(judged)} of {len(judged)}"
