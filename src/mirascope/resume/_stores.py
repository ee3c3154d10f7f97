"""The stores by name."""

from __future__ import annotations

from os import PathLike

from typing_extensions import Unpack

from mirascope.resume._memory import MemoryLog
from mirascope.resume._sqlite import SQLiteLog
from mirascope.resume._store import Settings, Store


class Memory(Store):
    """Logs in the memory of this process: for tests, and for applications with one process.

    Args:
        settings: See `Settings`.

    Example:
        >>> from mirascope import resume, testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> store = resume.Memory()
        >>> with testing.provider() as llm:
        ...     llm.reply("Emma")
        ...     run = store.start_sync("chat-1", lambda: recommend("classic"))
        ...     names = [event.name for event in store.read("chat-1")]
        >>> names[0], names[-1]
        ('start', 'finish')
        >>> store.close_sync()
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        super().__init__(MemoryLog, **settings)


class SQLite(Store):
    """Logs in an SQLite file: for several workers on one machine.

    Args:
        path: The file; it is created if it does not exist. Use a local disk: network file systems
            cannot lock the file.
        settings: See `Settings`.
    """

    def __init__(self, path: str | PathLike[str], **settings: Unpack[Settings]) -> None:
        super().__init__(lambda: SQLiteLog(path), **settings)


class Redis(Store):
    """Logs in Redis or Valkey, version 6.2 or newer: for several machines.

    Args:
        url (str): The server, such as ``redis://localhost:6379/0``, with the options of redis-py.
        prefix (str): The prefix of all keys in Redis.
        settings: See `Settings`.

    Raises:
        MissingSDKError: redis-py is not installed.
    """

    def __init__(
        self, url: str, *, prefix: str = "mirascope:", **settings: Unpack[Settings]
    ) -> None:
        from mirascope.resume._redis import RedisLog  # noqa: PLC0415  # only here redis-py is needed

        super().__init__(lambda: RedisLog(url, prefix), **settings)
