"""HTTP responses as sources of a stream.

`Source.finish` reads the rest of the body (the end of the chunked encoding) for `DRAIN_SECONDS` at
most. A thread that is blocked in a read can only be woken by shutting its connection down. Over
HTTP/2 other responses may share the connection and fail then, as they do when a read timeout of
the HTTP library closes it. So a shared connection is shut down only if a thread is blocked in a
read of it, and is never drained.

Some SDKs do not expose the HTTP response of a stream. For them `capture_response` is a response
hook of the HTTP client: inside of `capturing` it takes the HTTP response over and leaves the SDK an
empty one, with which the SDK's own stream ends at once.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final, Protocol, cast

import anyio
from anyio.lowlevel import checkpoint
from typing_extensions import TypeVar, override

from mirascope.core._engine.content_encoding import Decompress, decompressor
from mirascope.core._engine.source import AsyncSource, CancellableReader, HTTPResponse, Source
from mirascope.core._engine.watchdog import Timer

BLOCKS: Final = "mirascope_blocks"
"""The extension of a response in which our transports pass the blocks of its body."""

DRAIN_SECONDS: Final = 0.25

_OK: Final = 200

T = TypeVar("T")


class ResponseSource(Source):
    """The bytes of an HTTP response.

    Args:
        response: The response.
        release: Called after the response is closed, to free what belongs to it.
    """

    def __init__(self, response: HTTPResponse, release: Callable[[], object] | None = None) -> None:
        super().__init__(response)
        self._response = response
        self._release = release
        body, self._decompress = _body(response, response.iter_bytes)
        self._blocks = iter(body)
        self._interrupted = False

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self._decompressed(self._decompress) if self._decompress else self._blocks

    def _decompressed(self, decompress: Decompress) -> Iterator[bytes]:
        for block in self._blocks:
            for part in decompress(block):
                yield part
                if self._interrupted:
                    return

    @override
    def finish(self) -> None:
        try:
            if not _is_multiplexed(self._response):
                with contextlib.suppress(Exception), Timer(self.interrupt_read) as timer:
                    timer.set(monotonic() + DRAIN_SECONDS)
                    for _ in self._blocks:
                        pass
        finally:
            self.close()

    @override
    def close(self) -> None:
        self._response.close()
        if self._release is not None:
            self._release()

    @override
    def abort(self) -> None:
        self._interrupted = True
        may_shut_down = self._is_reading or not _is_multiplexed(self._response)
        if not (may_shut_down and _shut_down(self._response)):
            self.close()

    @override
    def close_if_idle(self) -> None:
        if not self._is_reading:
            self.close()

    @property
    def _is_reading(self) -> bool:
        """Whether a thread is blocked in a read."""
        return getattr(self._blocks, "gi_running", False)

    @override
    def interrupt_read(self) -> None:
        self._interrupted = True
        _shut_down(self._response)

    @override
    def limit_reads(self, seconds: float | None) -> None:
        limits = self._response.request.extensions.get("timeout")
        if isinstance(limits, dict):
            limits["read"] = seconds


class AsyncResponseSource(AsyncSource):
    """The bytes of an HTTP response, async; see `ResponseSource`."""

    def __init__(
        self, response: HTTPResponse, release: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        super().__init__(response)
        self._response = response
        self._release = release
        body, self._decompress = _body(response, response.aiter_bytes)
        self._reader = CancellableReader(body) if _is_multiplexed(response) else None
        self._blocks = self._reader or aiter(body)

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._decompressed(self._decompress) if self._decompress else self._blocks

    async def _decompressed(self, decompress: Decompress) -> AsyncGenerator[bytes]:
        async for block in self._blocks:
            for part in decompress(block):
                yield part
                await checkpoint()
                if self._response.is_closed:
                    return

    @override
    async def finish(self) -> None:
        try:
            if not _is_multiplexed(self._response):
                with contextlib.suppress(Exception), anyio.move_on_after(DRAIN_SECONDS):
                    async for _ in self._blocks:
                        pass
        finally:
            await self.aclose()

    @override
    async def aclose(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        with anyio.CancelScope(shield=True):
            await self._response.aclose()
            if self._release is not None:
                await self._release()


class BodySource(Source):
    """A body that the SDK has read to its end."""

    def __init__(self, response: HTTPResponse, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    @override
    def __iter__(self) -> Iterator[bytes]:
        yield self._body


class AsyncBodySource(AsyncSource):
    """A body that the SDK has read to its end, async."""

    def __init__(self, response: HTTPResponse, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    @override
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield self._body


def _body(response: HTTPResponse, decoded: Callable[[], T]) -> tuple[T, Decompress | None]:
    """Return the blocks of a body, and how to decompress them.

    The blocks of a transport of ours are the shortest path, then the response's own stream. The
    HTTP library supplies what it has read already, and decodes content encodings other than gzip
    and deflate.
    """
    encodings = response.headers.get("content-encoding", "")
    decompress = decompressor(encodings)
    if response.is_stream_consumed or (encodings and decompress is None):
        return decoded(), None
    return cast("T", response.extensions.get(BLOCKS, response.stream)), decompress


def _is_multiplexed(response: HTTPResponse) -> bool:
    """Return whether other responses may share the connection."""
    return response.http_version.startswith("HTTP/2")


class _NetworkStream(Protocol):
    """The connection below a response; a documented extension of ``httpx``."""

    def get_extra_info(self, info: str) -> object: ...


def _shut_down(response: HTTPResponse) -> bool:
    """Shut the socket of a response down, which wakes its reader; return whether that was done.

    Closing it alone would leave a thread blocked in ``recv``. Closing it as well would free its
    file descriptor for the next connection of the process, on which a thread that has not entered
    its read yet would then block: only the reader closes.

    The connection of a closed response may serve another one and is left alone. The method of the
    plain socket is called because that of a TLS socket must not be called by another thread.
    """
    stream = response.extensions.get("network_stream")
    if stream is None or response.is_closed:
        return False
    sock = cast("_NetworkStream", stream).get_extra_info("socket")
    if not isinstance(sock, socket.socket):
        return False
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    return True


_captured: ContextVar[list[HTTPResponse] | None] = ContextVar("_captured", default=None)


@contextlib.contextmanager
def capturing() -> Generator[list[HTTPResponse]]:
    """Collect the responses that `capture_response` takes over inside of the block."""
    captured: list[HTTPResponse] = []
    token = _captured.set(captured)
    try:
        yield captured
    finally:
        _captured.reset(token)


def capture_response(response: Any) -> None:
    """Take a successful response over, inside of `capturing`; a hook of a sync HTTP client."""
    captured = _captured.get()
    if captured is None or response.status_code != _OK:
        return
    response_type: Callable[..., Any] = response.__class__
    captured.append(
        response_type(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
            extensions=response.extensions,
        )
    )
    response.stream = response_type(_OK, content=b"").stream


async def acapture_response(response: Any) -> None:
    """Take a successful response over; a hook of an async HTTP client."""
    capture_response(response)
