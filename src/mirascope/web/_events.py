"""The bytes of a response, to be iterated: the drivers of whatever makes them.

What is sync is read where ``for`` is, or by a thread of its own where it is to be written from an
event loop or pings are to come between; what is async likewise, by a task, or by an event loop of
its own. However the iteration ends, what is being read is closed then. ``_walked.py`` makes the
bytes of streams, ``_recorded.py`` those of a log.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import aclosing, closing
from contextvars import copy_context
from functools import partial
from typing import Any, ClassVar, Self, cast

from mirascope import errors
from mirascope.web._encoder import Encoder
from mirascope.web._failures import OnError, Shown
from mirascope.web._pipe import Pipe, achained, chained
from mirascope.web._waiting import Spawn, Stop, Wait, as_task, nothing
from mirascope.web._wsgi import Gone, watcher


class Events(ABC):
    """The bytes of a response: iterate them once, with ``for`` or ``async for``.

    You can use both for any stream, as your web framework needs; a stream of the other kind is read
    in a thread or in an event loop of its own. Leaving the loop closes the stream, and so does
    `close`. The request is sent to the provider when the iteration or `open` begins.

    Attributes:
        status (int): The HTTP status: 200, or that of a failure before the first event. `open`
            sets it.
        headers (dict): The headers of the response.
        ping (float | None): Seconds without an event after which a comment is sent; ``None`` for
            never.
        spawn (Callable): Runs a coroutine beside the iteration and returns a function that ends it.
            Default: a task of asyncio.
        resumable (bool): Whether a browser that reconnects gets the events that it missed.
    """

    resumable: ClassVar[bool] = False

    def __init__(
        self,
        encoder: Encoder,
        *,
        is_async: bool,
        ping: float | None = None,
        on_error: OnError | None = None,
    ) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = encoder.headers
        self.ping = ping if encoder.ping else None
        self._encoder = encoder
        self._on_error = on_error
        self._is_async = is_async
        self._closed = False
        self._failure: Shown | None = None
        self._gone: Gone | None = None
        self.spawn: Spawn = as_task
        self._first: list[bytes] = []
        self._handed_out = False
        self._blocks: Iterator[bytes] | None = None
        self._ablocks: AsyncIterator[bytes] | None = None

    # What users iterate.

    def __iter__(self) -> Iterator[bytes]:
        blocks = chained(self._first, self._begun())
        self._handed_out = True  # so that leaving the loop ends it
        self._blocks = None
        return blocks

    def __next__(self) -> bytes:
        return self._first.pop(0) if self._first else next(self._begun())

    def __aiter__(self) -> AsyncIterator[bytes]:
        blocks = achained(self._first, self._abegun())
        self._handed_out = True
        self._ablocks = None
        return blocks

    async def __anext__(self) -> bytes:
        return self._first.pop(0) if self._first else await anext(self._abegun())

    def open(self, environ: Mapping[str, Any] | None = None) -> Self:
        """Wait for the first event, or until a ping is due; then `status` and `headers` are known.

        Without it, the status is 200, and a failure before the first event is sent as an event.

        Args:
            environ: The environment of a WSGI request. With Werkzeug, Gunicorn and Waitress, the
                iteration then ends when the browser disconnects, even if there is nothing to write.
        """
        self._gone = watcher(environ) if environ is not None else None
        try:
            self._settle(next(self._begun(), b""))
        except Exception:  # noqa: BLE001  # it may be what the response is
            self._settle_failure()
        return self

    async def aopen(self) -> Self:
        """Wait for the first event, async; see `open`."""
        try:
            self._settle(await anext(self._abegun(), b""))
        except Exception:  # noqa: BLE001  # it may be what the response is
            self._settle_failure()
        return self

    def _settle(self, block: bytes) -> None:
        self._first = [block] if block else []
        if self._failure is not None and block != self._encoder.ping:
            self._settle_failure()

    def _settle_failure(self) -> None:
        """Be the response that a failure before the first event is; else raise what is raised."""
        if self._failure is None:
            raise  # noqa: PLE0704  # it is called where an error is handled
        self.status, text = self._failure
        self.headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
        self._first = [text.encode()]

    def close(self) -> None:
        """End the iteration, from any thread, and close the stream that is being read.

        An async stream is closed by the end of its own iteration; then this method has no effect.
        """
        self._close()
        self._close_source()

    async def aclose(self) -> None:
        """End the iteration, async."""
        self._close()
        await self._aclose_source()

    def _close(self) -> None:
        self._closed = True

    # What makes the bytes.

    @abstractmethod
    def _sync(self) -> Generator[bytes]:
        """Yield the bytes where the source is sync."""

    @abstractmethod
    def _async(self) -> AsyncGenerator[bytes]:
        """Yield the bytes where the source is async."""

    @abstractmethod
    def _close_source(self) -> None:
        """Close a source that is sync, from whatever thread."""

    @abstractmethod
    async def _aclose_source(self) -> None:
        """Close the source."""

    # The four ways to read.

    def _check(self) -> None:
        if self._handed_out:
            raise errors.StreamConsumed(
                "these events were already iterated: call `events` again for a new response"
            )

    def _begun(self) -> Iterator[bytes]:
        self._check()
        if self._blocks is None:
            if self._is_async:
                self._blocks = self._in_own_loop()
            else:
                direct = self.ping is None and self._gone is None
                self._blocks = self._sync() if direct else self._from_thread()
        return self._blocks

    def _abegun(self) -> AsyncIterator[bytes]:
        self._check()
        if self._ablocks is None:
            self._ablocks = self._areader()
        return self._ablocks

    def _areader(self) -> AsyncIterator[bytes]:
        direct = self._is_async and self.ping is None and self._gone is None
        return self._async() if direct else self._piped()

    def _from_thread(self) -> Generator[bytes]:
        """Yield what a thread reads, with pings, to a thread."""
        pipe = self._thread()
        try:
            wait = Wait(self.ping, self._gone)
            while (block := pipe.take(wait.seconds())) is not None and not wait.is_over(block):
                if block or wait.is_due:
                    yield block or self._encoder.ping
            if pipe.error is not None:
                raise pipe.error
        finally:
            self._leave(pipe)

    async def _piped(self) -> AsyncGenerator[bytes]:
        """Yield what a thread or a task reads, with pings, to a task."""
        pipe, stop = self._begin_reading()
        try:
            wait = Wait(self.ping, self._gone)
            while (block := await pipe.atake(wait.seconds())) is not None and not wait.is_over(
                block
            ):
                if block or wait.is_due:
                    yield block or self._encoder.ping
            if pipe.error is not None:
                raise pipe.error
        finally:
            self._leave(pipe)
            await stop()

    def _in_own_loop(self) -> Generator[bytes]:
        """Yield what an async stream gives, to a thread that has no event loop."""
        with asyncio.Runner() as runner:
            blocks = cast("AsyncGenerator[bytes]", self._areader())

            async def following() -> bytes | None:
                return await anext(blocks, None)

            try:
                while (block := runner.run(following())) is not None:
                    yield block
            finally:
                runner.run(blocks.aclose())

    def _begin_reading(self) -> tuple[Pipe, Stop]:
        """Begin to read in a thread or a task; return the pipe and what ends a task."""
        if not self._is_async:
            return self._thread(), nothing
        pipe = Pipe(threaded=False)
        return pipe, self.spawn(partial(self._read_in_task, pipe))

    async def _read_in_task(self, pipe: Pipe) -> None:
        """Read the stream in this task."""
        try:
            async with aclosing(self._async()) as blocks:
                async for block in blocks:
                    if not pipe.add(block):
                        await pipe.await_room()
        except Exception as error:  # noqa: BLE001  # the writer raises it
            pipe.end(error)
        else:
            pipe.end()

    def _thread(self) -> Pipe:
        pipe = Pipe(threaded=True)
        run = copy_context().run
        threading.Thread(
            target=run, args=(self._read_into, pipe), name="mirascope-web", daemon=True
        ).start()
        return pipe

    def _read_into(self, pipe: Pipe) -> None:
        try:
            with closing(self._sync()) as blocks:
                for block in blocks:
                    if self._closed:
                        break
                    if not pipe.add(block):
                        pipe.wait_for_room()
        except Exception as error:  # noqa: BLE001  # the writer raises it
            pipe.end(error)
        else:
            pipe.end()

    def _leave(self, pipe: Pipe) -> None:
        self._closed = True
        pipe.close()
        self._close_source()
