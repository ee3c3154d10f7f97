"""The example for Ray, and the page's for Dask, answer rows and resume: ``nox -s ray`` runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from mirascope.testing import ScriptedProvider

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "bulk_ray.py"
*QUOTED, DASK = re.findall(
    r"```py\n(.*?)```", (ROOT / "docs" / "places" / "bulk.md").read_text(), re.DOTALL
)

RAY: Final = """
import runpy
import sys

import ray

ray.init(
    num_cpus=2,
    include_dashboard=False,
    object_store_memory=80 * 2**20,
    _node_ip_address="127.0.0.1",  # where Ray has a choice
)
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""

BOOKS: Final = [f"Book {number:02}" for number in range(20)]
STALLED: Final = "Book 07"


def test_the_page_quotes_the_example() -> None:
    for quoted in QUOTED:
        assert quoted in EXAMPLE.read_text()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short, as the paths of Ray's sockets have to be."""
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as path:
        books = enumerate(BOOKS)
        lines = [json.dumps({"id": number, "title": title}) for number, title in books]
        (Path(path) / "books.jsonl").write_text("\n".join(lines))
        yield Path(path)


def run(folder: Path, program: str, *arguments: object) -> None:
    """Run a program that writes what it needs to write below the folder."""
    own = {"HOME": folder, "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0", "IDLE": "2"}
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {name: str(value) for name, value in own.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def with_ray(folder: Path) -> None:
    run(folder, RAY, EXAMPLE, "books.jsonl", "described")


def with_dask(folder: Path) -> None:
    (folder / "described").mkdir(exist_ok=True)
    definitions, _, _ = EXAMPLE.read_text().partition("def main(")
    run(folder, definitions.replace("import ray.data\n", "") + DASK)


def rows(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "described").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def requested(llm: ScriptedProvider) -> list[str]:
    """Return the books that were requested since the last time."""
    titles = [title for request in llm.requests for title in BOOKS if title in request.last]
    llm.requests.clear()
    return sorted(titles)


@pytest.mark.parametrize("engine", [with_ray, with_dask])
def test_rows_are_answered_and_a_second_run_requests_what_is_missing(
    engine: Any, llm: ScriptedProvider, folder: Path
) -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray and Dask are missing: `nox -s ray` installs them")
    llm.stall(after="It is about", to=STALLED)
    for title in BOOKS:
        llm.reply(f"{title} is witty.", to=title)

    engine(folder)
    assert requested(llm) == BOOKS
    first = rows(folder)
    assert sorted(row["title"] for row in first) == BOOKS
    [failed] = [row for row in first if row["error"] is not None]
    assert (failed["title"], failed["text"]) == (STALLED, "It is about")
    assert failed["error"].startswith("StreamTimeout: ")
    assert all(row["text"] == f"{row['title']} is witty." for row in first if row != failed)

    # half of the output is lost, its last line in the middle
    for path in (folder / "described").iterdir():
        path.unlink()
    kept = "".join(json.dumps(row) + "\n" for row in first[:10])
    (folder / "described" / "0.json").write_text(kept + json.dumps(first[10])[:20])
    answered = {row["title"] for row in first[:10]} - {STALLED}
    missing = [title for title in BOOKS if title not in answered]
    for title in missing:
        if title != STALLED:  # whose reply no request has taken
            llm.reply(f"{title} is witty.", to=title)
    engine(folder)
    assert requested(llm) == missing
    (folder / "described" / "0.json").write_text(kept)
    texts = {row["title"]: row["text"] for row in rows(folder) if row["error"] is None}
    assert texts == {title: f"{title} is witty." for title in BOOKS}

    engine(folder)
    assert requested(llm) == []
