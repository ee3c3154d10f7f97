"""Starting, reading and stopping generations: what an application uses."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypedDict, TypeVar

from typing_extensions import Unpack

from mirascope.errors import StreamLogError
from mirascope.resume._engine import Engine, engine, result_of
from mirascope.resume._generation import Generation, Options
from mirascope.resume._log import Lease, StreamLog
from mirascope.resume._readers import read_in_own_loop, read_in_task, read_in_thread
from mirascope.resume._reading import Reading
from mirascope.resume._shutdown import drained, install, watch
from mirascope.resume._takeover import Successor, Takeover
from mirascope.web import OnError, Streamed
from mirascope.web._failures import text_of
from mirascope.web._recorder import Recorder
from mirascope.web._turns import is_async
from mirascope.web._walked import Walked

_T = TypeVar("_T")

_MAX_KEY: Final = 512


class Settings(TypedDict, total=False):
    """The settings of a store; the workers of one store have the same.

    Attributes:
        lease: After how many seconds without a sign of life a generation counts as dead; 5 by
            default. It has to be longer than the longest pause of a worker.
        linger: For how many seconds events are collected before they are written; 0.05 by default.
            The first ones are written at once.
        keep: For how many seconds a log is kept after its end; 600 by default.
        max_bytes: How large a log may become; 16 MiB by default. One that is larger ends with an
            error; its stream is read to the end all the same.
        grace: For how many seconds running generations may go on when the process is to end; 20 by
            default. Then they end as aborted.
        may_read: Whether somebody may read or stop a generation: called with the key and what is
            passed as ``reader=``. By default everybody may who knows the key.
        on_error: Makes the text of an error that readers get; by default it has nothing that only
            the server should know. The error itself is logged as ``mirascope.web``.
        takeover: Makes the call of a key again, where the worker that generated it died and the
            server generates the response in the background: called with the key, by a worker that
            reads or starts it. It returns what ``make`` of `Store.start` returned, but no turn.
            By default nothing is taken over.
    """

    lease: float
    linger: float
    keep: float
    max_bytes: int
    grace: float
    may_read: Callable[[str, Any], bool] | None
    on_error: OnError | None
    takeover: Callable[[str], Streamed] | None


@dataclass(frozen=True)
class Run:
    """A generation that was started.

    Attributes:
        key: Its key.
        joined: Whether it ran already, so that nothing was started.
    """

    key: str
    joined: bool
    _generation: Generation | None = field(default=None, repr=False)

    @property
    def kept(self) -> bool:
        """Whether readers get all events: not if the log became too large or was replaced."""
        return self._generation is None or self._generation.kept


class Store:
    """Generations that outlive the request, and their logs.

    Args:
        open_log: Makes the log, once for each process.
        settings: See `Settings`.

    Raises:
        ValueError: A setting is out of range.
    """

    def __init__(self, open_log: Callable[[], StreamLog], **settings: Unpack[Settings]) -> None:
        self._open_log = open_log
        self._options = Options(**settings)
        self._opened: tuple[int, Engine, StreamLog] | None = None
        self._generations: set[Generation] = set()
        self._lock = threading.Lock()

    # Starting.

    async def start(self, key: str, make: Callable[[], Streamed]) -> Run:
        """Start a generation, which goes on whoever reads it; join one that is running.

        Args:
            key: What the generation is read and stopped by, such as the id of a chat; at most 512
                characters. The log of an earlier generation is discarded.
            make: Makes what is streamed: what a call returns, awaited or not, or a `Turn`. It is
                not called if a generation with this key is running. An async stream is read in
                this event loop, a sync one by a thread.

        Raises:
            StreamLogError: The store cannot be reached; nothing was started.
            Exception: What ``make`` raises.
        """
        log, runs_in = self._log(key)
        acquired = runs_in.submit(self._acquire(log, key))
        return self._run(key, await _reached(result_of(acquired)), make)

    def start_sync(self, key: str, make: Callable[[], Streamed]) -> Run:
        """Start a generation; see `start`. An async stream is read in an event loop of its own."""
        log, runs_in = self._log(key)
        try:
            lease = runs_in.submit(self._acquire(log, key)).result()
        except Exception as error:
            raise _unreachable(error) from error
        return self._run(key, lease, make)

    async def _acquire(self, log: StreamLog, key: str) -> Lease | Takeover | None:
        successor = self._successor(log, key)
        if successor is not None:
            found = await successor.joined()
            if isinstance(found, Takeover):
                return found
            if found.is_running:
                return None
        return await log.acquire(key, seconds=self._options.lease, keep=self._options.keep)

    def _successor(self, log: StreamLog, key: str) -> Successor | None:
        options = self._options
        if options.takeover is None:
            return None
        return Successor(log, key, options.lease, options.keep, self._continue)

    def _run(self, key: str, lease: Lease | Takeover | None, make: Callable[[], Streamed]) -> Run:
        if isinstance(lease, Takeover):
            self._continue(lease)
        elif lease is not None:
            return Run(key, joined=False, _generation=self._generate(lease, make))
        return Run(key, joined=True)

    def _continue(self, taken: Takeover) -> None:
        """Continue the generation of a worker that died."""
        makes, key = self._options.takeover, taken.lease.key
        assert makes is not None  # noqa: S101  # else nothing is taken over
        with suppress(Exception):  # it is logged, and the end of the response
            self._generate(taken.lease, lambda: taken.streamed(makes(key)), taken)

    def _generate(
        self, lease: Lease, make: Callable[[], Streamed], taken: Takeover | None = None
    ) -> Generation:
        log, runs_in = self._log(lease.key)
        generation = Generation(runs_in, log, lease, self._options, taken)
        self._generations = {each for each in self._generations if not each.done.is_set()}
        self._generations.add(generation)
        watch(generation, runs_in)
        recorder = Recorder(self._options.on_error)
        try:
            streamed = make()
            events = Walked(streamed, recorder, on_error=recorder.text_of)
        except Exception as error:
            text = text_of(error, recorder.text_of)
            generation.end(lambda: recorder.error(text))
            raise
        if self._options.takeover is not None:
            generation.identify = lambda: events.background_id
        if not is_async(streamed):
            read_in_thread(events, generation)
        elif _is_in_loop():
            read_in_task(events, generation)
        else:
            read_in_own_loop(events, generation)
        return generation

    # Reading and stopping.

    def read(
        self, key: str, after: str | None = None, *, running: bool = False, reader: object = None
    ) -> Reading:
        """Return the response of a key, from the beginning or from an offset on.

        Args:
            key: See `start`.
            after: An offset that the reader has, such as a browser's ``Last-Event-ID``; by default
                it has nothing.
            running: Whether a response that has ended is as one that never was, as the AI SDK's
                ``useChat`` expects when it resumes: `mirascope.web` answers with 204 then.
            reader: Who reads, for `may_read`.

        Raises:
            PermissionError: The reader may not.
        """
        self._check(key, reader)
        log, runs_in = self._log(key)
        lease = self._options.lease
        return Reading(
            runs_in,
            log,
            key,
            after=after,
            lease=lease,
            running=running,
            successor=self._successor(log, key),
        )

    async def stop(self, key: str, *, reader: object = None) -> bool:
        """Stop a generation, of whatever worker; its response ends as aborted.

        It stops within a quarter of a second, or of the lease if that is shorter.

        Args:
            key: See `start`.
            reader: Who stops it, for `may_read`.

        Returns:
            Whether one is running.

        Raises:
            PermissionError: The reader may not.
            StreamLogError: The store cannot be reached.
        """
        self._check(key, reader)
        log, runs_in = self._log(key)
        return await _reached(runs_in.awaited(log.request_stop(key)))

    def stop_sync(self, key: str, *, reader: object = None) -> bool:
        """Stop a generation; see `stop`."""
        self._check(key, reader)
        log, runs_in = self._log(key)
        try:
            return runs_in.submit(log.request_stop(key)).result()
        except Exception as error:
            raise _unreachable(error) from error

    def _check(self, key: str, reader: object) -> None:
        may_read = self._options.may_read
        if may_read is not None and not may_read(key, reader):
            raise PermissionError("this reader may not read the response of this key")

    # The end.

    async def close(self) -> None:
        """Let the generations of this process finish for the time of ``grace``; then abort them."""
        if (opened := self._here()) is not None:
            self._opened = None
            await opened[1].awaited(self._close(opened[2]))

    def close_sync(self) -> None:
        """Close it; see `close`."""
        if (opened := self._here()) is not None:
            self._opened = None
            opened[1].submit(self._close(opened[2])).result()

    async def _close(self, log: StreamLog) -> None:
        await drained([each for each in self._generations if not each.done.is_set()])
        await log.close()

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """Close the store with the application: the ``lifespan=`` of Starlette and FastAPI."""
        del app
        install()
        try:
            yield
        finally:
            await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_sync()

    def _log(self, key: str) -> tuple[StreamLog, Engine]:
        if not 0 < len(key) <= _MAX_KEY:
            raise ValueError(f"a key has 1 to {_MAX_KEY} characters, not {len(key)}")
        with self._lock:
            opened = self._here()
            if opened is None:
                opened = self._opened = (os.getpid(), engine(), self._open_log())
                self._generations = set()
        return opened[2], opened[1]

    def _here(self) -> tuple[int, Engine, StreamLog] | None:
        """Return what this process has opened, and not the one that it was forked from."""
        opened = self._opened
        return opened if opened is not None and opened[0] == os.getpid() else None


async def _reached(result: Coroutine[Any, Any, _T]) -> _T:
    try:
        return await result
    except Exception as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> StreamLogError:
    return StreamLogError(f"the store cannot be reached: {type(error).__name__}")


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
