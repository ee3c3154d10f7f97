"""What can be closed, and so be used with ``with`` and ``async with``."""

from __future__ import annotations

from abc import abstractmethod
from types import TracebackType
from typing import Self


class Closable:
    """Closes itself when a ``with`` block is left."""

    @abstractmethod
    def close(self) -> None:
        """Close."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close, async."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
