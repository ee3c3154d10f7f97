"""The lifecycle of a stream: its states, times, deadlines, errors, retries and callbacks.

Rule: everything that affects the state of a stream is in this file. The transitions are::

    pending ── start ──► open ── guard ──► finished | truncated | failed | closed
       └────── close ─────┴─── close ───► closed

A final state is never left. `Lifecycle.guard` surrounds each attempt and chooses the final state;
`Lifecycle.attempt`, inside of it, turns a failure into a retry where the policy allows one;
`Lifecycle.reading`, inside of that, surrounds the reads that the deadlines bound.

A lifecycle holds no reference to its stream: a stream that is dropped is freed at once, and its
connection is closed with it.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, cast

import anyio

from mirascope import errors
from mirascope.core._engine.closing import pending_request
from mirascope.core._engine.decoder import Decoder, ResumableDecoder
from mirascope.core._engine.item_reader import ItemReader
from mirascope.core._engine.source import AsyncSource, Position, Source, StreamRequest
from mirascope.core._errors.retry import Retry, RetryHook, arun_hooks, run_hooks
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._observers.observation import Streamed
from mirascope.core._types import StreamState

EndCallback: TypeAlias = Callable[[Exception | None], object]
"""Called at the end of a stream with the error that ended it or ``None``; may be async."""

Received: TypeAlias = Callable[[], errors.PartialResponse | None]
"""Returns the partial response; ``None`` if nothing was received."""

_FINAL: Final = frozenset[StreamState]({"finished", "truncated", "closed", "failed"})

_NOT_FINISHED: Final[dict[StreamState, str]] = {
    "pending": "the stream was not iterated yet: iterate it first",
    "open": "the stream is not finished: iterate it to its end, or use stream.partial()",
    "truncated": "the response is cut off: stream.partial() returns what was received",
    "closed": "the stream was closed early: stream.partial() returns what was received",
    "failed": "the stream failed: stream.partial() returns what was received",
}
_NOT_KEPT: Final = (
    'the message was not kept (`keep="none"`): pass `keep="text"` or `keep="all"` to keep it'
)
_NOT_RESUMED: Final = "the response was interrupted, and cannot be resumed after event {}"
_CONSUMED: Final = (
    "this stream is {}; a stream can be iterated only once. To pause, hold the iterator: "
    "`items = iter(stream)`. To send the request again, call the function again"
)


class Lifecycle:
    """The state machine of one stream.

    Args:
        sdk_errors: The provider's errors.
        request: The request of the stream.

    Attributes:
        state: See `BaseStream`; so are the next five.
        start_time: In milliseconds since the epoch.
        end_time: In milliseconds since the epoch.
        time_to_first_chunk: In seconds.
        on_end: Callbacks, each removed when it is called.
        on_retry: Hooks.
        deadlines: The deadlines of the response.
        source: The source of the current attempt, once it is open.
        retry: The retry that is scheduled, if the last attempt failed and is to be retried.
        position: Where the response is taken up again, if the retry does that.
    """

    def __init__(self, sdk_errors: SDKErrors, request: StreamRequest) -> None:
        self.state: StreamState = "pending"
        self.start_time = 0.0
        self.end_time = 0.0
        self.time_to_first_chunk: float | None = None
        self.on_end: list[EndCallback] = []
        self.on_retry: list[RetryHook] = [*request.policy.hooks]
        self.deadlines = request.deadlines
        self.source: Source | AsyncSource | None = None
        self._sdk_errors = sdk_errors
        self._request = request
        self._started = 0.0
        self.retry: Retry | None = None
        self.position: Position | None = None
        self._decoder: Decoder[Any] | None = None
        self._error: Exception | None = None
        self._cancelled: BaseException | None = None
        self._on_close: Callable[[], object] = bool

    # Transitions between states.

    def start(self, stream: Streamed) -> None:
        """Go from pending to open; the stream is for the observers.

        Raises:
            StreamConsumed: The stream was iterated or closed before.
        """
        if self.state != "pending":
            raise self._sdk_errors.make(errors.StreamConsumed, _CONSUMED.format(self.state))
        self.state = "open"
        self.start_time = time.time() * 1000
        self._started = time.perf_counter()
        self.deadlines.start()
        self._request.observations.start(stream)

    def _set_final_state(self, state: StreamState) -> None:
        """Go from open to a final state; the first one counts."""
        if self.state == "open":
            self.state = state
            self.end_time = time.time() * 1000

    def finish(self) -> None:
        """Mark the stream as finished: the response is complete."""
        self._set_final_state("finished")

    def _mark_closed(self) -> None:
        """Mark the stream as closed by the user, and end what waits for that."""
        if self.state == "pending":
            self.state = "open"
        self._set_final_state("closed")
        self._on_close()

    @property
    def is_closed(self) -> bool:
        """Whether the user closed the stream."""
        return self.state == "closed"

    def check_finished(self, *, kept: bool) -> None:
        """Raise if the response is not complete, or was not kept.

        Raises:
            StreamNotFinished: The state is not ``"finished"``, or ``kept`` is false.
        """
        if not kept:
            raise self._sdk_errors.make(errors.StreamNotFinished, _NOT_KEPT)
        if self.state != "finished":
            raise self._sdk_errors.make(errors.StreamNotFinished, _NOT_FINISHED[self.state])

    @contextmanager
    def guard(self, reader: ItemReader[Any, Any], received: Received) -> Generator[None]:
        """Set the final state at the end of an attempt, unless it is to be retried.

        Raises:
            StreamError: The attempt failed and is not retried.
        """
        self._decoder = reader.decoder
        try:
            yield
            if self.retry is None:
                self.finish()
        except Exception as error:
            if self.is_closed:  # by another thread or task: the read failed because of that
                return
            mapped = self._map_error(error, received)
            self._error = mapped or error
            truncated = isinstance(mapped, errors.StreamTruncated)
            self._set_final_state("truncated" if truncated else "failed")
            if mapped is None:
                raise
            raise mapped  # noqa: B904  # its cause is set
        except BaseException as error:  # the iterator was dropped or closed, or the task cancelled
            if not (reader.is_complete or isinstance(error, GeneratorExit)):
                self._cancelled = error
            self._set_final_state("finished" if reader.is_complete else "closed")
            raise

    # Attempts.

    @contextmanager
    def attempt(self, received: Received) -> Generator[None]:
        """Surround one attempt; if it fails and is to be retried, schedule that.

        Raises:
            StreamError: The attempt failed and is not retried.
        """
        count = self.retry.count if self.retry else 0
        self.source = self.retry = None
        try:
            yield
        except Exception as error:
            mapped = None if self.is_closed else self._map_error(error, received)
            if mapped is None:
                raise
            self.retry = self._next_retry(mapped, count)
            if self.retry is None:
                if self.position is not None and self.source is None:
                    mapped.add_note(_NOT_RESUMED.format(self.position.sequence))
                raise mapped  # noqa: B904  # its cause is set

    def _next_retry(self, error: errors.StreamError, count: int) -> Retry | None:
        """Return the retry after an error, if the policy allows one, and restart its deadlines."""
        produced_output = self.time_to_first_chunk is not None
        deadlines = self.deadlines
        left = deadlines.seconds_for_restart if produced_output else deadlines.seconds_left
        policy, decoder = self._request.policy, self._decoder
        resumable = policy.resumes and isinstance(decoder, ResumableDecoder)
        position = cast("ResumableDecoder", decoder).interrupt() if resumable else None
        resumes = position is not None
        progressed = resumes and position != self.position
        retry = policy.retry(error, count, left, resumes=resumes, progressed=progressed)
        if retry is not None:
            self.position = position
            self._request.observations.retry(retry)
            if produced_output:
                deadlines.restart()
        return retry

    def backoff(self) -> None:
        """Run the hooks of the scheduled retry, if there is one, and wait until it is due."""
        if self.retry is not None:
            run_hooks(self.on_retry, self.retry)
            closed = threading.Event()
            self._on_close = closed.set
            if self.state == "open":
                closed.wait(self.retry.wait)

    async def abackoff(self) -> None:
        """Run the hooks of the scheduled retry and wait, async."""
        if self.retry is not None:
            await arun_hooks(self.on_retry, self.retry)
            if self.state == "open":
                with self.until_closed():
                    await anyio.sleep(self.retry.wait)

    @contextmanager
    def sending(self) -> Generator[None]:
        """Surround a sync request, which another thread interrupts by closing the stream."""
        with pending_request() as request:
            self._on_close = request.interrupt
            if self.is_closed:  # before there was anything to interrupt
                request.interrupt()
            yield

    def until_closed(self) -> anyio.CancelScope:
        """Return a cancel scope that another task cancels by closing the stream."""
        scope = anyio.CancelScope()
        self._on_close = scope.cancel
        return scope

    # Reads.

    @contextmanager
    def reading(
        self, reader: ItemReader[Any, Any], interrupt: Callable[[], object]
    ) -> Generator[None]:
        """Surround the reads of a body, which ``interrupt`` ends when a deadline expires.

        What fails after the end of the response is ignored, except an error report that the SDK
        recognizes, and exceptions of user-supplied items.
        """
        failure: Exception | None = None
        self._on_close = reader.stop
        if self.is_closed:
            reader.stop()
        try:
            with self.deadlines.running(interrupt):
                self.deadlines.start_read(reader)
                yield
        except Exception as error:
            expected = (*self._sdk_errors.connections, *self._sdk_errors.timeouts)
            interrupted = self.deadlines.expired or isinstance(error, expected)
            if self.is_closed or not (interrupted or self._is_ignorable(error, reader)):
                raise
            failure = error
        finally:
            self._on_close = bool
        if self.is_closed or reader.is_complete:
            return
        if self.deadlines.expired or isinstance(failure, self._sdk_errors.timeouts):
            self.deadlines.check(failure)
        if failure is not None:
            raise failure

    def _is_ignorable(self, error: Exception, reader: ItemReader[Any, Any]) -> bool:
        """Return whether an error comes after the end of the response and reports no failure."""
        if not reader.is_complete:
            return False
        if self._sdk_errors.report_of(error):
            return True
        mapped = self._sdk_errors.translate(error, opening=False)
        if mapped is None:
            return not self._request.user_supplied
        return not isinstance(mapped, errors.StreamAPIError)

    def record_first_output(self) -> None:
        """Record the time of the first output of the stream."""
        if self.time_to_first_chunk is None:
            self.time_to_first_chunk = time.perf_counter() - self._started

    def _map_error(self, error: Exception, received: Received) -> errors.StreamError | None:
        """Return the `StreamError` for an exception; ``None`` if it is not about the response."""
        source = self.source
        mapped = self._sdk_errors.translate(
            error,
            source.response if source else None,
            self._request.secrets(),
            opening=source is None,
        )
        if mapped is not None and mapped.phase is None:
            produced_output = self.time_to_first_chunk is not None
            mapped.phase = "mid" if produced_output else "first" if source else "open"
            mapped.partial = received()
        return mapped

    # Closing, from any thread or task, and the end.

    def close(self) -> None:
        """Close the connection now; see `BaseStream.close`."""
        source = self.source
        awaited = any(map(inspect.iscoroutinefunction, self.on_end))
        if awaited or (self.state == "open" and isinstance(source, AsyncSource)):
            raise TypeError("this stream is async: use `await stream.aclose()`")
        self._mark_closed()
        if isinstance(source, Source):
            source.abort()
        self.notify_end()

    async def aclose(self) -> None:
        """Close the connection now, async."""
        source = self.source
        self._mark_closed()
        if isinstance(source, AsyncSource):
            await source.aclose()
        elif source is not None:
            source.abort()
        await self.anotify_end()

    def close_at_exit(self, *, inherited: bool) -> None:
        """Close the connection of a sync stream at the exit of the interpreter."""
        try:
            if not inherited:
                self.close()
        finally:
            cast("Source", self.source).close_if_idle()

    def _abandoned(self) -> str | None:
        """Return the id of the response that the user left early, once."""
        if self.state != "closed":
            return None
        decoder, self._decoder = self._decoder, None
        return None if decoder is None or decoder.is_complete else decoder.id

    def notify_end(self, error: Exception | None = None) -> None:
        """Run the end callbacks if the state is final.

        Args:
            error: Passed to the callbacks in place of the error of the stream itself.
        """
        self._end_observations()
        if (response_id := self._abandoned()) is not None:
            self._request.cancel(response_id)
        if self.on_end and self.state in _FINAL:
            try:
                self.on_end.pop(0)(error or self._error)
            finally:
                self.notify_end(error)

    async def anotify_end(self, error: Exception | None = None) -> None:
        """Run the end callbacks, async; see `notify_end`."""
        self._end_observations()
        if (response_id := self._abandoned()) is not None:
            await self._request.acancel(response_id)
        if self.on_end and self.state in _FINAL:
            try:
                with anyio.CancelScope(shield=True):
                    result = self.on_end.pop(0)(error or self._error)
                    if inspect.isawaitable(result):
                        await result
            finally:
                await self.anotify_end(error)

    def _end_observations(self) -> None:
        """Notify the observers of the end, before any callback, if the state is final."""
        if self.state in _FINAL:
            error, self._cancelled = self._error or self._cancelled, None
            self._request.observations.end(error)
