"""Items of Google's SDK, whose connection only the cancellation of a read closes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import anyio
from typing_extensions import override

from mirascope.core._engine.source import AsyncSource, CancellableReader, UserItem


class CancellingSource(AsyncSource):
    """An async source that cancels a read to close the connection.

    Args:
        items: The SDK's objects.
        first: The one before them, if it was already read.
    """

    def __init__(self, items: AsyncIterator[UserItem], first: UserItem | None) -> None:
        super().__init__()
        self._items = items
        self._first = first
        self._reader = CancellableReader(items)

    @override
    async def __aiter__(self) -> AsyncGenerator[UserItem]:
        if self._first is not None:
            yield self._first
        async for item in self._reader:
            yield item

    @override
    async def aclose(self) -> None:
        if self._reader.cancel():
            return
        with anyio.CancelScope() as scope:
            scope.cancel()
            async for _ in self._items:
                pass
