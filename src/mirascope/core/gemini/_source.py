"""The items of the SDK's own streams, for clients that do not hand over their bytes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Generator, Iterator
from typing import cast

import anyio
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core.base._source import AsyncSource, Source


class SDKItems(Source):
    """The items of the SDK's own stream, of which the first has come."""

    def __init__(self, first: BaseModel | None, rest: Iterator[BaseModel]) -> None:
        super().__init__()
        self._first = first
        self._rest = cast("Generator[BaseModel]", rest)

    @override
    def __iter__(self) -> Iterator[BaseModel]:
        if self._first is not None:
            yield self._first
            yield from self._rest

    @override
    def close(self) -> None:
        self._rest.close()

    @override
    def abort(self) -> None:
        """Close, unless another thread reads: then the stream ends at the next item."""
        with contextlib.suppress(ValueError):
            self.close()


class AsyncSDKItems(AsyncSource):
    """The items of the SDK's own stream, async.

    Closing that stream would leave the connection open; cancelling a read closes it.
    """

    def __init__(self, first: BaseModel | None, rest: AsyncIterator[BaseModel]) -> None:
        super().__init__()
        self._first = first
        self._rest = rest
        self._reading: anyio.CancelScope | None = None

    @override
    def __aiter__(self) -> AsyncIterator[BaseModel]:
        return self

    async def __anext__(self) -> BaseModel:
        first, self._first = self._first, None
        if first is not None:
            return first
        self._reading = anyio.CancelScope()
        try:
            with self._reading:
                return await anext(self._rest)
        finally:
            self._reading = None
        raise StopAsyncIteration

    @override
    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            return
        with anyio.CancelScope() as scope:
            scope.cancel()
            async for _ in self._rest:
                pass
