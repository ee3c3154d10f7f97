"""Where the blocks of a stream come from: the interface, and user-supplied items.

A source is opened once and left in one of three ways. `finish` follows a complete response: it
reads the body to its end, so that the connection can be reused, then releases it. `close` drops a
response that is not complete, and the connection with it. `abort` does the same while another
thread may be blocked in a read.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import anyio
from typing_extensions import TypeVar, override

from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.timeout import NEVER
from mirascope.core._errors.retry import RetryPolicy
from mirascope.core._observers.observation import NOT_OBSERVED, Observations
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, SDKObject
from mirascope.core._tools.tool import BaseTool
from mirascope.core._types import StreamState

UserItem: TypeAlias = SDKObject | tuple[BaseCallResponseChunk[Any, Any], BaseTool | None]
"""A user-supplied item: one of an SDK's objects, or a chunk with its tool."""

T = TypeVar("T")


class Position(NamedTuple):
    """What was received of a response that the server keeps.

    Attributes:
        id: The provider's id for the response.
        sequence: The number of the last event; -1 if none was received.
    """

    id: str
    sequence: int = -1


class HTTPRequest(Protocol):
    """The request of an `HTTPResponse`."""

    @property
    def extensions(self) -> Mapping[str, object]: ...


class HTTPResponse(Protocol):
    """What responses of ``httpx`` and ``httpx2`` have in common."""

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


class Source:
    """An open response, to be read by a sync stream.

    Args:
        response: The HTTP response, if there is one.
    """

    def __init__(self, response: HTTPResponse | None = None) -> None:
        self.response = response

    def __iter__(self) -> Iterator[bytes | UserItem]:
        raise NotImplementedError

    def finish(self) -> None:
        """Release the connection after a complete response."""
        self.close()

    def close(self) -> None:
        """Close the connection."""

    def abort(self) -> None:
        """Close the connection, although another thread may be reading."""
        self.close()

    def close_if_idle(self) -> None:
        """Close this process's copy of the connection, unless another thread is reading."""
        self.abort()

    def interrupt_read(self) -> None:
        """Wake a thread that is blocked in a read, which then finds the connection closed."""

    def limit_reads(self, seconds: float | None) -> None:
        """Set the read timeout of the HTTP client for the rest of the body; ``None`` for none."""


class AsyncSource:
    """An open response, to be read by an async stream; see `Source`. This base class is empty."""

    def __init__(self, response: HTTPResponse | None = None) -> None:
        self.response = response

    async def __aiter__(self) -> AsyncIterator[bytes | UserItem]:
        return
        yield

    async def finish(self) -> None:
        """Release the connection after a complete response."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""


class StreamRequest(ABC):
    """The request of a stream, which can be sent more than once.

    Attributes:
        user_supplied: Whether nothing is sent, because the user supplies the items.
        is_async: Whether `aopen` sends the request, and not `open`.
        deadlines: The deadlines of the response.
        policy: When to retry.
        observations: The observations of the call.
    """

    user_supplied: ClassVar[bool] = False
    is_async: bool = False
    observations: Observations = NOT_OBSERVED
    deadlines: Deadlines
    policy: RetryPolicy

    @property
    def is_background(self) -> bool:
        """Whether the server generates the response whether or not a client reads it."""
        return False

    def taking_up(self, position: Position) -> StreamRequest:
        """Return the request for a response that another one began.

        Raises:
            ValueError: The server does not keep the responses of such requests.
        """
        raise ValueError(
            f"this stream cannot take up the response {position.id}: the call must request a "
            "response that the server generates in the background"
        )

    def secrets(self) -> frozenset[str]:
        """Return the API keys that the request is sent with."""
        return frozenset()

    @abstractmethod
    def open(self, position: Position | None = None) -> Source:
        """Send the request and return its response, of which the headers were received.

        Args:
            position: Where to take up the response again that an earlier request began; ``None``
                for a new response.
        """

    @abstractmethod
    async def aopen(self, position: Position | None = None) -> AsyncSource:
        """Send the request, async."""

    @abstractmethod
    def cancel(self, response_id: str) -> None:
        """Cancel the response at the server, if the caller wants that on leaving a stream."""

    @abstractmethod
    async def acancel(self, response_id: str) -> None:
        """Cancel the response at the server, async."""


class BackgroundStream:
    """A stream whose response the server may generate in the background."""

    _request: StreamRequest

    @property
    @abstractmethod
    def state(self) -> StreamState:
        """The state."""

    @property
    def is_background(self) -> bool:
        """Whether the server generates the response in the background, so that `take_up` works."""
        return self._request.is_background

    def take_up(self, response_id: str) -> None:
        """Make the stream read a response that another process began, from its beginning.

        Iteration then sends no new request. The call must be the same as the one that began the
        response.

        Args:
            response_id: The provider's id for the response.

        Raises:
            ValueError: The call does not request a response in the background, or the stream was
                already iterated or closed.
        """
        if self.state != "pending":
            raise ValueError("the stream was already iterated or closed: call `take_up` first")
        self._request = self._request.taking_up(Position(response_id))


Items: TypeAlias = StreamRequest | Iterable[UserItem] | AsyncIterable[UserItem]
"""Where the items of a stream come from: a request to send, or user-supplied items."""


class UserItems(StreamRequest):
    """User-supplied items, in place of a request."""

    user_supplied = True

    def __init__(self, items: Iterable[UserItem] | AsyncIterable[UserItem]) -> None:
        self.deadlines = Deadlines(NEVER, NEVER)
        self.policy = RetryPolicy(max_retries=0)
        self.is_async = not isinstance(items, Iterable)
        self._items = items

    @override
    def open(self, position: Position | None = None) -> Source:
        if not isinstance(self._items, Iterable):
            raise TypeError("this stream is async: iterate it with `async for`")
        return ItemSource(self._items)

    @override
    async def aopen(self, position: Position | None = None) -> AsyncSource:
        if not isinstance(self._items, AsyncIterable):
            raise TypeError("this stream is not async: iterate it with `for`")
        return AsyncItemSource(self._items)

    @override
    def cancel(self, response_id: str) -> None:
        """Do nothing: no request was sent."""

    @override
    async def acancel(self, response_id: str) -> None:
        """Do nothing, async."""


def request_of(items: Items) -> StreamRequest:
    """Return a request as it is, and user-supplied items in place of one."""
    return items if isinstance(items, StreamRequest) else UserItems(items)


class ItemSource(Source):
    """An SDK's typed objects, from an iterable that may have a ``close`` method.

    Args:
        items: The objects.
        first: The one before them, if it was already read.
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
        """Close; a generator that another thread is running stays open until its next item."""
        with contextlib.suppress(ValueError):
            self.close()


class AsyncItemSource(AsyncSource):
    """An SDK's typed objects, async."""

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


class CancellableReader(AsyncIterator[T]):
    """Items of an async iterable; another task can cancel the wait for the next one."""

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
        """Cancel the wait, and return whether there was one."""
        if self._scope is None:
            return False
        self._scope.cancel()
        return True
