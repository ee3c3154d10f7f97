"""Run one prompt for each row of a table: ``python examples/batch.py books.csv blurbs.jsonl``.

It needs ``pip install 'mirascope-streams[local,rich]'`` and no key: a small model runs on this
machine. ``MODEL`` names another. The CSV file has a column ``title``. Each line of the output has a
row with its ``text``, and with an ``error`` if the row failed. For many machines, see
``bulk_ray.py``.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Final

from mirascope import Timeout, llm, local, streams
from mirascope.show import track

MODEL: Final = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT: Final = None if "MODEL" in os.environ else local.client()


@llm.call(MODEL, client=CLIENT, stream=True, timeout=Timeout(first=60, idle=20))
def describe(book: dict[str, str]) -> str:
    return f"Describe the book {book['title']} in one sentence"


def main(source: str, target: str) -> None:
    with Path(source).open(newline="") as file:
        books = list(csv.DictReader(file))
    failed = 0
    with Path(target).open("w", buffering=1) as lines:  # what was written outlives a crash
        rows = streams.gather(describe, books, concurrency=8)
        for row in track(rows, "Books", total=len(books)):
            text = row.value.content if row.value else ""  # also of a response that was cut off
            error = f"{type(row.error).__name__}: {row.error}" if row.error else None
            lines.write(json.dumps({**row.input, "text": text, "error": error}) + "\n")
            failed += error is not None
    if failed:
        sys.exit(f"{failed} of {len(books)} rows failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
