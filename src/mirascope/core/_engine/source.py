"""Where a stream's events come from: an HTTP response, or the SDK's own typed objects.

A source is opened once and left in one of three ways. `finish` follows a whole answer: what is left
of the body (the end of the chunked encoding) is read, so that the connection can be used again, but
for no longer than `DRAIN_SECONDS`. `close` drops an answer on its way, and the connection with it.
`abort` ends the connection while another thread may wait for the next bytes, and leaves to that
what is left to close, as `hang_up` does.

Only the end of its connection wakes a thread. Over HTTP/2 other answers may share that, and fail
then, as they do when the HTTP library's own timeout ends a read. So that is done only if a thread
waits, and such a connection is never drained.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import anyio
from anyio.lowlevel import checkpoint
from typing_extensions import TypeVar, override

from mirascope.core._engine.content_encoding import Unpack, unpacker
from mirascope.core._engine.watchdog import Timer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
    from mirascope.core._tools.tool import BaseTool

UserItem: TypeAlias = "BaseModel | tuple[BaseCallResponseChunk[Any, Any], BaseTool | None]"
"""An item that is no bytes: one of an SDK's objects, or a chunk and tool that someone brings."""

DRAIN_SECONDS: Final = 0.25

T = TypeVar("T")


class HTTPRequest(Protocol):
    """The request of an `HTTPResponse`."""

    @property
    def extensions(self) -> Mapping[str, object]: ...


class HTTPResponse(Protocol):
    """What ``httpx``, ``httpx2`` and their like have in common."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def extensions(self) -> Mapping[str, object]: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def is_stream_consumed(self) -> bool: ...
    @property
    def http_version(self) -> str: ...
    @property
    def request(self) -> HTTPRequest: ...
    @property
    def stream(self) -> object: ...
    def iter_bytes(self) -> Iterator[bytes]: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    def close(self) -> None: ...
    async def aclose(self) -> None: ...


class NetworkStream(Protocol):
    """The connection below a response; a documented extension of ``httpx``."""

    def get_extra_info(self, info: str) -> object: ...


class Source:
    """An opened answer, read by a sync stream.

    Args:
        response: The HTTP response, if that is where it comes from.
    """

    def __init__(self, response: HTTPResponse | None = None) -> None:
        self.response = response

    def __iter__(self) -> Iterator[bytes | UserItem]:
        raise NotImplementedError

    def finish(self) -> None:
        """Leave after the whole answer."""
        self.close()

    def close(self) -> None:
        """Leave at once."""

    def abort(self) -> None:
        """Leave at once, though another thread may be reading."""
        self.close()

    def let_go(self) -> None:
        """Close this process's end of the connection, unless another thread is reading."""
        self.abort()

    def hang_up(self) -> None:
        """Make another thread that is reading find the end of the connection, if that can be."""

    def limit_reads(self, seconds: float | None) -> None:
        """Set how long the HTTP client waits for further bytes; ``None`` if without a limit."""


class AsyncSource:
    """An opened answer, read by an async stream; see `Source`. As it is, there is nothing in it."""

    def __init__(self, response: HTTPResponse | None = None) -> None:
        self.response = response

    async def __aiter__(self) -> AsyncIterator[bytes | UserItem]:
        return
        yield

    async def finish(self) -> None:
        """Leave after the whole answer."""
        await self.aclose()

    async def aclose(self) -> None:
        """Leave at once."""


class ResponseSource(Source):
    """The bytes of an HTTP response.

    Args:
        response: The response.
        release: Called after the response is closed, to let go of what belongs to it.
    """

    def __init__(self, response: HTTPResponse, release: Callable[[], object] | None = None) -> None:
        super().__init__(response)
        self._response = response
        self._release = release
        body, self._unpack = _body(response, response.iter_bytes)
        self._blocks = iter(body)
        self._hung_up = False

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self._unpacked(self._unpack) if self._unpack else self._blocks

    def _unpacked(self, unpack: Unpack) -> Iterator[bytes]:
        for block in self._blocks:
            for piece in unpack(block):
                yield piece
                if self._hung_up:
                    return

    @override
    def finish(self) -> None:
        try:
            if not _shares(self._response):
                with contextlib.suppress(Exception), Timer(self.hang_up) as timer:
                    timer.set(monotonic() + DRAIN_SECONDS)
                    for _ in self._blocks:  # the answer is whole, whatever comes now
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
        self._hung_up = True
        reachable = self._is_read or not _shares(self._response)
        if not (reachable and _hang_up(self._response)):
            self.close()

    @override
    def let_go(self) -> None:
        if not self._is_read:
            self.close()

    @property
    def _is_read(self) -> bool:
        """Whether a thread waits for the next bytes."""
        return getattr(self._blocks, "gi_running", False)

    @override
    def hang_up(self) -> None:
        self._hung_up = True
        _hang_up(self._response)

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
        body, self._unpack = _body(response, response.aiter_bytes)
        self._reading = Reading(body) if _shares(response) else None
        self._blocks = self._reading or aiter(body)

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._unpacked(self._unpack) if self._unpack else self._blocks

    async def _unpacked(self, unpack: Unpack) -> AsyncGenerator[bytes]:
        async for block in self._blocks:
            for piece in unpack(block):
                yield piece
                await checkpoint()
                if self._response.is_closed:
                    return

    @override
    async def finish(self) -> None:
        try:
            if not _shares(self._response):
                with contextlib.suppress(Exception), anyio.move_on_after(DRAIN_SECONDS):
                    async for _ in self._blocks:
                        pass
        finally:
            await self.aclose()

    @override
    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        with anyio.CancelScope(shield=True):
            await self._response.aclose()
            if self._release is not None:
                await self._release()


class ReadSource(Source):
    """A body that the SDK has read to its end."""

    def __init__(self, response: HTTPResponse, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    @override
    def __iter__(self) -> Iterator[bytes]:
        yield self._body


class AsyncReadSource(AsyncSource):
    """A body that the SDK has read to its end, async."""

    def __init__(self, response: HTTPResponse, body: bytes) -> None:
        super().__init__(response)
        self._body = body

    @override
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield self._body


class ItemSource(Source):
    """Typed objects of an SDK, from an iterable that may have a ``close``.

    Args:
        items: The objects.
        first: The one before them, if it was read already.
    """

    def __init__(self, items: Iterable[UserItem], first: UserItem | None = None) -> None:
        super().__init__()
        self._items = items
        self._first = first

    @override
    def __iter__(self) -> Iterator[UserItem]:
        return iter(self._items) if self._first is None else chain((self._first,), self._items)

    @override
    def close(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()

    @override
    def abort(self) -> None:
        """Leave; a generator that another thread reads cannot be closed before its next item."""
        with contextlib.suppress(ValueError):
            self.close()


class AsyncItemSource(AsyncSource):
    """Typed objects of an SDK, async."""

    def __init__(self, items: AsyncIterable[UserItem]) -> None:
        super().__init__()
        self._items = items

    @override
    def __aiter__(self) -> AsyncIterator[UserItem]:
        return aiter(self._items)

    @override
    async def aclose(self) -> None:
        close = getattr(self._items, "aclose", None) or getattr(self._items, "close", None)
        if close is not None:
            await close()


class Reading(AsyncIterator[T]):
    """Items, the wait for which another task can end, where closing would not."""

    def __init__(self, items: AsyncIterable[T]) -> None:
        self._items = aiter(items)
        self._scope: anyio.CancelScope | None = None

    @override
    async def __anext__(self) -> T:
        self._scope = anyio.CancelScope()
        try:
            with self._scope:
                return await anext(self._items)
        finally:
            self._scope = None
        raise StopAsyncIteration

    def cancel(self) -> bool:
        """End the wait; tell whether there was one."""
        if self._scope is None:
            return False
        self._scope.cancel()
        return True


class CancelledSource(AsyncSource):
    """Typed objects of an SDK whose connection a cancelled read closes, and nothing else does.

    Args:
        items: The objects.
        first: The one before them, if it was read already.
    """

    def __init__(self, items: AsyncIterator[UserItem], first: UserItem | None) -> None:
        super().__init__()
        self._items = items
        self._first = first
        self._reading = Reading(items)

    @override
    async def __aiter__(self) -> AsyncGenerator[UserItem]:
        if self._first is not None:
            yield self._first
        async for item in self._reading:
            yield item

    @override
    async def aclose(self) -> None:
        if self._reading.cancel():
            return
        with anyio.CancelScope() as scope:
            scope.cancel()
            async for _ in self._items:
                pass


def _body(response: HTTPResponse, decoded: Callable[[], T]) -> tuple[T, Unpack | None]:
    """Return what to read a body from, and what undoes its content codings then.

    The response's own stream is the shortest way. What was read already, or is in a coding that
    only the HTTP library may know, the library gives.
    """
    codings = response.headers.get("content-encoding", "")
    unpack = unpacker(codings)
    if response.is_stream_consumed or (codings and unpack is None):
        return decoded(), None
    return cast("T", response.stream), unpack


def _shares(response: HTTPResponse) -> bool:
    """Tell a response whose connection may serve others at the same time."""
    return response.http_version.startswith("HTTP/2")


def _hang_up(response: HTTPResponse) -> bool:
    """End the TCP connection, which wakes whoever is reading from it; tell whether that was done.

    Closing alone would leave a thread in ``recv`` asleep. Closing too would let the number of the
    socket be given to the next connection of the process, while a thread that has not yet come as
    far as to wait for this one goes to sleep on it: to close is left to whoever reads.

    The connection of a response that is closed already may serve another one; it is left alone. The
    plain socket's method is called because TLS sockets replace it by one that another thread must
    not call.
    """
    stream = response.extensions.get("network_stream")
    if stream is None or response.is_closed:
        return False
    sock = cast("NetworkStream", stream).get_extra_info("socket")
    if not isinstance(sock, socket.socket):
        return False
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    return True
