"""Describe many books with Ray: ``python bulk_ray.py books.jsonl described/``. Repeat it to resume.

It needs ``pip install 'ray[data]' 'mirascope-streams[openai]'``. Each line of ``books.jsonl`` has
the form ``{"id": 1, "title": "Emma"}``. ``MODEL`` names another model. ``IDLE`` is the number of
seconds without output after which a row fails.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pandas as pd
import ray.data

from mirascope import Timeout, errors, llm

MODEL: Final = os.environ.get("MODEL", "openai:gpt-4o-mini")
IDLE: Final = float(os.environ.get("IDLE", "20"))
ROWS: Final = 64
"""About how many rows are written at once; of a run that is killed, unwritten rows are lost."""


@llm.call(MODEL, stream=True, timeout=Timeout(first=60, idle=IDLE))
async def describe(title: str) -> str:
    return f"Describe the book {title} in two sentences"


class Describe:
    """Adds the columns ``text`` and ``error`` to a batch; a failed row does not stop the others.

    Args:
        concurrency: The maximum number of requests at once, for all batches together.
    """

    def __init__(self, concurrency: int = 32) -> None:
        self._slots = asyncio.Semaphore(concurrency)

    async def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Return the batch with the responses, and the received part of failed responses."""
        rows = await asyncio.gather(*map(self._row, batch["title"]))
        columns = pd.DataFrame(rows, batch.index, ["text", "error"], dtype="string")
        return batch.join(columns)

    async def _row(self, title: str) -> tuple[str, str | None]:
        text = ""
        async with self._slots:
            try:
                async for chunk, _ in await describe(title):
                    text += chunk.content
            except errors.StreamError as error:
                return text, f"{type(error).__name__}: {error}"
        return text, None


def finished(folder: Path) -> set[object]:
    """Return the ids of the rows that have a response, without the failed rows."""
    ids: set[object] = set()
    for path in folder.glob("*.json"):
        with path.open() as lines:
            for line in lines:
                with suppress(ValueError):  # half a line, where a run was killed
                    row = json.loads(line)
                    if row["error"] is None:
                        ids.add(row["id"])
    return ids


def main(source: str, folder: str) -> None:
    done = finished(Path(folder))
    (
        ray.data.read_json(source, lines=True)
        .map_batches(lambda batch: batch[~batch["id"].isin(done)], batch_format="pandas")
        .repartition(target_num_rows_per_block=ROWS)
        .map_batches(
            Describe,
            batch_format="pandas",
            batch_size=ROWS,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=4),
            num_cpus=0.25,  # an actor mostly waits
        )
        .write_json(str(Path(folder).absolute()))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
