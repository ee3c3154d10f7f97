"""A response as given blocks of bytes, for what needs no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core.base._clocks import Clocks
from mirascope.core.base._retry import RetryPolicy
from mirascope.core.base._source import AsyncSource, Source
from mirascope.core.base.stream import Opener
from mirascope.core.base.timeout import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator


class InMemory(Opener):
    """A response that is received in given blocks."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.clocks = Clocks(NEVER, NEVER)
        self.policy = RetryPolicy(max_retries=0)

    def open(self) -> Source:
        pieces = self.pieces

        class Blocks(Source):
            def __iter__(self) -> Iterator[bytes]:
                return iter(pieces)

        return Blocks()

    async def aopen(self) -> AsyncSource:
        raise NotImplementedError
