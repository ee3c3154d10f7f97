"""Streams that outlive the request and the worker.

A generation runs on its own, and writes its events into a log, of which there is one for each key.
Whoever reads the log, from whatever worker and from whatever offset, gets each event once and in
order, and an explicit end. The room imports `mirascope.web`, whose events the log holds, and for
Redis its client. Begin with ``_store.py``, which an application uses, and ``_log.py``, which a
store has to implement; ``_generation.py`` writes logs and ``_reading.py`` reads them.

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
