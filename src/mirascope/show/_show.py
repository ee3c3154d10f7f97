"""Reads a stream to its end while a thread draws it.

The thread that reads only notes what it has received. Drawing takes place a few times a second, and
at most a fifth of the time, so that what a chunk costs does not depend on how much was received.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextlib import aclosing, closing
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from rich.console import Console

from mirascope.core import BaseTool
from mirascope.core.base import BaseStream, BaseStructuredStream
from mirascope.show._parts import Chunk, Parts, Read, Stream
from mirascope.show._places import view_of
from mirascope.show._status import ended, running
from mirascope.show._views import Reasoning

StreamT = TypeVar("StreamT", bound=Stream)

_SHARE: Final = 4
"""How many times as long as it drew the thread waits at least."""

_Items = Generator[tuple[Any, Any]]
_AsyncItems = AsyncGenerator[tuple[Any, Any]]


def show(
    stream: StreamT, *, reasoning: Reasoning = "dim", console: Console | None = None
) -> StreamT:
    """Read a stream to its end, show it meanwhile, and return it.

    - In a terminal, text is rendered as Markdown while it grows, tools are panels, and structured
      values are tables or trees. The last line has the time to the first token, the tokens per
      second of the request, the token counts, the cost and the state.
    - In a notebook, the same is shown as HTML.
    - Anywhere else, such as in a pipe, it is plain text.

    After an error or Ctrl-C, the received part stays visible.

    Args:
        stream: A stream of any provider: text, with tools, or structured.
        reasoning (str): ``"dim"`` shows the model's reasoning in grey (the default); ``"fold"``
            shows only its length.
        console (rich.console.Console | None): Where to show it. Default: standard output, or the
            notebook.

    Returns:
        The same stream, finished.

    Raises:
        TypeError: The stream is async (use `ashow`), or it is not a stream.
        StreamError: The stream fails. Other errors of iterating it are raised too.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.reply("The Name of the Wind")
        ...     stream = show(recommend("fantasy"))
        The Name of the Wind
        >>> stream.output_tokens
        5
    """
    parts = Parts(_checked(stream, is_async=False))
    with _Showing(stream, parts, reasoning, console) as showing:
        with closing(cast("_Items", iter(parts.stream))) as items:
            for chunk, tool in items:
                showing.read(chunk, tool)
        showing.end()
    return stream


async def ashow(
    stream: StreamT | Awaitable[StreamT],
    *,
    reasoning: Reasoning = "dim",
    console: Console | None = None,
) -> StreamT:
    """Read an async stream to its end, show it meanwhile, and return it; see `show`.

    Args:
        stream: An async stream, or the coroutine that an async function returns.
        reasoning (str): ``"dim"`` (the default) or ``"fold"``; see `show`.
        console (rich.console.Console | None): Where to show it; see `show`.

    Returns:
        The same stream, finished.

    Raises:
        TypeError: The stream is not async (use `show`), or it is not a stream.
        StreamError: The stream fails. Other errors of iterating it are raised too.
    """
    awaited = await stream if isinstance(stream, Awaitable) else stream
    parts = Parts(_checked(awaited, is_async=True))
    with _Showing(awaited, parts, reasoning, console) as showing:
        async with aclosing(cast("_AsyncItems", aiter(parts.stream))) as items:
            async for chunk, tool in items:
                showing.read(chunk, tool)
        showing.end()
    return awaited


def _checked(stream: Any, *, is_async: bool) -> Stream:
    """Return a stream that can be read here.

    Raises:
        TypeError: It is none, or of the other kind.
    """
    if inspect.iscoroutine(stream):
        stream.close()
        raise TypeError("this call is async: use `await ashow(...)`")
    if not isinstance(stream, BaseStream | BaseStructuredStream):
        kind = type(stream).__name__
        raise TypeError(
            f"`show` needs a stream, which a call with `stream=True` returns, not {kind}"
        )
    found = cast("Stream", stream)
    plain = found.stream if isinstance(found, BaseStructuredStream) else found
    if plain.is_async and not is_async:
        raise TypeError("this stream is async: use `await ashow(stream)`")
    if is_async and not plain.is_async:
        raise TypeError("this stream is not async: use `show(stream)`")
    return found


class _Showing:
    """Shows a stream while it is read inside of a ``with`` block.

    Attributes:
        read: Notes an item of the stream.
    """

    def __init__(
        self, stream: Stream, parts: Parts, reasoning: Reasoning, console: Console | None
    ) -> None:
        self._stream = stream
        self._parts = parts
        self._view = view_of(parts, console, reasoning)
        self._started = time.monotonic()
        self._due = 0.0
        self._pause = 0.0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.read: Read = self._read_and_draw
        if self._view.in_thread:
            self.read = parts.read
            draw = partial(copy_context().run, self._draw_on)  # by which Jupyter finds the cell
            self._thread = threading.Thread(target=draw, name="mirascope-show", daemon=True)

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def end(self) -> None:
        """Complete a structured value, at the end of the stream."""
        if (
            isinstance(self._stream, BaseStructuredStream)
            and self._parts.stream.state == "finished"
        ):
            self._stream.finish()

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        failure = self._failure
        if failure is None:
            try:
                self._parts.finish()
                self._view.finish(ended(self._parts, error))
            except OSError as broken:  # nobody sees it any more
                failure = broken
        if failure is not None and error is None:
            raise failure

    def _draw_on(self) -> None:
        try:
            while not self._stopped.wait(self._pause):
                self._draw()
        except BaseException as failure:  # noqa: BLE001  # raised where the stream is read
            self._failure = failure

    def _draw(self) -> None:
        begun = time.monotonic()
        self._view.draw(running(self._parts, self._started))
        self._pause = max(self._view.pause, _SHARE * (time.monotonic() - begun))

    def _read_and_draw(self, chunk: Chunk, tool: BaseTool | None) -> None:
        self._parts.read(chunk, tool)
        now = time.monotonic()
        if now >= self._due:
            self._draw()
            self._due = now + self._pause
