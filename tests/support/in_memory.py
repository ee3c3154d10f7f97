"""A response as given blocks of bytes, for what needs no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.source import AsyncSource, Source, StreamRequest
from mirascope.core._engine.timeout import NEVER
from mirascope.core._errors.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator


class InMemory(StreamRequest):
    """A response that is received in given blocks."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.deadlines = Deadlines(NEVER, NEVER)
        self.policy = RetryPolicy(max_retries=0)

    def open(self, position: object = None) -> Source:
        del position
        pieces = self.pieces

        class Blocks(Source):
            def __iter__(self) -> Iterator[bytes]:
                return iter(pieces)

        return Blocks()

    async def aopen(self, position: object = None) -> AsyncSource:
        raise NotImplementedError

    def cancel(self, response_id: str) -> None:
        """Do nothing: no server generates the response."""

    async def acancel(self, response_id: str) -> None:
        """Do nothing, async."""
