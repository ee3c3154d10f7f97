"""Default clients: one per process, and one per event loop.

Clients are reused so that their connections are. A client is replaced when the environment that it
was made from (API key, base URL) changes, and after a fork. The async client of an event loop is
closed and forgotten with its loop, by a suspended async generator, which every loop runner closes
at its end.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Generic

from anyio.lowlevel import RunVar
from typing_extensions import TypeVar

from mirascope.core._engine.closing import close_all

ClientT = TypeVar("ClientT")
AsyncClientT = TypeVar("AsyncClientT")

_Key = tuple[int, tuple[str | None, ...]]


class DefaultClients(Generic[ClientT, AsyncClientT]):
    """A provider's default clients.

    Args:
        make: Returns a new sync client, made from the environment.
        amake: Returns a new async client, made from the environment.
        close: Closes a sync client.
        aclose: Closes an async client.
        env: The names of the environment variables that a client is made from.
    """

    def __init__(
        self,
        *,
        make: Callable[[], ClientT],
        amake: Callable[[], AsyncClientT],
        close: Callable[[ClientT], object],
        aclose: Callable[[AsyncClientT], Awaitable[object]],
        env: tuple[str, ...],
    ) -> None:
        self._make = make
        self._amake = amake
        self._close = close
        self._aclose = aclose
        self._env = env
        self._lock = threading.Lock()
        self._client: tuple[_Key, ClientT] | None = None
        self._in_loop = RunVar[dict[_Key, tuple[AsyncClientT, AsyncGenerator[None]]]]("clients")

    def get(self) -> ClientT:
        """Return this process's client."""
        key = self._key()
        with self._lock:
            if self._client is None or self._client[0] != key:
                client = self._make()
                atexit.register(self._close_at_exit, os.getpid(), client)
                self._client = key, client
            return self._client[1]

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again without the clients, which are made when first used."""
        made = partial(
            DefaultClients,
            make=self._make,
            amake=self._amake,
            close=self._close,
            aclose=self._aclose,
            env=self._env,
        )
        return made, ()

    def _close_at_exit(self, process: int, client: ClientT) -> None:
        """Close a client, but not in a child process: that would end the parent's connections.

        The streams are closed first: one of a background response still sends a request then.
        """
        if process == os.getpid():
            close_all()
            self._close(client)

    async def aget(self) -> AsyncClientT:
        """Return the running event loop's client."""
        key = self._key()
        try:
            clients = self._in_loop.get()
        except LookupError:
            clients = dict[_Key, tuple[AsyncClientT, AsyncGenerator[None]]]()
            self._in_loop.set(clients)
        if key not in clients:
            client = self._amake()
            keeper = self._close_with_loop(clients, key)
            clients[key] = client, keeper
            await anext(keeper)
        return clients[key][0]

    async def _close_with_loop(
        self, clients: dict[_Key, tuple[AsyncClientT, AsyncGenerator[None]]], key: _Key
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._aclose(clients.pop(key)[0])

    def _key(self) -> _Key:
        return os.getpid(), tuple(os.environ.get(name) for name in self._env)


def on_asyncio() -> bool:
    """Return whether asyncio runs the event loop, rather than trio or the like."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
