"""Streams that outlive the request and the worker.

A generation runs by itself and writes its events into a log; each key has one log. Any worker can
read the log from any offset: a reader gets each event once, in order, and an explicit end. The room
imports `mirascope.web`, whose events are in the log, and the client of Redis. Begin with
``_store.py``, which an application uses, and ``_log.py``, which a store implements;
``_generation.py`` writes logs and ``_reading.py`` reads them.

Example:
    >>> from mirascope import resume
    >>> from mirascope.core import openai
    >>> from mirascope.web import sse
    >>> store = resume.Memory()
    >>> @openai.call("gpt-4o-mini", stream=True)
    ... def recommend(genre: str) -> str:
    ...     return f"Recommend a {genre} book"
    >>> def page(chat_id: str, genre: str):
    ...     store.start_sync(chat_id, lambda: recommend(genre))
    ...     return sse.events(store.read(chat_id))
"""

from mirascope.resume._log import Entry, Lease, Position, StreamLog, Tail, new_epoch
from mirascope.resume._reading import Reading
from mirascope.resume._store import Run, Settings, Store
from mirascope.resume._stores import Memory, Redis, SQLite
from mirascope.web._recorded import RecordedEvent

__all__ = [
    "Entry",
    "Lease",
    "Memory",
    "Position",
    "Reading",
    "RecordedEvent",
    "Redis",
    "Run",
    "SQLite",
    "Settings",
    "Store",
    "StreamLog",
    "Tail",
    "new_epoch",
]
