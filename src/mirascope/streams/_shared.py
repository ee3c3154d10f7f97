"""What the branches of one stream share: a bounded buffer.

The reader that is in front reads the stream: in its own thread, or by a task. When it is as far
ahead of the last one as the buffer allows, it waits for that one. If both are in one thread or one
task, it would wait forever, so it raises.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, Generic, cast

import anyio
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.streams._items import (
    Source,
    aclose_source,
    aiterate,
    close_source,
    reraise,
)
from mirascope.streams._tasks import Signal, Task, stop

T = TypeVar("T")

_GRACE: Final = 0.5
"""The seconds that another thread or task has to begin to read."""

_ALONE: Final = (
    "one branch of `tee` is {} items ahead of another one that nothing else reads: read them in "
    "turn, in several threads or tasks, or with a larger `buffer`; close a branch that is not read"
)


_INTERRUPTED: Final = "the thread or the task that reads the stream was interrupted"


class _Shared(ABC, Generic[T]):
    """What the branches share: the items between the last one and the front.

    Args:
        source: The stream.
        count: The number of branches.
        limit: How many items the buffer has at most.
        owner: The thread or the task that has made them.
    """

    def __init__(self, source: Source[T], count: int, limit: int, owner: int) -> None:
        self.source = source
        self.limit = limit
        self.ended = False
        self.failure: Exception | None = None
        self._buffer: deque[T] = deque()
        self._start = 0  # the index of its first item
        self._positions: dict[int, int] = dict.fromkeys(range(count), 0)
        self._owners = dict.fromkeys(range(count), owner)

    @property
    def is_left(self) -> bool:
        """Whether no branch is left."""
        return not self._positions

    @property
    def has_room(self) -> bool:
        """Whether another item may be read."""
        return len(self._buffer) < self.limit

    def own(self, branch: int, owner: int) -> None:
        """Record who reads a branch."""
        self._owners[branch] = owner

    def is_alone(self, owner: int) -> bool:
        """Return whether the thread or the task that is in front reads the last branch too."""
        last = min(self._positions, key=self._positions.__getitem__)
        return not self.has_room and self._owners[last] == owner

    def take(self, branch: int) -> list[T]:
        """Return the next item of a branch in a list, which is empty if it is in front."""
        at = self._positions[branch] - self._start
        if at == len(self._buffer):
            return []
        item = self._buffer[at]
        self._positions[branch] += 1
        self._trim()
        return [item]

    def add(self, item: T) -> None:
        """Add an item."""
        self._buffer.append(item)

    def is_read_by(self, branch: int) -> bool:
        """Return whether a branch was not left."""
        return branch in self._positions

    def leave(self, branch: int) -> None:
        """Leave a branch; the last one to be left closes the stream."""
        if self._positions.pop(branch, None) is not None:
            self._trim()
            self.changed()

    def _trim(self) -> None:
        last = min(self._positions.values(), default=self._start + len(self._buffer))
        while self._start < last:
            self._buffer.popleft()
            self._start += 1

    @abstractmethod
    def changed(self) -> None:
        """Wake the branches that wait."""


class SyncShared(_Shared[T]):
    def __init__(self, source: Source[T], count: int, limit: int) -> None:
        super().__init__(source, count, limit, threading.get_ident())
        self._condition = threading.Condition()
        self._reading = False
        self._items: Iterator[T] | None = None

    @override
    def changed(self) -> None:
        self._condition.notify_all()

    def next(self, branch: int) -> list[T]:
        """Return the next item of a branch in a list, which is empty at the end."""
        me = threading.get_ident()
        with self._condition:
            self.own(branch, me)
            while self.is_read_by(branch):
                if items := self.take(branch):
                    self._condition.notify_all()
                    return items
                if self.ended:
                    reraise(self.failure)
                    break
                if self.has_room and not self._reading:
                    self._read()
                else:
                    self._wait(me)
            return []

    def _wait(self, me: int) -> None:
        alone = self.is_alone(me)
        notified = self._condition.wait(_GRACE if alone else None)
        if alone and not notified and self.is_alone(me):
            raise RuntimeError(_ALONE.format(self.limit))

    def _read(self) -> None:
        """Read one item, without the lock."""
        self._reading = True
        self._condition.release()
        try:
            if self._items is None:
                self._items = iter(cast("Iterable[T]", self.source))
            read = [item] if (item := next(self._items, _END)) is not _END else []
            failure = None
        except Exception as error:  # noqa: BLE001  # every branch raises it
            read, failure = [], error
        except BaseException:
            self.ended, self.failure = True, errors.StreamError(_INTERRUPTED)
            raise
        finally:
            self._condition.acquire()
            self._reading = False
            self.changed()
        self.failure = failure
        self.ended = not read
        for item in read:
            self.add(cast("T", item))

    @override
    def leave(self, branch: int) -> None:
        with self._condition:
            super().leave(branch)
            if not self.is_left or self._items is None:
                return
        close_source(self._items)
        close_source(self.source)


_END: Final = object()


class AsyncShared(_Shared[T]):
    def __init__(self, source: Source[T], count: int, limit: int) -> None:
        super().__init__(source, count, limit, _task_id())
        self._signal = Signal()
        self._task: Task | None = None

    @override
    def changed(self) -> None:
        self._signal.set()

    async def next(self, branch: int) -> list[T]:
        """Return the next item of a branch in a list, which is empty at the end."""
        me = _task_id()
        self.own(branch, me)
        if self._task is None:
            self._task = Task(self._read_all)
        while self.is_read_by(branch):
            if items := self.take(branch):
                self.changed()
                return items
            if self.ended:
                reraise(self.failure)
                break
            await self._wait(me)
        return []

    async def _wait(self, me: int) -> None:
        alone = self.is_alone(me)
        with anyio.move_on_after(_GRACE if alone else None) as scope:
            await self._signal.wait()
        if scope.cancelled_caught and self.is_alone(me):
            raise RuntimeError(_ALONE.format(self.limit))

    async def _read_all(self) -> None:
        items = aiterate(self.source)
        try:
            async for item in items:
                self.add(item)
                self.changed()
                while not (self.has_room or self.is_left):
                    await self._signal.wait()
                if self.is_left:
                    break
        except Exception as error:  # noqa: BLE001  # every branch raises it
            self.failure = error
        except BaseException:
            self.failure = errors.StreamError(_INTERRUPTED)
            raise
        finally:
            self.ended = True
            self.changed()
            await aclose_source(items)

    @override
    def leave(self, branch: int) -> None:
        super().leave(branch)
        if self.is_left and self._task is not None:
            self._task.cancel()

    async def aleave(self, branch: int) -> None:
        """Leave a branch, and wait until the stream is closed if it was the last one."""
        self.leave(branch)
        if self.is_left:
            if self._task is not None:
                await stop([self._task])
            await aclose_source(self.source)


def _task_id() -> int:
    """Return the id of the current task; 0 outside of an event loop."""
    with suppress(RuntimeError):
        return anyio.get_current_task().id
    return 0
