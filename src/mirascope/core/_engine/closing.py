"""Closing: by ``with``, at the exit of the interpreter, and while a request is being sent.

Streams that are still open when the interpreter exits are closed while all modules are intact.
Later the garbage collector would close them while modules are torn down, on which the HTTP
libraries cannot rely: CPython 3.13.0 crashes in ``datetime``, which ``httpx2`` needs to close a
response. The streams are held weakly, so none is kept alive.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Protocol, Self


class Closable:
    """Closes itself when a ``with`` block is left."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection, async."""

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


def close_all() -> None:
    """Close what is still open, at the exit of the interpreter; a second time does nothing more."""
    with ExitStack() as stack:  # which continues after a failure
        for reference, process in _registered.copy().items():
            if (method := reference()) is not None:
                stack.callback(method, inherited=process != os.getpid())


atexit.register(close_all)


class PendingRequest:
    """A sync request without a response yet, which another thread can interrupt.

    A thread that waits in a read wakes when its connection is shut down. Before the response, only
    the transport knows the connection, and passes it on by `set_connection`. The transport of a
    user-supplied client does not, so there only the client's own timeouts end the wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut_down: Callable[[], object] | None = None
        self._interrupted = False

    def set_shut_down(self, shut_down: Callable[[], object] | None) -> None:
        """Set what shuts down the connection; ``None`` once the response has the connection."""
        with self._lock:
            self._shut_down = shut_down
            if self._interrupted and shut_down is not None:
                shut_down()

    def interrupt(self) -> None:
        """Shut down the connection, and each that the request still makes, from any thread."""
        with self._lock:
            self._interrupted = True
            if self._shut_down is not None:
                self._shut_down()


_pending: ContextVar[PendingRequest | None] = ContextVar("_pending", default=None)


@contextmanager
def pending_request() -> Generator[PendingRequest]:
    """Let the request that is sent inside of the block be interrupted."""
    request = PendingRequest()
    before = _pending.get()
    _pending.set(request)
    try:
        yield request
    finally:
        _pending.set(before)
        request.set_shut_down(None)


def set_connection(shut_down: Callable[[], object]) -> None:
    """Record what shuts down the connection of the request that this thread sends."""
    request = _pending.get()
    if request is not None:
        request.set_shut_down(shut_down)
