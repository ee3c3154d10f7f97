"""The bytes of a stream or a turn: the drivers of a `Walk`."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextlib import aclosing, closing
from typing import Any, Final, cast

from typing_extensions import override

from mirascope import errors
from mirascope.core.base import BaseStream
from mirascope.web._encoder import Encoder
from mirascope.web._events import Events
from mirascope.web._failures import OnError, Shown, shown, text_of
from mirascope.web._turns import (
    STREAMS,
    Approval,
    Step,
    Stream,
    Streamed,
    asteps_of,
    is_async,
    plain_stream,
    steps_of,
)
from mirascope.web._walk import Walk

_UNENDED: Final = frozenset({"pending", "open"})
_Items = tuple[Any, Any]


class Walked(Events):
    """The bytes of a stream or a turn.

    Args:
        streamed: What is streamed.
        encoder: Writes the bytes.
        ping: See `Events`.
        on_error: Makes the text of an error.
    """

    def __init__(
        self,
        streamed: Streamed,
        encoder: Encoder,
        *,
        ping: float | None = None,
        on_error: OnError | None = None,
    ) -> None:
        super().__init__(encoder, is_async=is_async(streamed), ping=ping, on_error=on_error)
        self._streamed = streamed
        self._walk = Walk(encoder)
        self._reading: BaseStream[Any, Any, Any, Any] | None = None
        self._unusable: errors.ToolCallError | None = None

    def abort(self) -> bytes:
        """Return the end of a response that the server's own code ends here."""
        return self._walk.abort()

    @property
    def background_id(self) -> str | None:
        """The id of the only response, if the server generates it in the background."""
        stream = self._reading
        is_only = isinstance(self._streamed, (*STREAMS, Awaitable))
        return stream.id if is_only and stream is not None and stream.is_background else None

    @override
    def _close(self) -> None:
        super()._close()
        call = self._streamed
        if inspect.iscoroutine(call) and inspect.getcoroutinestate(call) == inspect.CORO_CREATED:
            call.close()  # which nobody is to await any more

    @override
    def _close_source(self) -> None:
        stream = self._reading
        if stream is not None and not self._is_async and stream.state in _UNENDED:
            stream.close()

    @override
    async def _aclose_source(self) -> None:
        stream = self._reading
        if stream is not None and stream.state in _UNENDED:
            await stream.aclose()

    @override
    def _sync(self) -> Generator[bytes]:
        try:
            with closing(steps_of(self._streamed)) as steps:
                for step in steps:
                    if self._closed:
                        return
                    if self._unusable:
                        yield self._continued(self._unusable)
                    if isinstance(step, STREAMS):
                        yield from self._stream(step)
                    elif block := self._other(step):
                        yield block
                    if self._walk.closed:
                        break
            if self._unusable:
                raise self._unusable  # noqa: TRY301  # the turn did not continue
            last = b"" if self._closed else self._walk.finish()
        except Exception as error:  # noqa: BLE001  # the response has to end
            if self._closed:
                return
            last = self._failed(error)
        if not self._closed:
            yield last

    def _stream(self, stream: Stream) -> Generator[bytes]:
        if plain_stream(stream).is_async:
            raise TypeError("this stream is async: use an async generator for the turn")
        plain, read = self._walk.begin(stream)
        self._reading = plain
        if self._closed:  # by another thread, which could not reach the stream yet
            return
        with closing(cast("Generator[_Items]", iter(plain))) as items:
            try:
                for chunk, tool in items:
                    if block := read(chunk, tool):
                        yield block
            except errors.ToolCallError as error:
                self._unusable = error
                return
        if block := self._walk.end():
            yield block

    @override
    async def _async(self) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(asteps_of(self._streamed)) as steps:
                async for step in steps:
                    if self._closed:
                        return
                    if self._unusable:
                        yield self._continued(self._unusable)
                    if isinstance(step, STREAMS):
                        async with aclosing(self._astream(step)) as blocks:
                            async for block in blocks:
                                yield block
                    elif block := self._other(step):
                        yield block
                    if self._walk.closed:
                        break
            if self._unusable:
                raise self._unusable  # noqa: TRY301  # the turn did not continue
            last = b"" if self._closed else self._walk.finish()
        except Exception as error:  # noqa: BLE001  # the response has to end
            if self._closed:
                return
            last = self._failed(error)
        if not self._closed:
            yield last

    async def _astream(self, stream: Stream) -> AsyncGenerator[bytes]:
        if not plain_stream(stream).is_async:
            raise TypeError("this stream is not async: use a plain generator for the turn")
        plain, read = self._walk.begin(stream)
        self._reading = plain
        async with aclosing(cast("AsyncGenerator[_Items]", aiter(plain))) as items:
            try:
                async for chunk, tool in items:
                    if block := read(chunk, tool):
                        yield block
            except errors.ToolCallError as error:
                self._unusable = error
                return
        if block := self._walk.end():
            yield block

    def _continued(self, error: errors.ToolCallError) -> bytes:
        """Return the end of a stream with unusable calls, after which the turn continues."""
        self._unusable = None
        return self._walk.end_with_unusable(error, text_of(error, self._on_error))

    def _other(self, step: Step) -> bytes:
        if isinstance(step, Approval):
            return self._walk.approval(step)
        if not isinstance(step, tuple):
            raise TypeError(
                "a turn can yield streams, approvals and pairs of a tool and its output, not "
                f"{type(step).__name__}"
            )
        call, output = step
        failed = text_of(output, self._on_error) if isinstance(output, Exception) else ""
        return self._walk.output(call, output, failed)

    # Failures.

    def _failed(self, error: Exception) -> bytes:
        """Log a failure, and return the end of the response.

        Raises:
            Exception: The error itself, if the protocol has no form for errors.
        """
        text = text_of(error, self._on_error)
        if not self._walk.began:
            self._failure = Shown(shown(error).status, text)
        if not self._encoder.reports:
            raise error
        return self._walk.fail(error, text)
