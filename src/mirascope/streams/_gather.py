"""One function over many inputs."""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable
from typing import Generic, cast, overload

from typing_extensions import override

from mirascope.core._engine.closing import pending_request
from mirascope.core._prompts.coroutines import is_async
from mirascope.streams._items import (
    AnyItems,
    AsyncItems,
    Items,
    Operator,
    SyncItems,
    aclose_source,
    close_source,
    stream_of,
)
from mirascope.streams._jobs import InputT, Job, Jobs, ResultT, Row
from mirascope.streams._tasks import Signal, Task, start_thread, stop


class _Threads(Generic[InputT, ResultT]):
    """The threads of a sync run."""

    def __init__(self, jobs: Jobs[InputT, ResultT]) -> None:
        self._jobs = jobs
        self._changed = threading.Condition()
        self._count = 0
        self._running: set[Job[InputT, ResultT]] = set()
        self.closed = False

    def wait(self, job: Job[InputT, ResultT]) -> bool:
        """Wait until a job is done; return whether it is."""
        with self._changed:
            missing = min(len(self._jobs.waiting), self._jobs.concurrency - self._count)
            for _ in range(missing):
                self._count += 1
                start_thread(self._work)
            self._changed.notify_all()
            self._changed.wait_for(lambda: job.is_done or self.closed)
            return job.is_done

    def close(self) -> None:
        """End the threads, with the requests and streams that they read."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
            running = list(self._running)
        for job in running:
            if job.request is not None:
                job.request.interrupt()
            close_source(job.row.value)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs.waiting or self.closed)
                if self.closed:
                    return
                job = self._jobs.waiting.popleft()
                self._running.add(job)
            failure: BaseException | None = None
            try:
                self._run(job)
            except BaseException as error:  # noqa: BLE001  # the row has it
                failure = error
            with self._changed:
                self._running.discard(job)
                job.end(failure)
                del failure
                self._changed.notify_all()

    def _run(self, job: Job[InputT, ResultT]) -> None:
        with pending_request() as job.request:
            value = self._jobs.function(job.row.input)
        if inspect.isawaitable(value):
            if inspect.iscoroutine(value):
                value.close()
            raise TypeError("the function of `gather` is async: iterate with `async for`")
        job.row.value = value
        if stream_of(value) is not None and not self.closed:
            deque(cast("Iterable[object]", value), maxlen=0)


class _Tasks(Generic[InputT, ResultT]):
    """The tasks of an async run."""

    def __init__(self, jobs: Jobs[InputT, ResultT]) -> None:
        self._jobs = jobs
        self._changed = Signal()
        self._tasks: dict[Job[InputT, ResultT], Task] = {}
        self._count = 0
        self.closed = False

    async def wait(self, job: Job[InputT, ResultT]) -> bool:
        """Wait until a job is done; return whether it is."""
        self._start_all()
        while not (job.is_done or self.closed):
            await self._changed.wait()
        return job.is_done

    def _start_all(self) -> None:
        """Start jobs, as many as may run at once."""
        while self._jobs.waiting and self._count < self._jobs.concurrency and not self.closed:
            self._start(self._jobs.waiting.popleft())

    def _start(self, job: Job[InputT, ResultT]) -> None:
        async def work() -> None:
            failure: BaseException | None = None
            try:
                await self._run(job)
            except BaseException as error:
                failure = error
                if not isinstance(error, Exception):
                    raise
            finally:
                self._tasks.pop(job, None)
                self._count -= 1
                job.end(failure)
                del failure
                self._start_all()
                self.wake()

        self._count += 1
        self._tasks[job] = Task(work)

    async def _run(self, job: Job[InputT, ResultT]) -> None:
        value = self._jobs.function(job.row.input)
        if not inspect.isawaitable(value):
            raise TypeError("the function of `gather` is not async: iterate with `for`")
        job.row.value = result = await cast("Awaitable[ResultT]", value)
        if stream_of(result) is not None:
            items = aiter(cast("AsyncIterable[object]", result))
            try:
                async for _ in items:
                    pass
            finally:
                await aclose_source(items)

    def wake(self) -> None:
        """Wake the consumer."""
        self._changed.set()

    async def close(self) -> None:
        """Cancel the tasks, and wait for their end."""
        self.closed = True
        await stop(self._tasks.values())


class _Gather(Operator[Row[InputT, ResultT]]):
    def __init__(self, jobs: Jobs[InputT, ResultT]) -> None:
        self._jobs = jobs
        self._threads = _Threads(jobs)
        self._tasks: _Tasks[InputT, ResultT] | None = None

    @override
    def wake(self) -> None:
        self._threads.close()
        if self._tasks is not None:
            self._tasks.closed = True
            self._tasks.wake()

    @override
    def run(self) -> Generator[Row[InputT, ResultT]]:
        jobs, threads = self._jobs, self._threads
        try:
            while jobs.fill() and threads.wait(jobs.outstanding[0]):
                yield jobs.outstanding.popleft().row
        finally:
            threads.close()
        jobs.check()

    @override
    async def arun(self) -> AsyncGenerator[Row[InputT, ResultT]]:
        jobs = self._jobs
        self._tasks = tasks = _Tasks(jobs)
        try:
            while jobs.fill() and await tasks.wait(jobs.outstanding[0]):
                yield jobs.outstanding.popleft().row
        finally:
            await tasks.close()
        jobs.check()


@overload
def gather(  # type: ignore[overload-overlap]  # the more special function comes first
    fn: Callable[[InputT], Awaitable[ResultT]], inputs: Iterable[InputT], *, concurrency: int = 20
) -> AsyncItems[Row[InputT, ResultT]]: ...
@overload
def gather(
    fn: Callable[[InputT], ResultT], inputs: Iterable[InputT], *, concurrency: int = 20
) -> SyncItems[Row[InputT, ResultT]]: ...
def gather(
    fn: Callable[[InputT], Awaitable[ResultT] | ResultT],
    inputs: Iterable[InputT],
    *,
    concurrency: int = 20,
) -> AnyItems[Row[InputT, ResultT]]:
    """Call a function with many inputs, several at once, and yield a row for each input, in order.

    A row has the input, and the value or the error. An error does not stop the other calls. If the
    function returns a stream, it is read to its end; if the stream fails, the row has both: the
    error, and the stream with what was received. A row is yielded after all rows before it. If you
    leave the loop early, the running calls are closed.

    Args:
        fn (Callable): A function with one argument. A sync function runs in threads: iterate with
            ``for``. An async function runs in tasks: iterate with ``async for``.
        inputs (Iterable): The inputs, which may be a generator. At most four times ``concurrency``
            inputs are read ahead of the rows.
        concurrency (int): The number of calls that run at once.

    Returns:
        The rows (`Row`): iterate them once.

    Raises:
        ValueError: ``concurrency`` is less than 1.

    Example:
        >>> for row in gather(lambda number: 1 / number, [4, 0, 2]):
        ...     print(row.input, row.value, row.error)
        4 0.25 None
        0 None division by zero
        2 0.5 None
    """
    if concurrency < 1:
        raise ValueError(f"`concurrency` is {concurrency}; it must be 1 or more")
    operator = _Gather(Jobs(fn, inputs, concurrency))
    return AsyncItems(operator) if is_async(fn) else Items(operator)
