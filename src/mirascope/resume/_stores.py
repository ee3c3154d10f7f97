"""The stores by name."""

from __future__ import annotations

from os import PathLike

from typing_extensions import Unpack

from mirascope.resume._memory import MemoryLog
from mirascope.resume._sqlite import SQLiteLog
from mirascope.resume._store import Settings, Store


class Memory(Store):
    """Logs in the memory of this process: for tests, and where there is one process.

    Args:
        settings: See `Settings`.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        super().__init__(MemoryLog, **settings)


class SQLite(Store):
    """Logs in a file of SQLite: for several workers on one machine.

    Args:
        path: The file, which is made if it is not there; on a disk of this machine, as a file
            system of the network cannot lock it.
        settings: See `Settings`.
    """

    def __init__(self, path: str | PathLike[str], **settings: Unpack[Settings]) -> None:
        super().__init__(lambda: SQLiteLog(path), **settings)


class Redis(Store):
    """Logs in Redis or Valkey, from 6.2 on: for several machines.

    Args:
        url: The server, such as ``redis://localhost:6379/0``, with redis-py's options.
        prefix: What the names of all keys begin with.
        settings: See `Settings`.

    Raises:
        MissingSDKError: redis-py is not installed.
    """

    def __init__(
        self, url: str, *, prefix: str = "mirascope:", **settings: Unpack[Settings]
    ) -> None:
        from mirascope.resume._redis import RedisLog  # noqa: PLC0415  # only here redis-py is needed

        super().__init__(lambda: RedisLog(url, prefix), **settings)
