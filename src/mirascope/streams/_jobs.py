"""The rows of `gather`, and the jobs that make them."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic

from typing_extensions import TypeVar

from mirascope import errors
from mirascope.core._engine.closing import PendingRequest
from mirascope.streams._items import reraise

InputT = TypeVar("InputT")
ResultT = TypeVar("ResultT")

_WINDOW: Final = 4
"""How many inputs may wait behind a slow one, as a multiple of those that run at once."""


@dataclass
class Row(Generic[InputT, ResultT]):
    """One input of `gather`, and the result or the error.

    Attributes:
        input: The input.
        value: What the function returned; ``None`` if the function failed. A stream was read: to
            its end, or until it failed. Then it has what was received.
        error (Exception | None): The error of the function or of the stream; ``None`` if it
            succeeded.
    """

    input: InputT
    value: ResultT | None = None
    error: Exception | None = None


class Job(Generic[InputT, ResultT]):
    """A row that is being made."""

    def __init__(self, row: Row[InputT, ResultT]) -> None:
        self.row = row
        self.is_done = False
        self.request: PendingRequest | None = None

    def end(self, error: BaseException | None) -> None:
        """Record what the function failed with, if it did."""
        if error is not None and not isinstance(error, Exception):
            error = errors.StreamError(f"interrupted by {type(error).__name__}")
        self.row.error, self.is_done = error, True


class Jobs(Generic[InputT, ResultT]):
    """The jobs whose rows were not yielded.

    Attributes:
        outstanding: All of them, in order.
        waiting: Those that no worker has taken.
    """

    def __init__(
        self,
        function: Callable[[InputT], Awaitable[ResultT] | ResultT],
        inputs: Iterable[InputT],
        concurrency: int,
    ) -> None:
        self.function = function
        self.concurrency = concurrency
        self.outstanding: deque[Job[InputT, ResultT]] = deque()
        self.waiting: deque[Job[InputT, ResultT]] = deque()
        self._inputs: Iterator[InputT] | None = iter(inputs)
        self._failure: Exception | None = None

    def fill(self) -> bool:
        """Take inputs until the window is full; return whether any row is left to yield."""
        while self._inputs is not None and len(self.outstanding) < self.concurrency * _WINDOW:
            try:
                job = Job(Row[InputT, ResultT](next(self._inputs)))
            except StopIteration:
                self._inputs = None
            except Exception as error:  # noqa: BLE001  # raised after the rows before
                self._inputs, self._failure = None, error
            else:
                self.outstanding.append(job)
                self.waiting.append(job)
        return bool(self.outstanding)

    def check(self) -> None:
        """Raise what the inputs failed with."""
        failure, self._failure = self._failure, None
        reraise(failure)
