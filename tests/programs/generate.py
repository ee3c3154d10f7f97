"""A worker that starts a generation and prints what its store has acknowledged, until it is killed.

Its arguments are the kind of the store, its place, the key and the lease in seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from mirascope import resume
from mirascope.core import openai
from mirascope.resume._redis import RedisLog
from mirascope.resume._sqlite import SQLiteLog
from mirascope.testing import ScriptedProvider


class _Printing:
    """Prints the text of each entry that is acknowledged."""

    async def append(
        self, lease: resume.Lease, entries: Sequence[resume.Entry], **options: Any
    ) -> bool:
        stops = await super().append(lease, entries, **options)  # type: ignore[misc]
        for entry in entries:
            sys.stdout.write(f"{entry.last}\n")
        sys.stdout.flush()
        return bool(stops)


class PrintingSQLiteLog(_Printing, SQLiteLog):
    """A log in SQLite."""


class PrintingRedisLog(_Printing, RedisLog):
    """A log in Redis."""


def main(kind: str, place: str, key: str, lease: str) -> None:
    """Generate."""

    @openai.call("gpt-4o-mini", stream=True)
    def answer() -> str:
        return "?"

    def log() -> resume.StreamLog:
        return PrintingSQLiteLog(place) if kind == "sqlite" else PrintingRedisLog(place, "m:")

    store = resume.Store(log, lease=float(lease), linger=0.0)
    with ScriptedProvider(pace="live") as llm:
        llm.reply("".join(f"word{number} " for number in range(1000)))
        run = store.start_sync(key, answer)
        sys.stdout.write(f"joined {run.joined}\n")
        sys.stdout.flush()
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
