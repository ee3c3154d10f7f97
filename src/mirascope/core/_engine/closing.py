"""Objects that can be closed, by ``with``, ``async with`` or the exit of the interpreter.

Streams that are still open when the interpreter exits are closed while all modules are intact.
Later the garbage collector would close them while modules are torn down, on which the HTTP
libraries cannot rely: CPython 3.13.0 crashes in ``datetime``, which ``httpx2`` needs to close a
response. The streams are held weakly, so none is kept alive.
"""

from __future__ import annotations

import atexit
import os
import weakref
from abc import abstractmethod
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Final, Protocol, Self


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


class CloseAtExit(Protocol):
    """A method that closes a connection at the exit of the interpreter."""

    def __call__(self, *, inherited: bool) -> None:
        """Close the connection, or this process's copy of it if the parent process opened it."""


_registered: Final[dict[weakref.ref[CloseAtExit], int]] = {}
"""The methods to call, and the process that registered each."""


@contextmanager
def closed_at_exit(method: CloseAtExit) -> Generator[None]:
    """Call a method, which is held weakly, if the interpreter exits inside of the block."""
    reference = weakref.WeakMethod(method, _unregister)
    _registered[reference] = os.getpid()
    try:
        yield
    finally:
        _unregister(reference)


def _unregister(reference: weakref.ref[CloseAtExit]) -> None:
    _registered.pop(reference, None)


def _close_all() -> None:
    with ExitStack() as stack:  # which continues after a failure
        for reference, process in _registered.copy().items():
            if (method := reference()) is not None:
                stack.callback(method, inherited=process != os.getpid())


atexit.register(_close_all)
