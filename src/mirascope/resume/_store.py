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
    """The settings of a store. All workers that share a store need the same settings.

    Attributes:
        lease (float): After this many seconds without a sign of life, a generation counts as dead.
            Default: 5. It must be longer than the longest pause of a worker.
        linger (float): Events are collected for this many seconds before they are written. Default:
            0.05. The first events are written at once.
        keep (float): A log is kept for this many seconds after its end. Default: 600.
        max_bytes (int): The maximum size of a log in bytes. Default: 16 MiB. A larger log ends with
            an error; the stream is still read to its end.
        grace (float): When the process ends, running generations may continue for this many
            seconds; then they end as aborted. Default: 20.
        may_read (Callable | None): Decides who may read or stop a generation. It gets the key and
            the value of ``reader=``, and returns a bool. Default: everybody who knows the key.
        on_error (Callable | None): Gets an error and returns the text that readers see. Default: a
            text without details of the server. The error itself is logged as ``mirascope.web``.
        takeover (Callable | None): Makes the call of a key again, if its worker died and the server
            generates the response in the background. It gets the key, in a worker that reads or
            starts it, and returns the same as ``make`` of `Store.start`, but not a turn. Default:
            nothing is taken over.
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
    """A generation that `Store.start` started or joined.

    Attributes:
        key (str): Its key.
        joined (bool): Whether it was already running, so that nothing was started.
    """

    key: str
    joined: bool
    _generation: Generation | None = field(default=None, repr=False)

    @property
    def kept(self) -> bool:
        """Whether readers get all events; false if the log became too large or was replaced."""
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
        """Start a generation, which continues even if nobody reads it; or join a running one.

        Args:
            key (str): The key to read and stop the generation by, such as the id of a chat; at most
                512 characters. The log of an earlier generation with this key is discarded.
            make (Callable): Makes the stream: returns what a call returns, awaited or not, or a
                `Turn`. It is not called if a generation with this key is running. An async stream
                is read in this event loop, a sync one in a thread.

        Returns:
            The `Run`.

        Raises:
            StreamLogError: The store cannot be reached; nothing was started.
            Exception: Any error that ``make`` raises.
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
        """Return the response of a key, from the beginning or after an offset.

        Args:
            key (str): The key; see `start`.
            after (str | None): The last offset that the reader has, such as a browser's
                ``Last-Event-ID``. Default: from the beginning.
            running (bool): Whether to read only a running response. Then a response that has ended
                counts as missing, and `mirascope.web` responds with 204; the AI SDK's ``useChat``
                expects this when it resumes. Default: false.
            reader (object): Who reads, for ``may_read`` of `Settings`.

        Returns:
            The `Reading`: iterate it once, or pass it to `mirascope.web`.

        Raises:
            PermissionError: This reader may not read it.
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
        """Stop a generation of any worker; its response ends as aborted.

        It stops within a quarter of a second, or within the lease if that is shorter.

        Args:
            key (str): The key; see `start`.
            reader (object): Who stops it, for ``may_read`` of `Settings`.

        Returns:
            Whether a generation is running.

        Raises:
            PermissionError: This reader may not stop it.
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
        """Let the generations of this process continue for ``grace`` seconds; then abort them."""
        if (opened := self._here()) is not None:
            self._opened = None
            await opened[1].awaited(self._close(opened[2]))

    def close_sync(self) -> None:
        """Close the store; see `close`."""
        if (opened := self._here()) is not None:
            self._opened = None
            opened[1].submit(self._close(opened[2])).result()

    async def _close(self, log: StreamLog) -> None:
        await drained([each for each in self._generations if not each.done.is_set()])
        await log.close()

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """Close the store together with the application.

        Pass it as ``lifespan=`` to Starlette or FastAPI.
        """
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
            raise ValueError(f"a key has 1 to {_MAX_KEY} characters; this one has {len(key)}")
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
